/*
 * Reads a source, one item at a time, in the scope of its stream. Longer than most files here, because it is one
 * machine: what is pulled, who waits for it, and how it ends.
 *
 *  R1  At most one pull is under way, and none is begun in a cancelled scope. The scope is entered for the call
 *      of `next()` only: nothing of it stays with the consumer.
 *  R2  A pulled item is recorded once, when it arrives, and given to the consumer if one waits, also in a
 *      cancelled stream.
 *  R3  The source is closed once, unless it came to its end; in a shield, and waited for. The consumer hears of
 *      the end after that, and after the operation's own.
 *  R4  An async generator that waits for what cancellation does not reach cannot close before that wait is over:
 *      its close is asked for, and the consumer is not kept waiting for longer than 100 ms.
 */

import { invalidType, isThenable } from "../../arguments.ts";
import { belongsTo } from "../../errors.ts";
import type { Operation } from "../../operation/operation.ts";
import { report } from "../../reporter.ts";
import { UsageError } from "../../usage-error.ts";
import { IdleLimit } from "./idle-limit.ts";
import type { ItemLog } from "./item-log.ts";
import { type Failure, type Pulled, ScopedSource } from "./scoped-input.ts";
import type { StreamSource } from "./stream-input.ts";
import { type StreamHooks, StreamLife, type StreamNode } from "./stream-life.ts";
import { type Result, WaitingConsumer } from "./waiting-consumer.ts";

type Ending = "done" | "left" | "failed" | "cancelled";

const over: Result = { done: true, value: undefined };
const left = "the consumer has left the stream";
const wrongResult = (result: unknown): TypeError =>
  invalidType("the result of the source's next()", "an object", result);

/** @internal */
export class StreamReader implements StreamHooks {
  readonly #input: StreamSource;
  readonly #log: ItemLog | undefined;
  readonly #idle: IdleLimit | undefined;
  readonly #life: StreamLife;
  readonly #consumer = new WaitingConsumer();
  #state: "new" | "starting" | "idle" | "pulling" | "closing" | "ended" = "new";
  #node: StreamNode | undefined;
  #source: ScopedSource | undefined;
  #ending: Promise<void> | undefined;
  /** What the source threw while it was being closed. */
  #late: Failure | undefined;
  /** What it ended with, if that is an error. */
  #outcome: { readonly error: unknown; readonly isCancellation: boolean } | undefined;

  constructor(input: StreamSource, operation?: Operation, log?: ItemLog, idleMs?: number) {
    this.#input = input;
    this.#log = log;
    this.#life = new StreamLife(operation, this);
    if (idleMs !== undefined) this.#idle = new IdleLimit(idleMs, this.#life);
  }

  get hasEnded(): boolean {
    return this.#state === "ended";
  }

  // ---- the consumer's side --------------------------------------------------------------------

