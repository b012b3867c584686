import { isThenable } from "@hother/cancelable/extending";
import { keepRecord } from "../model/partial-answer.ts";
import { quietly } from "../model/quietly.ts";
import type { Answer } from "./answer.ts";

type Method = (...args: unknown[]) => unknown;

/**
 * The result of `streamText` or `streamObject` whose streams and promises fail with the error of the scope. Those of the SDK end
 * without an error, or stay pending. The streams for a user interface stay those of the SDK: they end with an `abort` part.
 */
export function followResult<Result extends object>(result: Result, answer: Answer): Result {
  const followed: Result = new Proxy(result, {
    get(target, key) {
      const value: unknown = Reflect.get(target, key, target);
      if (value instanceof ReadableStream) return followStream(value, answer);
      if (isThenable(value)) return quietly(answer.during(value));
      if (typeof value !== "function") return value;
      // Silent for the usual call without `await`.
      if (key === "consumeStream")
        return (...args: unknown[]) => quietly(answer.during(value.apply(target, args) as Promise<void>));
      // A response of plain text has no other sign of an early end than an error.
      if (key === "toTextStreamResponse") return (...args: unknown[]) => value.apply(followed, args);
      return (value as Method).bind(target);
    },
  });
  keepRecord(followed, answer.record);
  return followed;
}

function followStream(source: ReadableStream<unknown>, answer: Answer): ReadableStream<unknown> {
  const reader = source.getReader();
  return new ReadableStream<unknown>(
    {
      async pull(controller) {
        for (;;) {
          let result: ReadableStreamReadResult<unknown>;
          try {
            result = await reader.read();
          } catch (error) {
            throw await answer.failure(error);
          }
          const { cancellation } = answer;
          if (!result.done && (cancellation === undefined || isAbortPart(result.value)))
            return controller.enqueue(result.value);
          if (result.done && cancellation === undefined) return controller.close();
          // The parts after the cancellation are dropped, up to the part that tells of it.
          if (result.done) throw await answer.failure(cancellation);
        }
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  );
}

/** The last part of `fullStream`, for code that looks at the parts. */
function isAbortPart(part: unknown): boolean {
  return (part as { readonly type?: unknown } | null)?.type === "abort";
}
