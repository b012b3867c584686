export { createPromisesEngine } from "./promises/engine.ts";
export type { PromisesOptions } from "./promises/options.ts";
export { promisesTool } from "./tool.ts";
