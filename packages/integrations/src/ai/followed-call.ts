import { toList } from "@hother/cancelable/extending";
import { keepRecord } from "../model/partial-answer.ts";
import { quietly } from "../model/quietly.ts";
import { type AiOptions, Answer, type FindModel } from "./answer.ts";
import { followResult } from "./followed-result.ts";

export type AiFunction = (options: AiOptions) => unknown;
type Callback = (...args: unknown[]) => unknown;

/** A function of the AI SDK that returns a promise of its whole result. */
export function followPromise(name: string, call: AiFunction, find: FindModel): AiFunction {
  return (options) => {
    const answer = new Answer(options?.abortSignal, `${name}() of the AI SDK`);
    return whole(answer, () => call(answer.guard(options, find)));
  };
}

/** A promise of a whole result, which rejects with the error of the scope. */
export function whole(answer: Answer, call: () => unknown): Promise<unknown> {
  const wait = async (): Promise<unknown> => {
    try {
      if (answer.isStopped) throw answer.cancellation;
      const result = await call();
      // The SDK makes a result of a tool that was cancelled.
      if (answer.isStopped) throw answer.cancellation;
      answer.record.complete();
      return result;
    } catch (error) {
      throw await answer.failure(error);
    } finally {
      answer.end();
    }
  };
  const result = quietly(wait());
  keepRecord(result, answer.record);
  return result;
}

/** `streamText`, whose result is there at once. */
export function followStreamText(call: AiFunction, find: FindModel): AiFunction {
  return (options) => {
    const answer = new Answer(options?.abortSignal, "streamText() of the AI SDK");
    return begin(answer, () => call({ ...answer.guard(options, find), ...watched(options, answer) }));
  };
}

/** `streamObject`, which has no transforms. Its end is that of its callbacks. */
export function followStreamObject(call: AiFunction, find: FindModel): AiFunction {
  return (options) => {
    const answer = new Answer(options?.abortSignal, "streamObject() of the AI SDK");
    const { onFinish, onError } = (options ?? {}) as { onFinish?: Callback; onError?: Callback };
    const own: AiOptions = {
      onFinish: (event: unknown) => {
        if (answer.isStopped) return;
        answer.record.complete();
        answer.end();
        return onFinish?.(event);
      },
      onError: (event: { readonly error?: unknown }) => {
        if (answer.isStopped) return;
        answer.end();
        if (onError !== undefined) return onError(event);
        console.error(event.error); // as the SDK does without a callback
      },
    };
    return begin(answer, () => call({ ...answer.guard(options, find), ...own }));
  };
}

function begin(answer: Answer, call: () => unknown): unknown {
  try {
    return followResult(call() as object, answer); // the results of both functions are objects
  } catch (error) {
    answer.end(); // a wrong option
    throw error;
  }
}

/** The options that tell of the end of a stream of text. */
export function watched(options: AiOptions, answer: Answer): AiOptions {
  const { onFinish, experimental_transform: own } = options;
  const end = (): TransformStream =>
    new TransformStream({
      flush() {
        if (!answer.isStopped) answer.record.complete();
        answer.end();
      },
    });
  const transforms = own === undefined ? [] : toList(own, "options.experimental_transform", () => {});
  return {
    experimental_transform: [...transforms, end],
    ...(typeof onFinish === "function" && {
      // The SDK calls it for the steps before the one that was cut off.
      onFinish: (...args: unknown[]) => (answer.isStopped ? undefined : onFinish(...args)),
    }),
  };
}
