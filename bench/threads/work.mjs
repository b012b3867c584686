// The functions that the measurements of threads call.
import { currentOperation } from "@hother/cancelable";

/** A loop that sees no cancellation. */
export function spin(/** @type {Int32Array} */ words) {
  Atomics.store(words, 0, 1);
  try {
    for (;;);
  } finally {
    Atomics.store(words, 1, 1);
  }
}

/** A loop that checks. */
export function obey(/** @type {Int32Array} */ words) {
  const op = currentOperation();
  Atomics.store(words, 0, 1);
  try {
    for (;;) op?.check();
  } finally {
    Atomics.store(words, 1, 1);
  }
}

export const nothing = () => 0;
