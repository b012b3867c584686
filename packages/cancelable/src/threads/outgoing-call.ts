import { captureContext } from "#platform/ambient";
import { createSharedMemory } from "#platform/shared-memory";
import { createChannel, type Port, stopsThreads } from "#platform/threads";
import { invalidType, requireFunction, requireText } from "../arguments.ts";
import type { Cancellable } from "../cancellable.ts";
import { toMilliseconds } from "../duration.ts";
import type { ScopeNode } from "../scope/scope-node.ts";
import { CapacityLimiter } from "../sync/capacity-limiter.ts";
import { PiscinaPool } from "./piscina-pool.ts";
import type { ThreadPool } from "./pool.ts";
import { SharedCancellationToken } from "./shared-token.ts";
import { sourceOf } from "./source/function-source.ts";
import {
  finished,
  queued,
  started,
  type ThreadCall,
  type ThreadMessage,
  terminated,
  threadTime,
  whenFinished,
  withdrawn,
} from "./thread-call.ts";
import { decodeError, ThreadEndedError, uncloneable } from "./thread-error.ts";
import type { AnyWork, ThreadOptions, ThreadWork } from "./thread-options.ts";

/** The facts about the end of a call in a thread, besides its outcome. */
export interface ThreadFacts {
  /**
   * How a cancelled call that had started ended: by itself, because its thread was terminated, or not at all, because the
   * host lets a terminated thread run on (Deno). Undefined for every other call.
   */
  readonly ended: "cooperative" | "terminated" | "abandoned" | undefined;
  /** The time from the call to its start in a thread, or to its end if it did not start, in ms. */
  readonly queuedMs: number;
  /** The time from its start in a thread, in ms. */
  readonly ranMs: number;
  /** The id of the thread. Undefined if the call did not start. */
  readonly thread: number | undefined;
}

/** The receiver of the items of a call that gives a stream of them. */
export interface ItemReceiver {
  /** The highest number of items that the thread has computed and the reader has not taken. */
  readonly ahead: number;
  received(item: unknown): void;
}

let defaultPool: PiscinaPool | undefined;

/** One call, from the point of view of the caller. */
export class OutgoingCall {
  /** The name of the export or of the function. */
  readonly name: string;
  readonly #work: ThreadCall["work"];
  readonly #args: readonly unknown[];
  readonly #transfer: readonly unknown[];
  readonly #pool: ThreadPool;
  readonly #limiter: CapacityLimiter | undefined;
  readonly #grace: number;
  readonly #state = new Int32Array(createSharedMemory(4));
  readonly #calledAt: number = threadTime();
  #startedAt: number | undefined = undefined;
  #endedAt: number | undefined = undefined;
  #thread: number | undefined = undefined;
  #last: Exclude<ThreadMessage, { readonly type: "started" | "progress" | "item" }> | undefined = undefined;
  #onLast: (() => void) | undefined = undefined;
  #ended: ThreadFacts["ended"] = undefined;

  readonly #items: ItemReceiver | undefined;
  #port: Port | undefined = undefined;

