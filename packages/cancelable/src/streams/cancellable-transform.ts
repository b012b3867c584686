import { outOfRange } from "../arguments.ts";
import type { Cancellable } from "../cancellable.ts";
import { type CancellableStreamOptions, toOperation } from "./new-operation.ts";
import type { ItemLog } from "./reading/item-log.ts";
import type { PartialResult } from "./reading/partial-result.ts";
import { StreamLife } from "./reading/stream-life.ts";
import { toItemLog } from "./reading/stream-options.ts";

/** The options of {@link cancellableTransform}. */
export type CancellableTransformOptions<T = unknown> = Omit<CancellableStreamOptions<T>, "idleTimeout">;

/** What passes the stream's items on, until it is cancelled. */
class TransformPump {
  readonly #life: StreamLife;
  readonly #log: ItemLog;
  #controller: TransformStreamDefaultController<unknown> | undefined;
  #isOver = false;

  constructor(operation: Cancellable, log: ItemLog) {
    this.#life = new StreamLife(operation, this);
    this.#log = log;
  }

  start(controller: TransformStreamDefaultController<unknown>): void | Promise<void> {
    this.#controller = controller;
    try {
      const waiting = this.#life.begin();
      if (waiting !== undefined) return waiting.then(() => this.#begun());
    } catch (error) {
      this.#isOver = true;
      controller.error(error);
      return;
    }
    this.#begun();
  }

  #begun(): void {
    this.#log.begin(this.#life.operation, this.#life.node);
  }

  transform(item: unknown, controller: TransformStreamDefaultController<unknown>): void {
    this.#life.node.check();
    this.#log.add(item);
    controller.enqueue(item);
  }

  flush(): Promise<void> {
    this.#log.complete();
    return this.#end(undefined);
  }

  /** The readable side was cancelled, or the writable one aborted. */
  async cancel(reason: unknown): Promise<void> {
    try {
      await this.#end(reason instanceof Error ? { error: reason } : undefined);
    } catch {
      // Whoever gave the reason has it.
    }
  }

  cancelled(): void {
    if (this.#isOver) return;
    const error = this.#life.node.cancellation?.error;
    this.#controller?.error(error);
    this.#end({ error }).then(undefined, () => {}); // both sides of the stream have it
  }

  abandoned(): void {}

  async #end(failed: { readonly error: unknown } | undefined): Promise<void> {
    /* v8 ignore if -- @preserve hosts that call `flush` or `cancel` of a stream that has failed */
    if (this.#isOver) return;
    this.#isOver = true;
    await this.#log.settled();
    await this.#life.end(failed, true);
  }
}

/** A `TransformStream` that passes everything on, until it is cancelled; see {@link cancellableTransform}. */
export class CancellableTransform<T> extends TransformStream<T, T> {
  /** What the stream runs in. */
  readonly operation: Cancellable;
  readonly #log: ItemLog;

  /** @internal */
  constructor(operation: Cancellable, log: ItemLog) {
    const passage = new TransformPump(operation, log);
    super({
      start: (controller) => passage.start(controller),
      transform: (item, controller) => passage.transform(item, controller),
      flush: () => passage.flush(),
      // Not in the types yet; hosts without it end the operation only when it is cancelled.
      ...{ cancel: (reason: unknown) => passage.cancel(reason) },
    });
    this.operation = operation;
    this.#log = log;
  }

  /** What has been passed on so far. A copy. */
  get partialResult(): PartialResult<T> {
    return this.#log.partial as PartialResult<T>;
  }
}

/**
 * A web `TransformStream` that passes everything on. When its operation is cancelled both sides fail with the
 * cancellation: a pipe through it stops, closes its source and aborts its destination. When the pipe ends or is
 * left, so does the operation.
 *
 * Its time begins at once. It belongs to the scope that it was made in, which waits for it. The options are those
 * of `cancellableStream`, without `idleTimeout`: a transform does not know whose silence it hears.
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
  const log = toItemLog(options);
  const idle = (options as CancellableStreamOptions<T> | undefined)?.idleTimeout;
  if (idle !== undefined) throw outOfRange("options.idleTimeout", "left out for a transform", idle);
  return new CancellableTransform<T>(toOperation(options), log);
}
