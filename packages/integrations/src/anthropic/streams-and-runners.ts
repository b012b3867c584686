import type Anthropic from "@anthropic-ai/sdk";
import { AnswerRecord } from "../model/partial-answer.ts";
import { followHelper, type SdkHelper } from "../model/sdk-helper.ts";
import { followRunner, type ToolRunner } from "./tool-runner.ts";
import { followTurn } from "./turn.ts";

type Method = (this: unknown, ...args: unknown[]) => unknown;
type Methods = Record<string, Method | undefined>;

/** Makes the streams with events, the message threads and the tool runners of a client follow the scope of their call. */
export function followStreamsAndRunners(client: Anthropic): void {
  const isAbort = (error: unknown): boolean =>
    error instanceof (client.constructor as typeof Anthropic).APIUserAbortError;
  const runner = (method: Method, of: unknown, args: unknown[]): unknown =>
    followRunner((...changed) => method.apply(of, changed) as ToolRunner, args, isAbort);
  const stream = (method: Method, of: unknown, args: unknown[]): unknown =>
    followHelper(method.apply(of, args) as SdkHelper, "stream() of Anthropic");
  replace(client.messages, "stream", stream);
  replace(client.beta?.messages, "stream", stream);
  replace(client.beta?.messages, "toolRunner", runner);
  replace(client.beta?.messages, "thread", (method, of, args) => {
    const thread = method.apply(of, args) as object;
    replace(thread, "stream", (begin, self, turn) =>
      followTurn(begin.apply(self, turn) as SdkHelper, new AnswerRecord()),
    );
    replace(thread, "toolRunner", runner);
    return thread;
  });
}

function replace(
  object: object | undefined,
  name: string,
  by: (method: Method, of: unknown, args: unknown[]) => unknown,
): void {
  const methods = (object ?? {}) as Methods; // a resource of the client, or a thread
  const method = methods[name];
  if (method !== undefined) methods[name] = (...args) => by(method, object, args);
}
