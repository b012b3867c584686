import { outOfRange } from "../arguments.ts";
import type { Cancellable } from "../cancellable.ts";
import { requireKnownOptions } from "../known-options.ts";
import { isError } from "../realms.ts";
import { type CancellableStreamOptions, cancellableStreamOptions, toOperation } from "./new-operation.ts";
import type { ItemLog } from "./reading/item-log.ts";
import type { PartialResult } from "./reading/partial-result.ts";
import { StreamLife } from "./reading/stream-life.ts";
import { toItemLog } from "./reading/stream-options.ts";

/** The options of {@link cancellableTransform}. */
export type CancellableTransformOptions<T = unknown> = Omit<
  CancellableStreamOptions<T>,
  "idleTimeout" | "onUndelivered"
>;

/** The transformer behind the `TransformStream`: passes items on until it is cancelled. */
class TransformPump {
  readonly #life: StreamLife;
  readonly #log: ItemLog;
  #controller: TransformStreamDefaultController<unknown> | undefined;
  #isClosed = false;

  constructor(operation: Cancellable, log: ItemLog) {
    this.#life = new StreamLife(operation, this);
    this.#log = log;
  }

  start(controller: TransformStreamDefaultController<unknown>): void | Promise<void> {
    this.#controller = controller;
    try {
      const waiting = this.#life.begin();
      if (waiting !== undefined) return waiting.then(() => this.#startLog());
    } catch (error) {
      this.#isClosed = true;
      controller.error(error);
      return;
    }
    this.#startLog();
  }

  #startLog(): void {
    this.#log.begin(this.#life.operation, this.#life.node);
  }

  transform(item: unknown, controller: TransformStreamDefaultController<unknown>): void {
    this.#life.node.check();
    this.#log.add(item);
    controller.enqueue(item);
  }

  flush(): Promise<void> {
    this.#log.complete();
    return this.#close(undefined);
  }

  /** The readable side was cancelled, or the writable side was aborted. */
  async cancel(reason: unknown): Promise<void> {
    try {
      await this.#close(isError(reason) ? { error: reason } : undefined);
    } catch {
      // The error is the reason itself, which the caller already has.
    }
  }

  cancelled(): void {
    if (this.#isClosed) return;
    const error = this.#life.node.cancellation?.error;
    this.#controller?.error(error);
    this.#close({ error }).then(undefined, () => {}); // both sides of the stream fail with this error
  }

  // When the grace has expired, both sides of the stream have failed already.
  graceExpired(): void {}

  async #close(failed: { readonly error: unknown } | undefined): Promise<void> {
    /* v8 ignore if -- @preserve hosts that call `flush` or `cancel` of a stream that has failed */
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.#log.settled();
    await this.#life.close(failed, true);
  }
}

/** A `TransformStream` that passes all items on until it is cancelled; see {@link cancellableTransform}. */
export class CancellableTransform<T> extends TransformStream<T, T> {
  /** The operation that the stream runs in. */
  readonly operation: Cancellable;
  readonly #log: ItemLog;

  /** @internal */
  constructor(operation: Cancellable, log: ItemLog) {
    const pump = new TransformPump(operation, log);
    super({
      start: (controller) => pump.start(controller),
      transform: (item, controller) => pump.transform(item, controller),
      flush: () => pump.flush(),
      // Not in the types yet. Hosts that do not call `cancel` end the operation only when it is cancelled.
      ...{ cancel: (reason: unknown) => pump.cancel(reason) },
    });
    this.operation = operation;
    this.#log = log;
  }

  /** The items that were passed on so far. A copy. */
  get partialResult(): PartialResult<T> {
    return this.#log.partial as PartialResult<T>;
  }
}

/**
 * A web `TransformStream` that passes all items on. When its operation is cancelled, both sides fail with the
 * cancellation: a pipe through the transform stops, cancels its source and aborts its destination. When the pipe
 * ends or is cancelled, the operation ends too.
 *
 * The time of the operation begins at once. The transform belongs to the scope in which it was created, and this
 * scope waits for it. The options are those of `cancellableStream`, without `idleTimeout` (a transform cannot tell
 * whether the source or the destination is slow) and `onUndelivered`.
 *
 * @throws TypeError or RangeError for a bad option.
 *
 * @example
 * ```ts
 * import { cancellableTransform } from "@hother/cancelable";
 *
 * const numbers = new ReadableStream<number>({
 *   start(controller) {
 *     for (const n of [1, 2, 3]) controller.enqueue(n);
 *     controller.close();
 *   },
 * });
 * const limited = cancellableTransform<number>({ timeout: { seconds: 30 }, bufferPartial: true });
 * const reader = numbers.pipeThrough(limited).getReader();
 * console.assert((await reader.read()).value === 1);
 * await reader.cancel();
 * console.assert(limited.operation.context.isTerminal);
 * ```
 */
export function cancellableTransform<T>(options?: CancellableTransformOptions<T>): CancellableTransform<T> {
  requireKnownOptions(options, cancellableStreamOptions, "cancellableTransform");
  const log = toItemLog(options);
  for (const key of ["idleTimeout", "onUndelivered"] as const) {
    const value = (options as CancellableStreamOptions<T> | undefined)?.[key];
    if (value !== undefined) throw outOfRange(`options.${key}`, "left out for a transform", value);
  }
  return new CancellableTransform<T>(toOperation(options), log);
}
