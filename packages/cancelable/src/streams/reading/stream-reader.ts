/*
 * Reads an input, one item at a time, in the scope of its stream. Longer than most files here, because pulling, waiting
 * and ending share one state.
 *
 *    ┌─────┐  next()  ┌──────────┐  opened  ┌──────┐  next()  ┌─────────┐
 *    │ new │ ───────▶ │ starting │ ───────▶ │ idle │ ───────▶ │ pulling │
 *    └─────┘          └──────────┘          └──────┘ ◀─────── └─────────┘
 *       │               │      │                │       item       │
 *       │ close()       │      │ open failed    │ close(),         │ end of input, input failed,
 *       │               │      │                │ cancelled        │ close(), cancelled
 *       │       refused │      │                ▼                  │
 *       ▼               ▼      │           ┌─────────┐             │
 *    ┌─────────────────────┐   └─────────▶ │ closing │ ◀───────────┘
 *    │        ended        │ ◀──────────── └─────────┘
 *    └─────────────────────┘  input, callbacks and operation ended
 *
 * `new` and `refused` (the operation or its scope is over) end without reading: the input is discarded. If the grace
 * of the operation expires first, the reader is `ended` for the consumer while the input still closes.
 *
 *  R1  At most one pull is in progress, and no pull starts in a cancelled scope. The scope is entered only for the
 *      call of `next()`, so the code of the consumer does not run in it.
 *  R2  A pulled item is recorded once, when it arrives. It is delivered if the consumer waits, also in a cancelled
 *      stream.
 *  R3  An input that has neither come to its end nor failed is closed once. Closing runs in a shield and is awaited.
 *      The consumer is notified after the input has closed and after the operation has ended.
 *  R4  An input that waits for something that cancellation does not reach cannot close before this wait is over. The
 *      reader requests the close, and gives the wait up after 100 ms in which the input does nothing of this library.
 *      Only the clean-up of an input that waits for no item and does not read ahead is not limited, unless the stream
 *      is cancelled.
 */

import { belongsTo } from "../../absorb.ts";
import { isThenable } from "../../arguments.ts";
import type { Operation } from "../../operation/operation.ts";
import { report } from "../../reporter.ts";
import { ambientNode } from "../../scope/ambient.ts";
import { afterTurn, resolveFairly } from "../../scope/fair-turn.ts";
import { UsageError } from "../../usage-error.ts";
import { closingSource, waitAtMost } from "./close-limit.ts";
import { IdleLimit } from "./idle-limit.ts";
import type { OpenableInput } from "./input-reader.ts";
import type { ItemLog } from "./item-log.ts";
import { done, type Result, toResult } from "./result.ts";
import { type Failure, type Pulled, ScopedInput } from "./scoped-input.ts";
import { type StreamHooks, StreamLife } from "./stream-life.ts";
import type { StreamNode } from "./stream-node.ts";
import type { StreamParts } from "./stream-options.ts";
import { WaitingConsumer } from "./waiting-consumer.ts";

/**
 * Why the reader ends: end of the input, `close()` by the consumer, an error of the input, an item of a synchronous
 * input that is a rejected promise, cancellation.
 */
type Ending = "done" | "closed" | "failed" | "rejected" | "cancelled";

const closedByConsumer = "the consumer closed the stream";
const endedSource = "the source of a stream that has ended";
const busy = (): Promise<never> =>
  Promise.reject(new UsageError("ERR_BUSY", "The stream", "await the previous item first"));

/** @internal */
export class StreamReader implements StreamHooks {
  readonly #input: OpenableInput;
  readonly #log: ItemLog | undefined;
  readonly #idle: IdleLimit | undefined;
  readonly #life: StreamLife;
  readonly #consumer = new WaitingConsumer();
  readonly #onUndelivered: ((item: unknown) => void) | undefined;
  #state: "new" | "starting" | "idle" | "pulling" | "closing" | "ended" = "new";
  #node: StreamNode | undefined;
  #scoped: ScopedInput | undefined;
  /** While starting: settles when the start is over. Later: settles when the reader has ended. */
  #ending: Promise<void> | undefined;
  /** An error that the input threw while it was being closed. */
  #late: Failure | undefined;
  /** The error that the reader ended with, if any. */
  #outcome: { readonly error: unknown; readonly isCancellation: boolean } | undefined;

