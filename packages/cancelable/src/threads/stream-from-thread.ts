import { requireCount } from "../arguments.ts";
import { Cancellable } from "../cancellable.ts";
import { type KnownOptions, requireKnownOptions } from "../known-options.ts";
import { requireCancellableOptions } from "../operation/options.ts";
import { afterTurn } from "../scope/fair-turn.ts";
import { ScopedIterator } from "../scope/scoped-iterator.ts";
import type { TaskGroup } from "../scope/task-group.ts";
import { PromiseWaiter } from "../scope/waiting.ts";
import { OutgoingCall } from "./outgoing-call.ts";
import { type AnyWork, type ThreadOptions, type ThreadWork, threadOptions } from "./thread-options.ts";

/** The options of {@link streamFromThread}. */
export interface StreamFromThreadOptions extends ThreadOptions {
  /**
   * The number of items that may wait for the reader while the thread computes one more. A number above 0 saves the reader
   * the way of a message between threads for each item. Default: 16.
   */
  readonly buffer?: number | undefined;
}

const known: KnownOptions<StreamFromThreadOptions> = { ...threadOptions, buffer: 1 };

/** The type of the items of a generator, or of another function that returns an iterable. */
export type ThreadItem<F extends AnyWork> =
  Awaited<ReturnType<F>> extends AsyncIterable<infer T> | Iterable<infer T> ? T : never;

/**
 * Reads the items of a generator that runs in a thread of a pool. The function is given as for {@link runInThread}: an
 * async generator, or a function that returns an iterable. Each item is a structured clone.
 *
 * The call starts at the first read, in the scope of the reader. The thread is at most `buffer` + 1 items ahead of the
 * reader. A reader that leaves cancels the call, and the `finally` blocks of the generator run before `break` or `return()`
 * ends. Items that still wait are dropped then. If the call fails, the reader first gets the items before the failure.
 *
 * @throws TypeError or RangeError for a bad argument, at once. Reads reject with the errors of {@link runInThread}.
 *
 * @example
 * ```ts
 * import { streamFromThread } from "@hother/cancelable/threads";
 *
 * const code = "export async function* squares(to) { for (let i = 1; i <= to; i++) yield i * i; }";
 * const module = new URL(`data:text/javascript,${encodeURIComponent(code)}`);
 * let sum = 0;
 * for await (const square of streamFromThread<(to: number) => AsyncIterable<number>>(
 *   { module, export: "squares" },
 *   [10],
 * )) {
 *   sum += square;
 * }
 * console.assert(sum === 385);
 * ```
 */
export function streamFromThread<F extends AnyWork>(
  work: ThreadWork<F> | F,
  args: Parameters<F>,
  options: StreamFromThreadOptions = {},
): AsyncGenerator<ThreadItem<F>, undefined, undefined> {
  requireKnownOptions(options, known, "streamFromThread");
  const { buffer = 16, ...ofThread } = options;
  requireCount(buffer, "options.buffer", 0);
  const items = new ItemsOfThread<ThreadItem<F>>(buffer + 1);
  const call = new OutgoingCall(work, args, ofThread, items);
  const { grace, pool, limiter, transfer, ...ofCall } = ofThread;
  requireCancellableOptions(ofCall);
  const { parent, timeout, deadline, signal, token, ...ofOperation } = ofCall;
  return new ScopedIterator({ parent, timeout, deadline, signal, token }, (group) => {
    const op = new Cancellable({ name: call.name, ...ofOperation, parent: group.scope });
    return items.read(group, call, () => op.run(() => call.run(op)));
  });
}

/** The items that have arrived from a thread. */
class ItemsOfThread<T> {
  readonly ahead: number;
  /** The items that the reader has not taken, by their numbers. */
  readonly #ready = new Map<number, T>();
  #arrived = 0;
  #arrival: PromiseWaiter<void> | undefined = undefined;

  constructor(ahead: number) {
    this.ahead = ahead;
  }

  received(item: unknown): void {
    this.#ready.set(this.#arrived++, item as T); // the type comes from the type of the work
    this.#arrival?.resolve();
  }

  async *read(
    group: TaskGroup,
    call: OutgoingCall,
    run: () => Promise<unknown>,
  ): AsyncGenerator<T, undefined, undefined> {
    const { node } = group.scope;
    const ready = this.#ready;
    let delivered = 0;
    let isOver = false;
    group.startSoon(async () => {
      await run();
      isOver = true;
      this.#arrival?.resolve();
    });
    for (;;) {
      while (ready.has(delivered)) {
        const item = ready.get(delivered) as T; // it is there
        ready.delete(delivered++);
        call.taken();
        if (node.clock.isTurnDue()) await afterTurn(node, undefined);
        yield item;
        // A failure of the call comes after the items that stand ready. Another cancellation comes at once.
        if (group.errors.length === 0) node.check();
      }
      if (isOver) return undefined;
      node.check();
      this.#arrival = new PromiseWaiter(node);
      await this.#arrival.promise;
    }
  }
}
