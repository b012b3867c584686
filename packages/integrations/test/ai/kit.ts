import { Cancellable, shield, sleep, sleepForever } from "@hother/cancelable";
import * as ai from "ai";
import { afterEach, beforeEach, expect, vi } from "vitest";
import { cancellableAI } from "../../src/ai/index.ts";
import { type Answer, modelServer } from "../model/model-server.ts";

const { jsonSchema, tool } = ai;
export const { embed, generateObject, generateText, streamObject, streamText, ToolLoopAgent } =
  cancellableAI(ai);

export const part = (value: object): string => `data: ${JSON.stringify(value)}\n\n`;
export const usage = {
  inputTokens: { total: 3, noCache: 3, cacheRead: 0, cacheWrite: 0 },
  outputTokens: { total: 2, text: 2, reasoning: 0 },
};
export const finish = (unified = "stop"): string =>
  part({ type: "finish", finishReason: { unified, raw: unified }, usage });
export const delta = (text: string): string => part({ type: "text-delta", id: "0", delta: text });
export const hello = part({ type: "text-start", id: "0" }) + delta("Hel") + delta("lo");
export const end = part({ type: "text-end", id: "0" }) + finish();
export const toolCall = { type: "tool-call", toolCallId: "t1", toolName: "wait", input: '{"n":1}' };
export const whole = {
  content: [{ type: "text", text: "Hello" }],
  finishReason: { unified: "stop", raw: "stop" },
  usage,
  warnings: [],
};
export const withTool = { ...whole, content: [toolCall], finishReason: { unified: "tool-calls", raw: "x" } };

export async function start(...answers: Answer[]) {
  const server = await modelServer(...answers);
  const provider = ai.createGateway({ apiKey: "k", baseURL: server.url });
  const model = provider("provider/model");
  return { server, provider, model, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}

/** Runs `body` in an operation that is cancelled when `when` resolves. Returns the error that `body` has thrown. */
export async function stopped(body: (op: Cancellable) => Promise<unknown>, when?: () => Promise<unknown>) {
  const op = new Cancellable();
  let thrown: unknown;
  const ending = op.settle(async () => {
    try {
      return await body(op);
    } catch (error) {
      thrown = error;
      throw error;
    }
  });
  if (when !== undefined) {
    await when();
    op.cancel("disconnect", "the user has left");
  }
  const outcome = await ending;
  return { op, outcome, thrown };
}

/** Makes each test fail that leaves an unhandled rejection, or writes an error to the console. */
export function watchErrors(): void {
  const unhandled: unknown[] = [];
  const onUnhandled = (error: unknown): void => void unhandled.push(error);
  beforeEach(() => {
    unhandled.length = 0;
    process.on("unhandledRejection", onUnhandled);
    vi.spyOn(console, "error");
  });
  afterEach(async () => {
    await new Promise((resolve) => setImmediate(resolve));
    process.off("unhandledRejection", onUnhandled);
    expect(unhandled).toEqual([]);
    expect(console.error).not.toHaveBeenCalled();
    vi.restoreAllMocks();
  });
}

/** A tool that waits for ever and cleans up, and its steps. */
export function waitingTool(steps: string[]) {
  return tool({
    inputSchema: jsonSchema<{ n: number }>({ type: "object" }),
    execute: async (_input, { abortSignal }) => {
      steps.push("tool");
      try {
        await sleepForever();
      } finally {
        await shield(() => sleep(20));
        steps.push(`tool ended, ${abortSignal?.aborted ? "aborted" : "not aborted"}`);
      }
      return "never";
    },
  });
}
