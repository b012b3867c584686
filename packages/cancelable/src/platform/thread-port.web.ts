/** A worker has no number that other threads know. */
export const threadId: number | undefined = undefined;

export type HostPort = MessagePort;

/** This thread's end of a channel to another thread. No port keeps a page or a worker alive. */
export interface ThreadPort {
  post(message: unknown): void;
  hold(): void;
  release(): void;
  close(): void;
}

/** Two ends of a new channel. One is sent to another thread in a transfer list. */
export function createPorts(): readonly [HostPort, HostPort] {
  const { port1, port2 } = new MessageChannel();
  return [port1, port2];
}

export function isPort(value: unknown): value is HostPort {
  return typeof MessagePort === "function" && value instanceof MessagePort;
}

/**
 * Receives the messages of `port`.
 *
 * @param closed Called once when the other end was closed, in browsers that report this.
 */
export function openPort(
  port: HostPort,
  received: (message: unknown) => void,
  closed: () => void,
): ThreadPort {
  port.onmessage = (event) => received(event.data);
  port.addEventListener("close", closed, { once: true });
  return {
    post: (message) => port.postMessage(message),
    hold: () => {},
    release: () => {},
    close: () => port.close(),
  };
}
