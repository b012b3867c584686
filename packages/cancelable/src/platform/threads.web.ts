import { WorkerPool } from "./worker-pool.web.ts";

export interface Port {
  postMessage(message: unknown, transfer?: readonly unknown[]): void;
  onMessage(listener: (message: unknown) => void): void;
  /** The first message, before there is a listener. */
  first(): Promise<unknown>;
  /** Browsers deliver messages as events only. */
  receive(): { readonly message: unknown } | undefined;
  close(): void;
}

export function toPort(port: unknown): Port {
  const own = port as MessagePort; // the other end of a channel of this module
  return {
    postMessage: (message, transfer = []) => own.postMessage(message, transfer as Transferable[]),
    onMessage(listener) {
      own.onmessage = ({ data }) => listener(data);
    },
    first: () =>
      new Promise((resolve) => {
        own.onmessage = ({ data }) => resolve(data);
      }),
    receive: () => undefined,
    close: () => own.close(),
  };
}

/** A channel: an end for this thread, and one to transfer to another thread. */
export function createChannel(): { readonly mine: Port; readonly theirs: unknown } {
  const { port1, port2 } = new MessageChannel();
  return { mine: toPort(port1), theirs: port2 };
}

export { threadId } from "./worker-pool.web.ts";

/** The number of threads that can run at the same time. */
export const parallelism: number = globalThis.navigator?.hardwareConcurrency ?? 1;

/** Whether the host stops the code of a thread that it terminates. */
export const stopsThreads = true;

/** Whether the host has limits for the memory of a thread. */
export const limitsThreads = false;

export interface PiscinaLike {
  run(
    task: unknown,
    options: { readonly transferList: readonly unknown[]; readonly signal: AbortSignal },
  ): Promise<unknown>;
  close(): Promise<void>;
}

/** Creates a pool of Web Workers. */
export async function createPiscina(options: { readonly maxThreads: number }): Promise<PiscinaLike> {
  return new WorkerPool(options.maxThreads);
}
