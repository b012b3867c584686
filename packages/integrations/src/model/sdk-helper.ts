import { currentScope, isCancellation } from "@hother/cancelable";
import { type RequestSignal, requestSignal } from "../http/request-signal.ts";
import { AnswerRecord, keepRecord } from "./partial-answer.ts";

type Listener = (...values: unknown[]) => void;

/** The members of a client's stream or runner with events that are used. `_emit` is an event and its values. */
export interface SdkHelper {
  readonly controller: AbortController;
  readonly ended: boolean;
  abort(): void;
  on(event: string, listener: Listener): unknown;
  once(event: string, listener: Listener): unknown;
  emitted(event: string): Promise<unknown>;
  _emit(event: string, ...values: unknown[]): void;
  [Symbol.asyncIterator]?(): AsyncIterator<unknown>;
}

/** The helpers by the signal that they give to their requests. */
const helpers = new WeakMap<AbortSignal, { readonly record: AnswerRecord }>();

/** The helper that makes a request with this signal. */
export function helperOf(signal: AbortSignal | undefined): { readonly record: AnswerRecord } | undefined {
  return signal === undefined ? undefined : helpers.get(signal);
}

/** Whether `error` is that of a request or of a tool that was cut off, and not a failure that happened in the meantime. */
function isAbort(event: string, error: unknown): boolean {
  return event === "abort" || isCancellation(error) || isCancellation((error as Error | undefined)?.cause);
}

/**
 * Makes a helper end with the error of the scope: its promises, its iterators, and its `abort` listeners get it. The helper
 * ends once, when its requests and its tools have ended.
 *
 * @param ownRecord A record that the caller fills. Without it, the requests of the helper fill one.
 */
export function followHelper<Helper extends SdkHelper>(
  helper: Helper,
  what: string,
  ownRecord?: AnswerRecord,
): Helper {
  const scope = currentScope();
  const link = requestSignal(undefined, what);
  const record = ownRecord ?? new AnswerRecord();
  keepRecord(helper, record);
  if (ownRecord === undefined) helpers.set(helper.controller.signal, { record });
  link.ownBody();
  const cut = (): void => helper.abort();
  if (link.signal.aborted) cut();
  else link.signal.addEventListener("abort", cut, { once: true });
  const { _emit: emit, emitted } = helper;
  helper._emit = (event, ...values) => {
    if (event === "end") end(link, record);
    if (!link.isCancelled || !(event === "abort" || event === "error") || !isAbort(event, values[0]))
      return emit.call(helper, event, ...values);
    record.stop();
    // With a listener, the helper makes no unhandled rejection.
    helper.on("abort", () => {});
    emit.call(helper, "abort", link.signal.reason);
  };
  // `emitted` of the client stays pending when the helper is aborted.
  helper.emitted = (event) =>
    new Promise((resolve, reject) => {
      emitted.call(helper, event).then(resolve, reject);
      if (event !== "abort") helper.once("abort", reject);
    });
  const iterate = helper[Symbol.asyncIterator];
  if (iterate !== undefined)
    helper[Symbol.asyncIterator] = () =>
      // The parts that wait for their reader outlive the helper.
      followIterator(iterate.call(helper), helper, () =>
        link.isCancelled ? link.signal.reason : scope.error,
      );
  return helper;
}

function end(link: RequestSignal, record: AnswerRecord): void {
  if (link.isCancelled) record.stop();
  link[Symbol.dispose]();
}

/** An iterator that throws the error of the scope. That of the client ends without one, if parts wait for their reader. */
function followIterator(
  source: AsyncIterator<unknown>,
  helper: SdkHelper,
  cancellation: () => unknown,
): AsyncIterator<unknown> {
  let isOver = false;
  const ended = new Promise<void>((resolve) => {
    if (helper.ended) resolve();
    else helper.on("end", () => resolve());
  });
  return {
    async next() {
      if (isOver) return { done: true, value: undefined };
      if (cancellation() === undefined) {
        try {
          const result = await source.next();
          if (cancellation() === undefined) {
            isOver = result.done === true;
            return result;
          }
        } catch (error) {
          isOver = true;
          throw error;
        }
      }
      isOver = true;
      await ended;
      throw cancellation();
    },
    async return() {
      isOver = true;
      await source.return?.();
      return { done: true, value: undefined };
    },
  };
}
