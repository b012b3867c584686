/**
 * Full collections without a flag on the command line. Imported before all measured modules.
 *
 * The optimizing compiler is off. For more than a thousand rounds it compiles code, drops it and compiles it again, which
 * changes the heap by megabytes. Without it the heap settles after about ten rounds.
 */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

setFlagsFromString("--expose-gc");
setFlagsFromString("--no-opt");
// Otherwise V8 drops code that was unused during some collections, and compiles it again later.
setFlagsFromString("--no-flush-bytecode");
const gc = /** @type {() => void} */ (runInNewContext("gc"));

/** One turn of the event loop. */
export const turn = () => new Promise((resolve) => setImmediate(resolve));

/** Collects all garbage, including objects behind weak references and finalizers. */
export async function collectGarbage() {
  for (let i = 0; i < 5; i += 1) {
    gc();
    await turn();
  }
  gc();
}
