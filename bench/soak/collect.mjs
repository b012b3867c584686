/**
 * Full collections, without a flag on the command line. Imported before anything that is measured.
 *
 * The optimizing compiler is off: for a thousand rounds and more it compiles, drops and compiles again, which moves the
 * heap by megabytes that nobody holds. Without it the heap has settled after some ten rounds.
 */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

setFlagsFromString("--expose-gc");
setFlagsFromString("--no-opt");
// Code that rested for some collections would be dropped, and compiled again later.
setFlagsFromString("--no-flush-bytecode");
const gc = /** @type {() => void} */ (runInNewContext("gc"));

/** One turn of the event loop. */
export const turn = () => new Promise((resolve) => setImmediate(resolve));

/** Everything that can go is gone, weak references and finalizers included. */
export async function collectGarbage() {
  for (let i = 0; i < 5; i += 1) {
    gc();
    await turn();
  }
  gc();
}
