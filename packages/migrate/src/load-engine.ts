import type { Engine } from "./engine.ts";
import type { EngineName } from "./options.ts";

/** Loads an engine; the parsers of the other one are not loaded. */
export async function loadEngine(name: EngineName): Promise<Engine> {
  if (name === "promises") return (await import("./promises/engine.ts")).createPromisesEngine();
  return (await import("./asyncio/index.ts")).createAsyncioEngine();
}
