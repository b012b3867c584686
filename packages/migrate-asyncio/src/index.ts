export { createAsyncioEngine } from "./engine.ts";
export type { AsyncioOptions } from "./options.ts";
export { asyncioTool } from "./tool.ts";
