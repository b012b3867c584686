/* The module that the threads of a pool load. */

import { type Port, threadId, toPort } from "#platform/threads";
import { invalidType } from "../arguments.ts";
import { Cancellable } from "../cancellable.ts";
import { Semaphore } from "../sync/semaphore.ts";
import { SharedCancellationToken } from "./shared-token.ts";
import { compile } from "./source/function-source.ts";
import { finish, queued, started, type ThreadCall, type ThreadMessage, threadTime } from "./thread-call.ts";
import { encodeError, uncloneable } from "./thread-error.ts";

/** Runs one call in this thread. */
export default async function runCall(call: ThreadCall): Promise<void> {
  const port = toPort(call.port);
  try {
    if (Atomics.compareExchange(call.state, 0, queued, started) !== queued) return;
    const args = (await port.first()) as readonly unknown[]; // the caller has sent them (C2)
    post(port, { type: "started", at: threadTime(), thread: threadId });
    const last = await perform(call, args, port);
    try {
      post(port, last);
    } catch (cause) {
      const { value } = last as { readonly value?: unknown };
      const error = uncloneable("the result", value, cause);
      if (isAsyncIterable(value)) error.message += "; streamFromThread reads the items of a generator";
      post(port, { type: "error", at: threadTime(), error: encodeError(error) });
    }
  } finally {
    port.close();
    /* v8 ignore if -- @preserve only on Deno */
    if (!finish(call.state)) await new Promise(() => {}); // C4
  }
}

function post(port: Port, message: ThreadMessage): void {
  port.postMessage(message);
}

async function perform(call: ThreadCall, args: readonly unknown[], port: Port): Promise<ThreadMessage> {
  const token = SharedCancellationToken.attach(call.token);
  const { id, name, metadata, deadline } = call;
  const op = new Cancellable({ id, name, metadata, deadline, token });
  let lost: Error | undefined;
  op.onProgress((progress, detail) => {
    try {
      post(port, { type: "progress", progress, metadata: detail.metadata });
    } catch (cause) {
      lost ??= uncloneable("the progress", { progress, metadata: detail.metadata }, cause);
      op.cancel("error", lost.message);
    }
  });
  // Before the operation starts: where an ambient operation ends at the first `await`, the function still sees it.
  const found = await find(call.work).then(
    (fn) => ({ fn }),
    (error: unknown) => ({ error }),
  );
  const outcome = await op.settle(async () => {
    if ("error" in found) throw found.error;
    const result = found.fn(...args);
    return call.ahead === undefined ? result : sendItems(await result, call.ahead, port);
  });
  token.close();
  const at = threadTime();
  if (lost !== undefined) return { type: "error", at, error: encodeError(lost) };
  if (outcome.status === "completed") return { type: "value", at, value: outcome.value };
  if (outcome.status === "failed") return { type: "error", at, error: encodeError(outcome.error) };
  return { type: "cancelled", at, json: outcome.error.toJSON() };
}

/** Sends the items that the function gives, as far as the reader is ready for them (C5). */
async function sendItems(items: unknown, ahead: number, port: Port): Promise<void> {
  requireItems(items);
  const room = new Semaphore(ahead);
  port.onMessage(() => room.release());
  await room.acquire();
  let failure: { readonly error: unknown } | undefined;
  for await (const value of items) {
    try {
      sendItem(port, value);
      await room.acquire();
    } catch (error) {
      // `throw` here would lose an error of the `finally` blocks of the generator.
      failure = { error };
      break;
    }
  }
  if (failure !== undefined) throw failure.error;
}

function sendItem(port: Port, value: unknown): void {
  try {
    post(port, { type: "item", value });
  } catch (cause) {
    throw uncloneable("the item", value, cause);
  }
}

function requireItems(items: unknown): asserts items is AsyncIterable<unknown> | Iterable<unknown> {
  if (isAsyncIterable(items)) return;
  if (typeof (items as Partial<Iterable<unknown>> | null | undefined)?.[Symbol.iterator] !== "function")
    throw invalidType("the result of a streaming call", "an async iterable or an iterable", items);
}

function isAsyncIterable(value: unknown): boolean {
  return (
    typeof (value as Partial<AsyncIterable<unknown>> | null | undefined)?.[Symbol.asyncIterator] ===
    "function"
  );
}

type Work = (...args: readonly unknown[]) => unknown;

async function find(work: ThreadCall["work"]): Promise<Work> {
  return "text" in work ? compile(work) : load(work);
}

async function load({
  module,
  exportName,
}: {
  readonly module: string;
  readonly exportName: string;
}): Promise<Work> {
  let loaded: Readonly<Record<string, unknown>>;
  try {
    loaded = await import(module);
  } catch (cause) {
    const advice = /\.[mc]?ts$/.test(module) ? "; a thread loads TypeScript only where the host does" : "";
    throw new Error(`the module ${module} could not be loaded in a thread${advice}`, { cause });
  }
  const fn = loaded[exportName];
  if (typeof fn === "function") return fn as Work;
  const names = Object.keys(loaded).join(", ");
  throw new TypeError(
    exportName in loaded
      ? `the export "${exportName}" of ${module} is no function`
      : `${module} has no export "${exportName}"; it has: ${names === "" ? "none" : names}`,
  );
}
