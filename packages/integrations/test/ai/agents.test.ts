import { Cancellable } from "@hother/cancelable";
import { liveScopes } from "@hother/cancelable/inspect";
import * as ai from "ai";
import { describe, expect, test } from "vitest";
import { cancellableAI, partialAnswer } from "../../src/ai/index.ts";
import { json, silence, streams } from "../model/model-server.ts";
import {
  end,
  finish,
  hello,
  part,
  start,
  stopped,
  streamText,
  ToolLoopAgent,
  toolCall,
  waitingTool,
  watchErrors,
  whole,
} from "./kit.ts";

watchErrors();

describe("an agent", () => {
  const settings = (model: ai.LanguageModel, steps: string[] = []) => ({
    model,
    instructions: "help",
    tools: { wait: waitingTool(steps) },
  });

  test("is stopped during a tool: the tool has ended before the stream ends (LLM-03)", async () => {
    await using used = await start(streams(part(toolCall), finish("tool-calls")));
    const steps: string[] = [];
    let answer: object | undefined;
    const { op, thrown } = await stopped(
      async () => {
        const result = await new ToolLoopAgent(settings(used.model, steps)).stream({ prompt: "x" });
        answer = result;
        for await (const _ of result.textStream);
      },
      async () => {
        await expect.poll(() => steps).toEqual(["tool"]);
      },
    );
    expect(thrown).toBe(op.error);
    expect(steps).toEqual(["tool", "tool ended, aborted"]);
    expect(partialAnswer(answer as object)).toMatchObject({
      toolCalls: [{ name: "wait" }],
      completed: false,
    });
  });

  test("that generates rejects with the error of the scope, and calls no model in a cancelled scope (LLM-01, LLM-02)", async () => {
    await using used = await start(silence);
    const agent = new ToolLoopAgent(settings(used.model));
    expect(agent).toBeInstanceOf(ai.ToolLoopAgent);
    const { op, thrown } = await stopped(
      () => agent.generate({ prompt: "x" }),
      () => used.server.until(({ requests }) => requests.length === 1),
    );
    expect(thrown).toBe(op.error);
    for (const call of [() => agent.generate({ prompt: "x" }), () => agent.stream({ prompt: "x" })]) {
      const refused = await stopped(async (own) => {
        own.cancel();
        await call();
      });
      expect(refused.thrown).toBe(refused.op.error);
    }
    expect(used.server.requests).toHaveLength(1);
  });

  test("without options fails, and nothing waits for its scope any more", async () => {
    await using used = await start(silence);
    const agent = new ToolLoopAgent(settings(used.model));
    await new Cancellable().run(async (op) => {
      // @ts-expect-error no options
      await expect(agent.stream()).rejects.toThrow(TypeError);
      expect(liveScopes(op).reduce((sum, { waits }) => sum + waits, 0)).toBe(0);
    });
  });

  test("works as before where nothing is cancelled, also with prepareCall", async () => {
    await using used = await start(json(whole), streams(hello, end));
    const agent = new ToolLoopAgent({
      ...settings(used.model),
      prepareCall: (options) => ({ ...options, temperature: 0.5 }),
    });
    expect((await agent.generate({ prompt: "x" })).text).toBe("Hello");
    const answer = await agent.stream({ prompt: "x" });
    expect(await answer.text).toBe("Hello");
    expect(partialAnswer(answer)).toMatchObject({ text: "Hello", completed: true });
  });
});

test("cancellableAI takes the module, and leaves it as it is", () => {
  // @ts-expect-error no module
  expect(() => cancellableAI({})).toThrow(/ai must be the module "ai"/);
  // @ts-expect-error no module
  expect(() => cancellableAI(undefined)).toThrow(/ai must be the module "ai"/);
  expect(streamText).not.toBe(ai.streamText);
  expect(cancellableAI(ai).smoothStream).toBe(ai.smoothStream);
});
