/*
 * Turns of the event loop, by messages on a channel, because browsers delay `setTimeout(0)` to 4 ms.
 */
const queue: Array<(() => void) | undefined> = [];
let port: MessagePort | undefined;

function open(): MessagePort {
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = () => {
    const next = queue.shift();
    // An open port keeps a process alive.
    if (queue.length === 0) {
      port1.close();
      port = undefined;
    }
    next?.();
  };
  return port2;
}

/**
 * Runs `fn` in a later turn of the event loop, after the events that are due. Returns a function that cancels this.
 */
export function inLaterTurn(fn: () => void): () => void {
  queue.push(fn);
  port ??= open();
  port.postMessage(0);
  return () => {
    const at = queue.indexOf(fn);
    // The place in the queue stays, because its message is already sent.
    if (at >= 0) queue[at] = undefined;
  };
}

/** Runs `fn` when no microtask is pending. */
export function afterMicrotasks(fn: () => void): void {
  inLaterTurn(fn);
}
