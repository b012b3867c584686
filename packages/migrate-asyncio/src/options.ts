import type { EngineOptions } from "@hother/cancelable-migrate/engine";

/** The options of the asyncio rules. */
export interface AsyncioOptions extends EngineOptions {
  /** The oldest anyio to support, such as `"4.11"`. */
  readonly anyioMin?: string;
  /** The oldest Python to support, such as `"3.11"`. */
  readonly pythonMin?: string;
}
