import type { EngineOptions } from "../engine/engine.ts";

/** The options of the promises rules. */
export interface PromisesOptions extends EngineOptions {
  /** Use TypeScript's type checker, and check the result with it. */
  readonly types?: boolean;
}
