import { invalidType, requireFunction, requireText, show } from "../arguments.ts";
import { detectBackend } from "../backends/detect.ts";
import { Cancellable } from "../cancellable.ts";
import type { CancellationReason } from "../errors.ts";
import { requireKnownOptions } from "../known-options.ts";
import type { CallbackKind } from "../operation/callbacks.ts";
import type { Progress } from "../operation/progress.ts";
import type { OperationStatus } from "../operation/status.ts";
import { isError } from "../realms.ts";
import { AssertionError } from "./assertion-error.ts";

/** The recorded data for each type of event. */
export interface RecordedData {
  start: { readonly name: string | undefined };
  progress: {
    readonly progress: Progress;
    /** The report if it is a text, otherwise its `message`. */
    readonly message: string | undefined;
    readonly metadata: Record<string, unknown> | undefined;
  };
  /** `duration` in milliseconds. */
  complete: { readonly duration: number };
  cancel: { readonly reason: CancellationReason | undefined; readonly message: string | undefined };
  /** `type` is the name of the error's class. */
  error: { readonly type: string; readonly message: string; readonly error: unknown };
}

/** An event of the operation with this `id`. `time` is on the clock of the operation's backend, in ms. */
export type RecordedEvent<K extends CallbackKind = CallbackKind> = {
  [T in K]: {
    readonly id: string;
    readonly type: T;
    readonly time: number;
    readonly data: RecordedData[T];
  };
}[K];

/** Selects events. An event must match every given field. */
export interface EventFilter<K extends CallbackKind = CallbackKind> {
  /** The id of the operation. */
  readonly id?: string | undefined;
  readonly type?: K | undefined;
  /** A predicate that the event must satisfy. */
  readonly matching?: ((event: RecordedEvent<K>) => boolean) | undefined;
}

/**
 * Records the events of operations, for later assertions.
 *
 * @example
 * ```ts
 * import { Cancellable } from "@hother/cancelable";
 * import { OperationRecorder } from "@hother/cancelable/testing";
 *
 * const recorder = new OperationRecorder();
 * const op = new Cancellable({ name: "import" });
 * recorder.attach(op);
 * await op.run(() => op.reportProgress("half way"));
 *
 * console.assert(recorder.assertEvent("progress", { id: op.id }).data.message === "half way");
 * console.assert(recorder.events().map((event) => event.type).join() === "start,progress,complete");
 * recorder.assertFinalStatus(op, "completed");
 * ```
 */
export class OperationRecorder {
  readonly #events: RecordedEvent[] = [];
  readonly #attached = new Map<string, Cancellable>();

  /**
   * Records the events of `op` from now on, and the progress of the operations below it. Attach `op` before `run()`;
   * otherwise the start is not recorded. Attaching `op` again has no effect. Disposing the result ends the recording
   * and keeps the recorded events.
   *
   * @throws TypeError if `op` is not an operation.
   */
  attach(op: Cancellable): Disposable {
    if (!(op instanceof Cancellable)) throw invalidType("op", "a Cancellable", op);
    const { id, context } = op;
    let active = this.#attached.get(id) !== op;
    this.#attached.set(id, op);
    // Times are computed from `duration`, because a callback can be called while another backend is the ambient one.
    let started = op.isRunning ? detectBackend().now() - (context.duration as number) : 0;
    const now = (): number =>
      context.duration === undefined ? detectBackend().now() : started + context.duration;
    const note = <K extends CallbackKind>(type: K, data: RecordedData[K], from = id): void => {
      if (active) this.#add(from, type, now(), data);
    };
    op.onStart(() => {
      started = detectBackend().now() - (context.duration as number);
      note("start", { name: op.name });
    });
    op.onProgress((progress, { context: { id: from }, metadata }) => {
      // An operation that is attached itself records its own progress.
      if (from !== id && this.#attached.has(from)) return;
      const message = typeof progress === "string" ? progress : progress.message;
      note("progress", { progress, message, metadata }, from);
    });
    op.onComplete(() => note("complete", { duration: context.duration as number }));
    op.onCancel(() => note("cancel", { reason: context.cancelReason, message: context.cancelMessage }));
    op.onError((_, error) => note("error", describe(error)));
    return {
      [Symbol.dispose]() {
        active = false;
      },
    };
  }

  /** Records an event explicitly, with the time of the ambient backend. */
  record<K extends CallbackKind>(id: string, type: K, data: RecordedData[K]): void {
    requireText(id, "id");
    this.#add(id, type, detectBackend().now(), data);
  }

  #add<K extends CallbackKind>(id: string, type: K, time: number, data: RecordedData[K]): void {
    this.#events.push(Object.freeze({ id, type, time, data }) as RecordedEvent);
  }

  /** The events that match the filter, in order. Without a filter: all events. Every call returns a new array. */
  events<K extends CallbackKind = CallbackKind>(filter?: EventFilter<K>): RecordedEvent<K>[] {
    requireKnownOptions(filter, { id: 1, type: 1, matching: 1 }, "events", "filter");
    const { id, type, matching } = filter ?? {};
    requireText(id, "filter.id");
    requireText(type, "filter.type");
    if (matching !== undefined) requireFunction(matching, "filter.matching");
    return (this.#events as RecordedEvent<K>[]).filter(
      (event) =>
        (id === undefined || event.id === id) &&
        (type === undefined || event.type === type) &&
        (matching === undefined || matching(event)),
    );
  }

  /**
   * Asserts that there is an event with this type that matches the filter. Returns the latest one.
   *
   * @throws AssertionError if there is none. The message lists the recorded events.
   */
  assertEvent<K extends CallbackKind>(type: K, filter?: Omit<EventFilter<K>, "type">): RecordedEvent<K> {
    requireKnownOptions(filter, { id: 1, matching: 1 }, "assertEvent", "filter");
    const latest = this.events<K>({ ...filter, type }).at(-1);
    if (latest !== undefined) return latest;
    const ofOperation = filter?.id === undefined ? "" : ` of operation ${filter.id}`;
    const matching = filter?.matching === undefined ? "" : " that matches";
    const recorded = this.#events.map((event) => `${event.type} of ${event.id}`);
    throw new AssertionError(
      `Expected a "${type}" event${ofOperation}${matching}; recorded: ${recorded.join(", ") || "nothing"}`,
    );
  }

  /**
   * Asserts the current status of an attached operation.
   *
   * @param operation The operation or its id.
   * @throws AssertionError if the status is different, or if the operation was never attached.
   */
  assertFinalStatus(operation: Cancellable | string, status: OperationStatus): void {
    const id = typeof operation === "string" ? operation : operation?.id;
    const op = this.#attached.get(id);
    if (op === undefined) {
      throw new AssertionError(`Expected operation ${id} to be ${status}, but it was never attached`);
    }
    if (op.status === status) return;
    const why = op.context.errorMessage ?? op.context.cancelMessage;
    throw new AssertionError(
      `Expected ${op.label} to be ${status}, but it is ${op.status}${why === undefined ? "" : `: ${why}`}`,
      { actual: op.status, expected: status },
    );
  }

  /** Removes all recorded events. Attached operations stay attached. */
  clear(): void {
    this.#events.length = 0;
  }
}

function describe(error: unknown): RecordedData["error"] {
  if (isError(error)) return { type: error.constructor.name, message: error.message, error };
  return { type: typeof error, message: typeof error === "string" ? error : show(error), error };
}
