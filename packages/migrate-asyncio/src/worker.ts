import { type Batch, type FileResult, threadBody } from "@hother/cancelable-migrate/engine";
import { asyncioTool } from "./tool.ts";

const body: (batch: Batch) => Promise<FileResult[]> = threadBody(asyncioTool);
export default body;
