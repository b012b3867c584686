import type { Cancellable } from "@hother/cancelable";

/** An object that is released at the end of an operation. */
interface Releasable {
  release(operation: Cancellable): void;
}

/** The open exchanges of each operation. One observer of the operation serves all of them. */
const open = new WeakMap<Cancellable, Set<Releasable>>();

const ignore = (): void => {};

/** Adds an exchange to the operation, which releases it at its end. Disposing removes it. */
export function addToOperation(operation: Cancellable, exchange: Releasable): Disposable {
  let exchanges = open.get(operation);
  if (exchanges === undefined) {
    const all = new Set<Releasable>();
    exchanges = all;
    open.set(operation, all);
    operation.observe({
      started: ignore,
      progress: ignore,
      cancelling: ignore,
      ended() {
        for (const one of [...all]) one.release(operation);
      },
    });
  }
  const all = exchanges;
  all.add(exchange);
  return { [Symbol.dispose]: () => void all.delete(exchange) };
}
