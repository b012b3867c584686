export { createPromisesEngine, type PromisesOptions } from "./promises/engine.ts";
export { promisesTool } from "./tool.ts";
