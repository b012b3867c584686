import { timeLeft } from "../http/deadline-header.ts";
import type { AnswerRecord } from "../model/partial-answer.ts";
import { retryDelay } from "../model/retry-delay.ts";
import { streamUntilAborted } from "../model/stream-until-aborted.ts";
import { untilAborted } from "../model/until-aborted.ts";
import { addAnswer, addPart, type ModelAnswer, type ModelPart } from "./record.ts";

interface CallOptions {
  readonly abortSignal?: AbortSignal | undefined;
}

type Call = (options: CallOptions) => PromiseLike<unknown>;

/** The first wait of the AI SDK between two attempts, in ms, where the server names none below 60 s. */
const firstDelay = 2_000;

/**
 * A model whose calls (`doGenerate`, `doStream`, `doEmbed`, …) end with the signal that the AI SDK gives them, with its very
 * reason: also those of a provider that does not listen. With an aborted signal the provider is not called.
 *
 * @param record Gets the answer of the model.
 */
export function guardModel<Model extends object>(model: Model, record: AnswerRecord): Model {
  return new Proxy(model, {
    get(target, key) {
      // From the model itself, which can have private fields.
      const value: unknown = Reflect.get(target, key, target);
      if (typeof value !== "function") return value;
      if (typeof key !== "string" || !/^do[A-Z]/.test(key)) return value.bind(target);
      return (options: CallOptions) => guardedCall(value.bind(target) as Call, options, record);
    },
  });
}

async function guardedCall(call: Call, options: CallOptions, record: AnswerRecord): Promise<unknown> {
  const { abortSignal: signal = new AbortController().signal } = options;
  if (signal.aborted) throw signal.reason;
  record.beginRequest();
  let answer: unknown;
  try {
    answer = await untilAborted(call(options), signal, () => signal.reason);
  } catch (error) {
    throw withoutLongWait(error);
  }
  const { stream } = (answer ?? {}) as { readonly stream?: unknown };
  if (!(stream instanceof ReadableStream)) {
    addAnswer(record, (answer ?? {}) as ModelAnswer);
    return answer;
  }
  const parts = streamUntilAborted(stream as ReadableStream<ModelPart>, signal, () => signal.reason, {
    onPart: (part) => addPart(record, part),
  });
  return { ...(answer as object), stream: parts };
}

interface RetryableError {
  readonly isRetryable?: boolean;
  readonly responseHeaders?: Record<string, string> | undefined;
  readonly cause?: unknown;
}

/** Makes an error final if the wait before the next attempt would last beyond the deadline. */
function withoutLongWait(error: unknown): unknown {
  const { isRetryable, responseHeaders, cause } = (error ?? {}) as RetryableError;
  if (isRetryable !== true) return error;
  const headers = responseHeaders ?? (cause as RetryableError | undefined)?.responseHeaders;
  const named = headers && retryDelay(new Headers(headers));
  const delay = named !== undefined && named >= 0 && named < 60_000 ? named : firstDelay;
  return delay < timeLeft() ? error : Object.defineProperty(error as object, "isRetryable", { value: false });
}