  constructor(
    { input, log, idleMs, onUndelivered }: Pick<StreamParts, "input"> & Partial<StreamParts>,
    operation?: Operation,
  ) {
    this.#input = input;
    this.#log = log;
    this.#onUndelivered = onUndelivered;
    this.#life = new StreamLife(operation, this);
    if (idleMs !== undefined) this.#idle = new IdleLimit(idleMs, this.#life);
  }

  get hasEnded(): boolean {
    return this.#state === "ended";
  }

  // ---- the consumer's side --------------------------------------------------------------------

  next(): Promise<Result> {
    if (this.#state !== "idle") return this.#nextUnlessIdle();
    // In a cancelled scope no pull starts: the consumer waits for the end, which comes when the input has closed.
    if ((this.#node as StreamNode).pending() !== undefined)
      return this.#consumer.isWaiting ? busy() : this.#consumer.wait();
    this.#state = "pulling";
    let pulled: Pulled;
    try {
      pulled = (this.#scoped as ScopedInput).pull();
      return isThenable(pulled) ? this.#await(pulled) : this.#take(pulled);
    } catch (error) {
      return this.#fail(error);
    }
  }

  /** Closes the stream for the consumer: closes the input and waits. Rejects with an error of the closing. */
  async close(): Promise<void> {
    if (this.#state === "starting") {
      this.#life.operation?.cancel("manual", closedByConsumer);
      await this.#ending;
    }
    if (this.#state === "new") await this.#discard(undefined);
    else if (this.#state !== "ended") await this.#end("closed");
    const outcome = this.#outcome;
    if (outcome === undefined || outcome.isCancellation) return;
    this.#outcome = undefined;
    throw outcome.error;
  }

  #nextUnlessIdle(): Promise<Result> {
    if (this.#state === "new") return this.#begin();
    if (this.#state === "closing" && !this.#consumer.isWaiting) return this.#consumer.wait();
    if (this.#state === "ended") {
      // A failure is thrown once, a cancellation at every call.
      return this.#outcome?.isCancellation ? Promise.reject(this.#outcome.error) : Promise.resolve(done);
    }
    return busy();
  }

  #begin(): Promise<Result> {
    this.#state = "starting";
    let waiting: Promise<void> | undefined;
    try {
      waiting = this.#life.begin();
    } catch (error) {
      return this.#refuse(error);
    }
    if (waiting === undefined) return this.#open();
    const first = waiting.then(
      () => this.#open(),
      (error: unknown) => this.#refuse(error),
    );
    this.#ending = first.then(
      () => {},
      () => {},
    );
    return first;
  }

  #open(): Promise<Result> {
    this.#ending = undefined;
    const { node } = this.#life;
    this.#node = node;
    this.#log?.begin(node.operation as Operation | undefined, node);
    this.#scoped = new ScopedInput(node);
    try {
      this.#scoped.open(this.#input);
    } catch (error) {
      return this.#fail(error);
    }
    this.#state = "idle";
    return this.next();
  }

  // ---- the input's side -----------------------------------------------------------------------

  #await(
    pulled: PromiseLike<IteratorResult<unknown>>,
    broke: (error: unknown) => void = this.#broke,
  ): Promise<Result> {
    // `Promise.resolve` protects against thenables that throw or that call their callbacks twice.
    (pulled instanceof Promise ? pulled : Promise.resolve(pulled)).then(this.#arrived, broke);
    (this.#scoped as ScopedInput).isPulling = true;
    this.#idle?.start(this.#node as StreamNode);
    return this.#consumer.wait();
  }

  readonly #arrived = (raw: IteratorResult<unknown>): void => {
    let result: Result;
    try {
      result = toResult(raw);
    } catch (error) {
      this.#broke(error);
      return;
    }
    (this.#scoped as ScopedInput).isPulling = false;
    this.#idle?.stop();
    if (!result.done) {
      if (this.#state === "pulling") this.#state = "idle";
      this.#log?.add(result.value);
      const node = this.#node as StreamNode;
      const given = node.clock.isTurnDue() ? afterTurn(node, result) : result;
      if (!this.#consumer.give(given)) this.#onUndelivered?.(result.value);
    } else if (this.#state === "pulling") {
      // An input that ends because of the cancellation has not come to its own end.
      void this.#end(this.#node?.cancellation === undefined ? "done" : "cancelled");
    }
  };

  readonly #broke = (error: unknown): void => this.#endPull("failed", error);

  readonly #itemRejected = (error: unknown): void => this.#endPull("rejected", error);

  #endPull(kind: "failed" | "rejected", error: unknown): void {
    (this.#scoped as ScopedInput).isPulling = false;
    this.#idle?.stop();
    const cancellation = this.#node?.cancellation;
    if (cancellation !== undefined && belongsTo(error, cancellation.error)) return;
    if (this.#state === "pulling") void this.#end(kind, error);
    else if (!(this.#scoped as ScopedInput).fromClose(error)) {
      if (this.#state === "closing") this.#late ??= { error };
      else report(error, endedSource);
    }
  }

  /** Takes the result of a synchronous input. Its value can be a promise. */
  #take(raw: IteratorResult<unknown>): Promise<Result> {
    const result = toResult(raw);
    if (result.done) {
      const promise = this.#consumer.wait();
      void this.#end("done");
      return promise;
    }
    const { value } = result;
    if (isThenable(value)) {
      const item = Promise.resolve(value).then((value) => ({ value }));
      return this.#await(item, this.#itemRejected);
    }
    this.#state = "idle";
    this.#log?.add(value);
    return resolveFairly(this.#node as StreamNode, result);
  }

  #fail(error: unknown): Promise<Result> {
    const promise = this.#consumer.wait();
    void this.#end("failed", error);
    return promise;
  }

  // ---- the end --------------------------------------------------------------------------------

  cancelled(): void {
    this.#scoped?.limitClosing();
    void this.#end("cancelled");
  }

  graceExpired(error: unknown): void {
    this.#outcome = { error, isCancellation: true };
    this.#idle?.close();
    this.#settle();
  }

  #end(kind: Ending, error?: unknown): Promise<void> {
    // The stream was cancelled, and the consumer closed it before the notification.
    const isCancelled = kind === "closed" && this.#node?.cancellation !== undefined;
    this.#ending ??= this.#finish(isCancelled ? "cancelled" : kind, error);
    return this.#ending;
  }

  async #finish(kind: Ending, error: unknown): Promise<void> {
    const node = this.#node as StreamNode;
    const scoped = this.#scoped as ScopedInput;
    this.#state = "closing";
    this.#idle?.close();
    let failure: Failure | undefined;
    let isClosed = true;
    if (kind === "done" || kind === "failed") {
      if (kind === "done") this.#log?.complete();
      else failure = { error };
      scoped.ended();
    } else {
      if (kind === "closed" && scoped.isPulling) node.cancelFor("manual", closedByConsumer);
      const reason =
        kind === "rejected" ? error : kind === "cancelled" ? node.cancellation?.error : undefined;
      ({ isClosed, failure } = await scoped.close(reason));
      // During the cancellation the input can have failed for a reason of its own.
      if (kind === "cancelled") failure = this.#late ?? { error: reason };
      else if (this.#late !== undefined) report(this.#late.error, endedSource);
      if (kind === "rejected") failure = { error };
    }
    await this.#log?.settled();
    try {
      await this.#life.close(failure, isClosed);
    } catch (outcome) {
      const isCancellation = kind === "cancelled" && this.#late === undefined;
      this.#outcome ??= { error: outcome, isCancellation };
    }
    this.#settle();
  }

  /** Ends the wait of the consumer, if any, with the outcome. */
  #settle(): void {
    this.#state = "ended";
    const outcome = this.#outcome;
    if (outcome === undefined) this.#consumer.give(done);
    else if (this.#consumer.reject(outcome.error) && !outcome.isCancellation) this.#outcome = undefined;
  }

  /** The stream cannot begin: the input is discarded. */
  async #refuse(error: unknown): Promise<never> {
    this.#outcome = { error, isCancellation: true };
    const { clock } = this.#life.operation?.node ?? ambientNode();
    await waitAtMost(clock, this.#discard(error), (failure) => {
      if (failure !== error) report(failure, closingSource);
    });
    throw error;
  }

  async #discard(reason: unknown): Promise<void> {
    this.#state = "ended";
    this.#life.release();
    await this.#input.discard(reason);
  }
}
