import { MessageChannel, MessagePort as NodePort, threadId } from "node:worker_threads";

export { threadId };

/** A port, for transfer lists: the types of Node and of the DOM describe the same class, and do not accept each other. */
export type HostPort = MessagePort & NodePort;

/** This thread's end of a channel to another thread. It keeps the thread alive only between `hold` and `release`. */
export interface ThreadPort {
  post(message: unknown): void;
  hold(): void;
  release(): void;
  close(): void;
}

/** Two ends of a new channel. One is sent to another thread in a transfer list. */
export function createPorts(): readonly [HostPort, HostPort] {
  const { port1, port2 } = new MessageChannel();
  return [port1 as HostPort, port2 as HostPort]; // the same class
}

export function isPort(value: unknown): value is HostPort {
  return value instanceof NodePort;
}

/**
 * Receives the messages of `port`.
 *
 * @param closed Called once, after the last message, when the other end was closed or its thread has ended.
 */
export function openPort(
  port: HostPort,
  received: (message: unknown) => void,
  closed: () => void,
): ThreadPort {
  /* v8 ignore if -- @preserve Deno: there a port from a message of a worker has no `on` */
  if ((port as Partial<HostPort>).on === undefined) {
    port.addEventListener("message", ({ data }) => received(data));
    port.addEventListener("close", closed, { once: true });
    port.start();
  } else {
    port.on("message", received);
    port.once("close", closed);
  }
  port.unref();
  return {
    post: (message) => port.postMessage(message),
    hold: () => port.ref(),
    release: () => port.unref(),
    close: () => port.close(),
  };
}