  /** @param items Receives the items of a call that gives a stream of them. */
  constructor(
    work: ThreadWork<AnyWork> | AnyWork,
    args: readonly unknown[],
    { grace = 1_000, pool, limiter, transfer = [] }: ThreadOptions,
    items?: ItemReceiver,
  ) {
    [this.name, this.#work] = toSendable(work);
    if (!Array.isArray(args)) throw invalidType("args", "an array of the arguments", args);
    if (!Array.isArray(transfer)) throw invalidType("options.transfer", "an array", transfer);
    if (limiter !== undefined && !(limiter instanceof CapacityLimiter))
      throw invalidType("options.limiter", "a CapacityLimiter", limiter);
    if (pool !== undefined) requireFunction((pool as ThreadPool | null)?.run, "options.pool.run");
    this.#grace = toMilliseconds(grace, "options.grace");
    this.#args = args;
    this.#transfer = transfer;
    this.#limiter = limiter;
    this.#items = items;
    if (pool === undefined) defaultPool ??= new PiscinaPool();
    this.#pool = pool ?? (defaultPool as PiscinaPool); // created above
  }

  async run(op: Cancellable): Promise<unknown> {
    const lease = await this.#limiter?.acquire();
    try {
      return await this.#runInPool(op);
    } finally {
      this.#endedAt ??= threadTime();
      const release = (): void => void lease?.release();
      /* v8 ignore if -- @preserve only on Deno, which lets a terminated thread run on */
      if (this.#ended === "abandoned") whenFinished(this.#state, release);
      else release();
    }
  }

  async #runInPool(op: Cancellable): Promise<unknown> {
    const { mine, theirs } = createChannel();
    this.#port = mine;
    const token = new SharedCancellationToken();
    token.link(op.token, { preserveReason: true });
    const terminate = new AbortController();
    // A call that was withdrawn stays in the queue of the pool, where it holds up no thread: its turn ends at once.
    let leave = (): void => {};
    const left = new Promise<void>((resolve) => {
      leave = resolve;
    });
    let alarm: Disposable | undefined;
    let cancelling: Disposable | undefined;
    let failure: unknown;
    try {
      this.#send(mine);
      const inContext = captureContext();
      mine.onMessage((message) => inContext(() => this.#received(op, message as ThreadMessage)));
      cancelling = op.token.onCancel(() => {
        if (Atomics.compareExchange(this.#state, 0, queued, withdrawn) === queued) leave();
        else {
          const { clock } = op.node;
          alarm = clock.setAlarm(clock.now() + this.#grace, () => {
            // A call that has finished has sent its result.
            if (Atomics.compareExchange(this.#state, 0, started, terminated) !== started) return;
            /* v8 ignore next -- @preserve depends on the host */
            this.#ended = stopsThreads ? "terminated" : "abandoned";
            terminate.abort();
          });
        }
      });
      const running = this.#pool.run(this.#task(op, token, theirs), {
        transfer: [theirs],
        terminate: terminate.signal,
      });
      await Promise.race([running, left]);
      await this.#lastMessage(op, mine);
    } catch (error) {
      failure = error;
    } finally {
      cancelling?.[Symbol.dispose]();
      alarm?.[Symbol.dispose]();
      this.#drain(op, mine);
      mine.close();
      token.close();
    }
    return this.#judge(op, failure);
  }

  /** Receives the messages that are on the way when the call has ended. Some hosts deliver them only with an event. */
  async #lastMessage(op: Cancellable, mine: Port): Promise<void> {
    this.#drain(op, mine);
    /* v8 ignore if -- @preserve only on Bun and Deno */
    if (this.#last === undefined && Atomics.load(this.#state, 0) === finished)
      await new Promise<void>((resolve) => {
        this.#onLast = resolve;
      });
  }

  #drain(op: Cancellable, mine: Port): void {
    for (let next = mine.receive(); next !== undefined; next = mine.receive())
      this.#received(op, next.message as ThreadMessage);
  }

  /** Puts the arguments into the channel (C2). */
  #send(mine: Port): void {
    try {
      mine.postMessage(this.#args, this.#transfer);
    } catch (cause) {
      throw uncloneable("args", this.#args, cause);
    }
  }

  /** The reader has taken an item, so that the thread may send one more. */
  taken(): void {
    this.#port?.postMessage(undefined);
  }

  #task(op: Cancellable, token: SharedCancellationToken, port: unknown): ThreadCall {
    const deadline = epochDeadline(op);
    return {
      state: this.#state,
      port,
      token: token.handle,
      work: this.#work,
      ahead: this.#items?.ahead,
      id: op.id,
      name: op.name as string, // the name of the export, or that of the options
      metadata: op.ownMetadata ?? {},
      deadline: deadline === Number.POSITIVE_INFINITY ? undefined : deadline,
    };
  }

  #received(op: Cancellable, message: ThreadMessage): void {
    if (message.type === "started") {
      this.#startedAt = message.at;
      this.#thread = message.thread;
      op.ownMetadata = { ...op.ownMetadata, thread: message.thread };
    } else if (message.type === "progress") op.reportProgress(message.progress, message.metadata);
    else if (message.type === "item") this.#items?.received(message.value);
    else {
      this.#last = message;
      this.#onLast?.();
      this.#endedAt = message.at;
    }
  }

  /** The value of the call, or its error. A value that was ready wins over the cancellation. */
  #judge(op: Cancellable, failure: unknown): unknown {
    const last = this.#last;
    if (last !== undefined) this.#ended = last.type === "cancelled" ? "cooperative" : undefined;
    if (last?.type === "value") return last.value;
    if (last?.type === "error") throw decodeError(last.error);
    if (last?.type === "cancelled") {
      if (last.json.reason === "timeout" && last.at + clockSkew >= epochDeadline(op)) expire(op);
      op.cancel(last.json.reason, last.json.message);
      throw op.error;
    }
    // The state decides, and not the message `started`: some hosts deliver the message later.
    const state = Atomics.load(this.#state, 0);
    if (this.#ended !== undefined || state === withdrawn) throw op.error;
    if (state === queued) throw failure;
    throw new ThreadEndedError(op.name as string, failure, this.#pool.resourceLimits); // the name of the export, or that of the options
  }

  /** The times and the thread of the call, for its outcome. */
  facts(): ThreadFacts {
    const end = this.#endedAt ?? threadTime();
    const start = this.#startedAt;
    return {
      ended: this.#ended,
      queuedMs: (start ?? end) - this.#calledAt,
      ranMs: start === undefined ? 0 : end - start,
      thread: this.#thread,
    };
  }
}

/** The name of the work, and the form of the work for another thread. */
function toSendable(work: ThreadWork<AnyWork> | AnyWork): [name: string, work: ThreadCall["work"]] {
  if (typeof work === "function") return [work.name === "" ? "function" : work.name, sourceOf(work)];
  if (!((work as Partial<typeof work> | null | undefined)?.module instanceof URL))
    throw invalidType("work.module", 'a URL, such as new URL("./work.js", import.meta.url)', work?.module);
  requireText(work.export, "work.export");
  const exportName = work.export ?? "default";
  return [exportName, { module: work.module.href, exportName }];
}

/** The largest difference between the clocks of two threads, in ms. */
const clockSkew = 10;

/** The deadline of the operation and of the scopes above in epoch milliseconds, or Infinity. */
function epochDeadline({ node: { clock, deadline } }: Cancellable): number {
  return clock.runtime.epoch() + deadline - clock.now();
}

/**
 * Cancels the scope whose deadline has passed by the clock of the thread. The thread compares the deadline itself, and can be
 * first. A cancellation of the operation alone would be an error for the scope above.
 */
function expire({ node }: Cancellable): void {
  const { deadline } = node;
  let owner: ScopeNode = node;
  while (owner.at !== deadline && owner.parent !== undefined) owner = owner.parent as ScopeNode; // nodes of scopes
  if (owner.at === deadline && owner.own === undefined) owner.due();
}
