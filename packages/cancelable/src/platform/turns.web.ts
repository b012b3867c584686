/*
 * Turns of the event loop, by message channel: `setTimeout(0)` is clamped to 4 ms in browsers.
 */
const queue: Array<(() => void) | undefined> = [];
let port: MessagePort | undefined;

function open(): MessagePort {
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = () => {
    const next = queue.shift();
    // An open port would keep a process alive.
    if (queue.length === 0) {
      port1.close();
      port = undefined;
    }
    next?.();
  };
  return port2;
}

/** Runs `fn` in a later turn of the event loop, after events that are due had theirs. */
export function inLaterTurn(fn: () => void): () => void {
  queue.push(fn);
  port ??= open();
  port.postMessage(0);
  return () => {
    const at = queue.indexOf(fn);
    // Its place stays, for the message that is under way.
    if (at >= 0) queue[at] = undefined;
  };
}

/** Runs `fn` when no microtask is left. */
export function afterMicrotasks(fn: () => void): void {
  inLaterTurn(fn);
}
