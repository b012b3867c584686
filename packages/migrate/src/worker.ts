import type { FileResult } from "./engine/results.ts";
import { type Batch, threadBody } from "./engine/thread-body.ts";
import { promisesTool } from "./tool.ts";

const body: (batch: Batch) => Promise<FileResult[]> = threadBody(promisesTool);
export default body;
