#!/usr/bin/env node
import { runProcess } from "./engine/command-line.ts";
import { promisesTool } from "./tool.ts";

await runProcess(promisesTool);