  next(): Promise<Result> {
    if (this.#state !== "idle") return this.#nextElsewhere();
    // Cancelled: the end is under way, and told when the source has closed.
    if ((this.#node as StreamNode).pending() !== undefined) return this.#consumer.wait();
    this.#state = "pulling";
    let pulled: Pulled;
    try {
      pulled = (this.#source as ScopedSource).pull();
    } catch (error) {
      return this.#fail(error);
    }
    if (isThenable(pulled)) return this.#await(pulled);
    return this.#take(pulled);
  }

  /** Leaves: closes the source, and waits for that. Rejects with what closing threw. */
  async leave(): Promise<void> {
    if (this.#state === "starting") {
      this.#life.operation?.cancel("manual", left);
      await this.#ending;
    }
    if (this.#state === "new") await this.#discard(undefined);
    else if (this.#state !== "ended") await this.#end("left");
    const outcome = this.#outcome;
    if (outcome === undefined || outcome.isCancellation) return;
    this.#outcome = undefined;
    throw outcome.error;
  }

  #nextElsewhere(): Promise<Result> {
    if (this.#state === "new") return this.#begin();
    if (this.#state === "closing" && !this.#consumer.isThere) return this.#consumer.wait();
    if (this.#state === "ended") {
      // A failure is told once, a cancellation to everybody who asks.
      return this.#outcome?.isCancellation ? Promise.reject(this.#outcome.error) : Promise.resolve(over);
    }
    return Promise.reject(
      new UsageError("ERR_BUSY", "The stream", "the item before has not arrived yet; await it first"),
    );
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
    this.#source = new ScopedSource(node);
    try {
      this.#source.open(this.#input);
    } catch (error) {
      return this.#fail(error);
    }
    this.#state = "idle";
    return this.next();
  }

  // ---- the source's side ----------------------------------------------------------------------

  #await(pulled: PromiseLike<IteratorResult<unknown>>): Promise<Result> {
    (this.#source as ScopedSource).isPulling = true;
    this.#idle?.begin(this.#node as StreamNode);
    // Foreign thenables may throw here, or call back twice.
    (pulled instanceof Promise ? pulled : Promise.resolve(pulled)).then(this.#arrived, this.#broke);
    return this.#consumer.wait();
  }

  readonly #arrived = (result: IteratorResult<unknown>): void => {
    (this.#source as ScopedSource).isPulling = false;
    this.#idle?.end();
    if (typeof result !== "object" || result === null) this.#broke(wrongResult(result));
    else if (!result.done) {
      if (this.#state === "pulling") this.#state = "idle";
      this.#log?.add(result.value);
      this.#consumer.give(result as Result);
    } else if (this.#state === "pulling") {
      // A source that ends because it was told to has not come to its end.
      void this.#end(this.#node?.cancellation === undefined ? "done" : "cancelled");
    }
  };

  readonly #broke = (error: unknown): void => {
    (this.#source as ScopedSource).isPulling = false;
    this.#idle?.end();
    const cancellation = this.#node?.cancellation;
    if (cancellation !== undefined && belongsTo(error, cancellation.error)) return;
    if (this.#state === "pulling") void this.#end("failed", error);
    else if (this.#state === "closing") {
      if (!(this.#source as ScopedSource).isOfClosing(error)) this.#late ??= { error };
    } else report(error, "the source of a stream that had ended");
  };

  /** A result that is here already, of a synchronous source; its value may be a promise. */
  #take(result: IteratorResult<unknown>): Promise<Result> {
    if (typeof result !== "object" || result === null) return this.#fail(wrongResult(result));
    if (result.done) {
      const promise = this.#consumer.wait();
      void this.#end("done");
      return promise;
    }
    const { value } = result;
    if (isThenable(value)) return this.#await(Promise.resolve(value).then((item) => ({ value: item })));
    this.#state = "idle";
    this.#log?.add(value);
    return Promise.resolve(result as Result);
  }

  #fail(error: unknown): Promise<Result> {
    const promise = this.#consumer.wait();
    void this.#end("failed", error);
    return promise;
  }

  // ---- the end --------------------------------------------------------------------------------

  cancelled(): void {
    void this.#end("cancelled");
  }

  abandoned(error: unknown): void {
    this.#outcome = { error, isCancellation: true };
    this.#idle?.stop();
    this.#settle();
  }

  #end(kind: Ending, error?: unknown): Promise<void> {
    // Cancelled, and left before that was noticed.
    const isCancelled = kind === "left" && this.#node?.cancellation !== undefined;
    this.#ending ??= this.#finish(isCancelled ? "cancelled" : kind, error);
    return this.#ending;
  }

  async #finish(kind: Ending, error: unknown): Promise<void> {
    const node = this.#node as StreamNode;
    const source = this.#source as ScopedSource;
    this.#state = "closing";
    this.#idle?.stop();
    let failed: Failure | undefined;
    let isClosed = true;
    if (kind === "done") {
      this.#log?.complete();
      source.ended();
    } else {
      if (kind === "left" && source.isPulling) node.cancelFor("manual", left);
      const reason = kind === "failed" ? error : kind === "cancelled" ? node.cancellation?.error : undefined;
      ({ isClosed, failed } = await source.close(reason));
      // The source may have failed for a reason of its own while it was being cancelled.
      if (kind === "cancelled") failed = this.#late ?? { error: reason };
      else if (this.#late !== undefined) report(this.#late.error, "the source of a stream that had ended");
      if (kind === "failed") failed = { error };
    }
    await this.#log?.settled();
    try {
      await this.#life.end(failed, isClosed);
    } catch (failure) {
      const isCancellation = kind === "cancelled" && this.#late === undefined;
      this.#outcome ??= { error: failure, isCancellation };
    }
    this.#settle();
  }

  /** The consumer that waits, if one does, is told how it ended. */
  #settle(): void {
    this.#state = "ended";
    const outcome = this.#outcome;
    if (outcome === undefined) this.#consumer.give(over);
    else if (this.#consumer.reject(outcome.error) && !outcome.isCancellation) this.#outcome = undefined;
  }

  /** The stream cannot begin: its source is closed unread. */
  async #refuse(error: unknown): Promise<never> {
    this.#outcome = { error, isCancellation: true };
    try {
      await this.#discard(error);
    } catch (failure) {
      if (failure !== error) report(failure, "closing the source of a stream");
    }
    throw error;
  }

  async #discard(reason: unknown): Promise<void> {
    this.#state = "ended";
    this.#life.release();
    await this.#input.discard(reason);
  }
}
