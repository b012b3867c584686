import { availableParallelism } from "node:os";
import { MessageChannel, type MessagePort, receiveMessageOnPort, threadId } from "node:worker_threads";
import { UsageError } from "../usage-error.ts";

/** One end of a channel between two threads. */
export interface Port {
  postMessage(message: unknown, transfer?: readonly unknown[]): void;
  onMessage(listener: (message: unknown) => void): void;
  /** The first message, before there is a listener. It must have arrived. */
  first(): Promise<unknown>;
  /**
   * The next message that has arrived and that no listener has seen. Undefined if there is none, or if the host would
   * change the order of the messages.
   */
  receive(): { readonly message: unknown } | undefined;
  close(): void;
}

/** Bun and Deno can deliver messages that are received this way before others that wait for their event. */
/* v8 ignore next -- @preserve depends on the host */
const keepsOrder = !("bun" in process.versions || "deno" in process.versions);

export function toPort(port: unknown): Port {
  const own = port as MessagePort; // the other end of a channel of this module
  let canReceive = true;
  return {
    postMessage: (message, transfer) => own.postMessage(message, transfer as never), // the types of Node name each class
    onMessage(listener) {
      canReceive = keepsOrder;
      own.on("message", listener);
    },
    first: async () => receiveMessageOnPort(own)?.message,
    /* v8 ignore next -- @preserve depends on the host */
    receive: () => (canReceive ? (receiveMessageOnPort(own) as { readonly message: unknown }) : undefined),
    close: () => own.close(),
  };
}

/** A channel: an end for this thread, and one to transfer to another thread. */
export function createChannel(): { readonly mine: Port; readonly theirs: unknown } {
  const { port1, port2 } = new MessageChannel();
  return { mine: toPort(port1), theirs: port2 };
}

export { threadId };

/** The number of threads that can run at the same time. */
export const parallelism: number = availableParallelism();

/** Whether the host stops the code of a thread that it terminates. Deno lets it run on. */
export const stopsThreads: boolean = !("deno" in process.versions);

/** Whether the host has limits for the memory of a thread. Bun ignores them. */
export const limitsThreads: boolean = !("bun" in process.versions);

/** The part of Piscina that this library uses. */
export interface PiscinaLike {
  run(
    task: unknown,
    options: { readonly transferList: readonly unknown[]; readonly signal: AbortSignal },
  ): Promise<unknown>;
  close(): Promise<void>;
}

/** Creates a pool of the package `piscina`, which is optional. */
export async function createPiscina(options: Record<string, unknown>): Promise<PiscinaLike> {
  // Not a literal: bundlers and type checkers must not require an optional package.
  const name: string = "piscina";
  let loaded: { readonly Piscina: new (options: Record<string, unknown>) => PiscinaLike };
  try {
    loaded = await import(name);
  } catch (cause) {
    throw Object.assign(
      new UsageError("ERR_MISSING_PACKAGE", "runInThread", "install it with: npm install piscina"),
      { cause },
    );
  }
  return new loaded.Piscina(options);
}
