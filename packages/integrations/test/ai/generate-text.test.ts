import { failAfter, sleepForever } from "@hother/cancelable";
import * as ai from "ai";
import { describe, expect, test } from "vitest";
import { partialAnswer } from "../../src/ai/index.ts";
import { json, refuses, silence } from "../model/model-server.ts";
import { generateText, start, stopped, waitingTool, watchErrors, whole, withTool } from "./kit.ts";

const { jsonSchema, stepCountIs, tool } = ai;
watchErrors();

describe("generateText", () => {
  test("ends at once while it waits for headers, with the error of the scope (LLM-01)", async () => {
    await using used = await start(silence);
    const { op, thrown } = await stopped(
      () => generateText({ model: used.model, prompt: "x" }),
      () => used.server.until(({ requests }) => requests.length === 1),
    );
    expect(thrown).toBe(op.error);
    await used.server.until(({ closed }) => closed === 1);
  });

  test("in a cancelled scope calls no model (LLM-02)", async () => {
    await using used = await start(json(whole));
    const { op, thrown } = await stopped(async (own) => {
      own.cancel();
      await generateText({ model: used.model, prompt: "x" });
    });
    expect(thrown).toBe(op.error);
    expect(used.server.requests).toHaveLength(0);
  });

  test("between two attempts ends at once and never tries again (LLM-02)", async () => {
    await using used = await start(refuses(429, { "retry-after": "30" }));
    const { op, thrown } = await stopped(
      () => generateText({ model: used.model, prompt: "x" }),
      async () => {
        await used.server.until(({ requests }) => requests.length === 1);
        await new Promise((resolve) => setTimeout(resolve, 50)); // the wait has begun
      },
    );
    expect(thrown).toBe(op.error);
    expect(used.server.requests).toHaveLength(1);
  });

  test("does not wait for a Retry-After beyond the deadline: it rejects with the error of the provider", async () => {
    await using used = await start(refuses(429, { "retry-after": "50" }));
    const error = await failAfter(20_000, () => generateText({ model: used.model, prompt: "x" })).catch(
      (thrown: unknown) => thrown,
    );
    expect(error).toMatchObject({ statusCode: 429 });
    expect(used.server.requests).toHaveLength(1);
  });

  test("a stop during a tool cancels the tool and waits for it, and keeps the finished step (LLM-03)", async () => {
    await using used = await start(json(withTool));
    const steps: string[] = [];
    let answer: Promise<unknown> | undefined;
    const { op, thrown } = await stopped(
      async () => {
        // With one step the SDK would resolve.
        answer = generateText({ model: used.model, prompt: "x", tools: { wait: waitingTool(steps) } });
        await answer.finally(() => steps.push("end"));
      },
      async () => {
        await expect.poll(() => steps).toEqual(["tool"]);
      },
    );
    expect(thrown).toBe(op.error);
    expect(steps).toEqual(["tool", "tool ended, aborted", "end"]);
    expect(used.server.requests).toHaveLength(1);
    expect(partialAnswer(answer as object)).toMatchObject({
      toolCalls: [{ id: "t1", name: "wait", completed: true }],
      usage: { inputTokens: 3, outputTokens: 2 },
      finishReason: undefined,
      completed: false,
    });
  });

  test("that is not awaited makes no unhandled rejection (LLM-01)", async () => {
    await using used = await start(silence);
    await stopped(
      async () => {
        void generateText({ model: used.model, prompt: "x" });
        await sleepForever();
      },
      () => used.server.until(({ requests }) => requests.length === 1),
    );
  });

  test("works as before where nothing is cancelled, also with the model of prepareStep", async () => {
    await using used = await start(json(withTool), json(whole));
    const wait = tool({ inputSchema: jsonSchema({ type: "object" }), execute: async () => "done" });
    const { text } = await generateText({
      model: used.model,
      prompt: "x",
      tools: { wait },
      stopWhen: stepCountIs(2),
      prepareStep: async () => ({ model: used.provider("provider/other") }),
    });
    expect(text).toBe("Hello");
    expect(used.server.header("ai-language-model-id")).toEqual(["provider/other", "provider/other"]);
  });

  test("finds the model of a name as the SDK does", async () => {
    await using used = await start(json(whole));
    const host = globalThis as { AI_SDK_DEFAULT_PROVIDER?: unknown };
    host.AI_SDK_DEFAULT_PROVIDER = used.provider;
    try {
      expect((await generateText({ model: "provider/named", prompt: "x" })).text).toBe("Hello");
      const { op, thrown } = await stopped(async (own) => {
        own.cancel();
        await generateText({ model: "provider/named", prompt: "x" });
      });
      expect(thrown).toBe(op.error);
    } finally {
      delete host.AI_SDK_DEFAULT_PROVIDER;
    }
    expect(used.server.header("ai-language-model-id")).toEqual(["provider/named"]);
  });
});
