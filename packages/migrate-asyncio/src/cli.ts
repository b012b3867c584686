#!/usr/bin/env node
import { runProcess } from "@hother/cancelable-migrate/engine";
import { asyncioTool } from "./tool.ts";

await runProcess(asyncioTool);
