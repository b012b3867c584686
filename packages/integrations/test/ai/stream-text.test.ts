import { Cancellable, currentOperation, failAfter, getBackend, isCancellation } from "@hother/cancelable";
import * as ai from "ai";
import { MockLanguageModelV3 } from "ai/test";
import { describe, expect, test, vi } from "vitest";
import { partialAnswer } from "../../src/ai/index.ts";
import { sends, streams } from "../model/model-server.ts";
import {
  end,
  finish,
  hello,
  part,
  start,
  stopped,
  streamText,
  toolCall,
  waitingTool,
  watchErrors,
} from "./kit.ts";

const { jsonSchema, stepCountIs, tool } = ai;
watchErrors();

describe("streamText", () => {
  test("is stopped in the middle: the loop throws, the promises reject, the socket closes, the answer is kept (LLM-01)", async () => {
    await using used = await start(sends(hello));
    let text = "";
    let answer: ReturnType<typeof streamText> | undefined;
    const onAbort = vi.fn();
    const onFinish = vi.fn();
    const { op, outcome, thrown } = await stopped(async (own) => {
      answer = streamText({ model: used.model, prompt: "x", onAbort, onFinish });
      for await (const piece of answer.textStream) {
        text += piece;
        if (text === "Hello") own.cancel("disconnect", "the user has left");
      }
    });
    expect(outcome.status).toBe("cancelled");
    expect(thrown).toBe(op.error);
    await used.server.until(({ closed }) => closed === 1);
    const result = answer as NonNullable<typeof answer>;
    expect(partialAnswer(result)).toEqual({
      text: "Hello",
      reasoning: "",
      toolCalls: [],
      usage: undefined,
      finishReason: undefined,
      completed: false,
    });
    for (const promise of [result.text, result.usage, result.finishReason, result.steps, result.totalUsage])
      await expect(promise).rejects.toBe(op.error);
    expect(onAbort).toHaveBeenCalledTimes(1);
    expect(onFinish).not.toHaveBeenCalled();
  });

  test("is stopped while it waits for a part, by a deadline (LLM-01)", async () => {
    await using used = await start(sends(hello));
    let isAfterLoop = false;
    const error = await failAfter(60_000, async (limit) => {
      let text = "";
      for await (const piece of streamText({ model: used.model, prompt: "x" }).textStream) {
        text += piece;
        if (text === "Hello") limit.deadline = getBackend().now() + 50;
      }
      isAfterLoop = true;
    }).catch((thrown: unknown) => thrown);
    expect(isCancellation(error, { reason: "timeout" })).toBe(true);
    expect(isAfterLoop).toBe(false);
    await used.server.until(({ closed }) => closed === 1);
  });

  test("of which the server has sent everything is stopped all the same (LLM-01)", async () => {
    await using used = await start(streams(hello, end));
    let count = 0;
    const { op, outcome, thrown } = await stopped(async (own) => {
      for await (const _ of streamText({ model: used.model, prompt: "x" }).textStream) {
        count++;
        if (count === 1) own.cancel();
      }
    });
    expect([outcome.status, count]).toEqual(["cancelled", 1]);
    expect(thrown).toBe(op.error);
  });

  test("rejects its promises while nothing reads the stream (LLM-01)", async () => {
    await using used = await start(sends(hello));
    const { op, thrown } = await stopped(
      () => streamText({ model: used.model, prompt: "x" }).text as Promise<string>,
      () => used.server.until(({ requests }) => requests.length === 1),
    );
    expect(thrown).toBe(op.error);
    await used.server.until(({ closed }) => closed === 1);
  });

  test("gives out the abort part of fullStream, and throws after it (LLM-01)", async () => {
    await using used = await start(sends(hello));
    const types: string[] = [];
    const { op, thrown } = await stopped(async (own) => {
      for await (const piece of streamText({ model: used.model, prompt: "x" }).fullStream) {
        types.push(piece.type);
        if (types.filter((type) => type === "text-delta").length === 2) own.cancel("disconnect", "left");
        if (piece.type === "abort") expect(piece.reason).toBe("left");
      }
    });
    expect(types.at(-1)).toBe("abort");
    expect(types.filter((type) => type === "abort")).toHaveLength(1);
    expect(thrown).toBe(op.error);
  });

  test("ends the stream for a user interface properly: with its abort part, and once (LLM-01)", async () => {
    await using used = await start(sends(hello));
    const types: string[] = [];
    const finished: boolean[] = [];
    const { outcome } = await stopped(async (own) => {
      const stream = streamText({ model: used.model, prompt: "x" }).toUIMessageStream({
        onFinish: ({ isAborted }) => void finished.push(isAborted),
      });
      for await (const chunk of stream) {
        types.push(chunk.type);
        if (types.filter((type) => type === "text-delta").length === 2) own.cancel();
      }
    });
    expect(outcome.status).toBe("completed"); // the loop over the parts has ended with the part that tells of the stop
    expect(types.at(-1)).toBe("abort");
    expect(types.filter((type) => type === "abort")).toHaveLength(1);
    expect(finished).toEqual([true]);
  });

  test("breaks a response of plain text off, which has no other sign of a stop (LLM-01)", async () => {
    await using used = await start(sends(hello));
    const { op, thrown } = await stopped(async (own) => {
      const response = streamText({ model: used.model, prompt: "x" }).toTextStreamResponse();
      let text = "";
      for await (const bytes of response.body as unknown as AsyncIterable<Uint8Array>) {
        text += new TextDecoder().decode(bytes);
        if (text === "Hello") own.cancel();
      }
    });
    expect(thrown).toBe(op.error);
  });

  test("rejects consumeStream(), and is silent where the promise is not awaited (LLM-01)", async () => {
    await using used = await start(sends(hello));
    const { op, thrown } = await stopped(
      async () => {
        const answer = streamText({ model: used.model, prompt: "x" });
        void answer.consumeStream();
        await answer.consumeStream();
      },
      () => used.server.until(({ requests }) => requests.length === 1),
    );
    expect(thrown).toBe(op.error);
  });

  test("that ends well has the whole answer, and is not stopped later", async () => {
    await using used = await start(streams(hello, end));
    const onFinish = vi.fn();
    const { op, outcome } = await stopped(async () => {
      const answer = streamText({ model: used.model, prompt: "x", onFinish });
      expect(await answer.text).toBe("Hello");
      return answer;
    });
    expect(outcome.status).toBe("completed");
    const { value } = outcome as { value: ReturnType<typeof streamText> };
    op.cancel();
    expect(await value.finishReason).toBe("stop");
    expect(partialAnswer(value)).toMatchObject({
      text: "Hello",
      usage: { inputTokens: 3, outputTokens: 2 },
      finishReason: "stop",
      completed: true,
    });
    expect(onFinish).toHaveBeenCalledTimes(1);
  });

  test("in a cancelled scope calls no model (LLM-02)", async () => {
    const model = new MockLanguageModelV3({ doStream: () => Promise.reject(new Error("called")) });
    await using used = await start(sends(hello));
    for (const one of [model, used.model]) {
      const { op, thrown } = await stopped(async (own) => {
        own.cancel();
        await streamText({ model: one, prompt: "x" }).text;
      });
      expect(thrown).toBe(op.error);
    }
    expect(model.doStreamCalls).toHaveLength(0);
    expect(used.server.requests).toHaveLength(0);
  });

  test("with a signal of the user ends as it does without the integration", async () => {
    await using used = await start(sends(hello));
    const controller = new AbortController();
    const onAbort = vi.fn();
    let text = "";
    const op = new Cancellable();
    const outcome = await op.settle(async () => {
      const answer = streamText({ model: used.model, prompt: "x", abortSignal: controller.signal, onAbort });
      for await (const piece of answer.textStream) {
        text += piece;
        if (text === "Hello") controller.abort();
      }
    });
    expect([outcome.status, text]).toEqual(["completed", "Hello"]);
    expect(onAbort).toHaveBeenCalledTimes(1);
    await used.server.until(({ closed }) => closed === 1);
  });

  test("is stopped where the provider does not listen to its signal (LLM-01)", async () => {
    const model = new MockLanguageModelV3({
      doStream: async () => ({
        stream: new ReadableStream({
          start(controller) {
            controller.enqueue({ type: "text-start", id: "0" });
            controller.enqueue({ type: "text-delta", id: "0", delta: "Hello" });
          },
        }),
      }),
    });
    const { op, thrown } = await stopped(async (own) => {
      for await (const _ of streamText({ model, prompt: "x" }).textStream) own.cancel();
    });
    expect(thrown).toBe(op.error);
  });

  test("without a reader is released at the end of its operation", async () => {
    await using used = await start(sends(hello));
    await new Cancellable().run(async () => {
      streamText({ model: used.model, prompt: "x" });
      await used.server.until(({ requests }) => requests.length === 1);
    });
    await used.server.until(({ closed }) => closed === 1);
  });

  test.each([
    { first: "", name: "its first step" },
    { first: hello, name: "a step with text" },
  ])(
    "a stop during a tool of $name cancels the tool and waits for it, then the stream ends once (LLM-03)",
    async ({ first }) => {
      const ended = first === "" ? "" : part({ type: "text-end", id: "0" });
      await using used = await start(streams(first, ended, part(toolCall), finish("tool-calls")));
      const steps: string[] = [];
      const types: string[] = [];
      let answer: ReturnType<typeof streamText> | undefined;
      const { op, thrown } = await stopped(
        async () => {
          const result = streamText({
            model: used.model,
            prompt: "x",
            tools: { wait: waitingTool(steps) },
            stopWhen: stepCountIs(3),
            onAbort: () => void steps.push("abort"),
          });
          answer = result as unknown as typeof answer;
          try {
            for await (const piece of result.fullStream) types.push(piece.type);
          } finally {
            steps.push("end");
          }
        },
        async () => {
          await expect.poll(() => steps).toEqual(["tool"]);
        },
      );
      expect(thrown).toBe(op.error);
      expect(steps).toEqual(["tool", "tool ended, aborted", "abort", "end"]);
      expect(types.filter((type) => type === "abort" || type === "finish")).toEqual(["abort"]);
      expect(used.server.requests).toHaveLength(1);
      expect(partialAnswer(answer as object)).toMatchObject({
        text: first === "" ? "" : "Hello",
        toolCalls: [{ id: "t1", name: "wait", arguments: '{"n":1}', completed: true }],
        usage: { inputTokens: 3, outputTokens: 2 },
        finishReason: undefined,
        completed: false,
      });
    },
  );

  test("a stop in the second step rejects the promises, which the SDK would resolve with the first step (LLM-01)", async () => {
    await using used = await start(streams(part(toolCall), finish("tool-calls")), sends(hello));
    const onFinish = vi.fn();
    let answer: ReturnType<typeof streamText> | undefined;
    const { op, thrown } = await stopped(async (own) => {
      const quick = tool({ inputSchema: jsonSchema({ type: "object" }), execute: async () => "done" });
      const result = streamText({
        model: used.model,
        prompt: "x",
        tools: { wait: quick },
        stopWhen: stepCountIs(3),
        onFinish,
      });
      answer = result as unknown as typeof answer;
      let text = "";
      for await (const piece of result.textStream) {
        text += piece;
        if (text === "Hello") own.cancel();
      }
    });
    expect(thrown).toBe(op.error);
    const result = answer as NonNullable<typeof answer>;
    for (const promise of [result.text, result.finishReason, result.steps, result.usage])
      await expect(promise).rejects.toBe(op.error);
    expect(onFinish).not.toHaveBeenCalled();
    expect(partialAnswer(result)).toMatchObject({
      text: "Hello",
      usage: { inputTokens: 3, outputTokens: 2 },
      completed: false,
    });
  });

  test("runs tools as operations with their name, and keeps preliminary results", async () => {
    await using used = await start(streams(part(toolCall), finish("tool-calls")), streams(hello, end));
    const names: unknown[] = [];
    const results: unknown[] = [];
    const wait = tool({
      inputSchema: jsonSchema({ type: "object" }),
      async *execute() {
        names.push(currentOperation()?.name, currentOperation()?.context.metadata.toolCallId);
        yield "half";
        yield "done";
      },
    });
    const op = new Cancellable({ name: "above" });
    await op.run(async () => {
      const answer = streamText({
        model: used.model,
        prompt: "x",
        tools: { wait },
        stopWhen: stepCountIs(2),
      });
      for await (const piece of answer.fullStream)
        if (piece.type === "tool-result") results.push([piece.preliminary, piece.output]);
      expect(await answer.text).toBe("Hello");
    });
    expect(names).toEqual(["wait", "t1"]);
    expect(results).toEqual([
      [true, "half"],
      [true, "done"],
      [undefined, "done"],
    ]);
  });
});
