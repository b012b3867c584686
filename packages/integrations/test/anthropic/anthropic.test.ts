import Anthropic from "@anthropic-ai/sdk";
import { Cancellable, shield, sleep, sleepForever } from "@hother/cancelable";
import { describe, expect, test } from "vitest";
import { cancellableAnthropic, partialAnswer } from "../../src/anthropic/index.ts";
import { json, modelServer, sends, silence, streams } from "../model/model-server.ts";
import { sdkCases } from "../model/sdk-cases.ts";
import { cancelled, type Helper } from "../model/sdk-under-test.ts";

const event = (type: string, rest: object = {}): string =>
  `event: ${type}\ndata: ${JSON.stringify({ type, ...rest })}\n\n`;
const start = event("message_start", {
  message: {
    id: "1",
    type: "message",
    role: "assistant",
    model: "m",
    content: [],
    stop_reason: null,
    usage: { input_tokens: 3, output_tokens: 1 },
  },
});
const textBlock = event("content_block_start", { index: 0, content_block: { type: "text", text: "" } });
const text = (part: string): string =>
  event("content_block_delta", { index: 0, delta: { type: "text_delta", text: part } });
const end = (stop_reason = "end_turn"): string =>
  event("content_block_stop", { index: 0 }) +
  event("message_delta", { delta: { stop_reason }, usage: { output_tokens: 2 } }) +
  event("message_stop");
const params = { model: "m", max_tokens: 9, messages: [{ role: "user" as const, content: "hello" }] };
const clientOf = (url: string): Anthropic =>
  cancellableAnthropic(new Anthropic({ apiKey: "k", baseURL: url }));
const whole = {
  id: "1",
  type: "message",
  role: "assistant",
  content: [{ type: "text", text: "Hello" }],
  stop_reason: "end_turn",
  usage: { input_tokens: 3, output_tokens: 2 },
};

sdkCases({
  name: "Anthropic",
  partialAnswer,
  hello: start + textBlock + text("Hel") + text("lo"),
  end: end(),
  whole,
  usageSoFar: { inputTokens: 3, outputTokens: 1 },
  usage: { inputTokens: 3, outputTokens: 2 },
  finishReason: "end_turn",
  client: (url) => {
    const client = clientOf(url);
    return {
      create: (options) => client.messages.create(params, options),
      stream: (options) => client.messages.create({ ...params, stream: true }, options),
      list: async () => client.models.list(),
      textOf: (part) => {
        const { type, delta } = part as Anthropic.ContentBlockDeltaEvent;
        return type === "content_block_delta" && delta.type === "text_delta" ? delta.text : "";
      },
      helper: (options): Helper => {
        const helper = client.messages.stream(params, options);
        return {
          handle: helper,
          controller: helper.controller,
          final: () => helper.finalText(),
          get aborted() {
            return helper.aborted;
          },
          onAbort: (listener) => void helper.on("abort", listener),
          [Symbol.asyncIterator]: () => helper[Symbol.asyncIterator](),
        };
      },
    };
  },
});

/** An answer that calls the tool. */
const toolStream =
  start +
  event("content_block_start", {
    index: 0,
    content_block: { type: "tool_use", id: "t1", name: "wait", input: {} },
  }) +
  event("content_block_delta", { index: 0, delta: { type: "input_json_delta", partial_json: '{"n":1}' } }) +
  end("tool_use");
const toolMessage = {
  ...whole,
  content: [{ type: "tool_use", id: "t1", name: "wait", input: { n: 1 } }],
  stop_reason: "tool_use",
};

describe("a client of Anthropic", () => {
  test("keeps reasoning, tool input and the current message of a stream that was stopped (LLM-01)", async () => {
    await using server = await modelServer(
      sends(
        start,
        event("content_block_start", { index: 0, content_block: { type: "thinking", thinking: "" } }),
        event("content_block_delta", { index: 0, delta: { type: "thinking_delta", thinking: "hm" } }),
        event("content_block_stop", { index: 0 }),
        event("content_block_start", {
          index: 1,
          content_block: { type: "tool_use", id: "t1", name: "add", input: {} },
        }),
        event("content_block_delta", {
          index: 1,
          delta: { type: "input_json_delta", partial_json: '{"a":' },
        }),
      ),
    );
    const client = clientOf(server.url);
    const op = new Cancellable();
    let helper: ReturnType<Anthropic["messages"]["stream"]> | undefined;
    await op.settle(async () => {
      helper = client.messages.stream(params);
      for await (const part of helper)
        if (part.type === "content_block_delta" && part.delta.type === "input_json_delta") op.cancel();
    });
    expect(partialAnswer(helper as object)).toEqual({
      text: "",
      reasoning: "hm",
      toolCalls: [{ id: "t1", name: "add", arguments: '{"a":', completed: false }],
      usage: { inputTokens: 3, outputTokens: 1 },
      finishReason: undefined,
      completed: false,
    });
    expect(helper?.currentMessage?.usage.input_tokens).toBe(3);
  });

  test("stops a stream of the beta resource (LLM-01)", async () => {
    await using server = await modelServer(sends(start, textBlock, text("Hel")));
    const client = clientOf(server.url);
    const op = new Cancellable();
    let helper: ReturnType<Anthropic["beta"]["messages"]["stream"]> | undefined;
    let thrown: unknown;
    await op.settle(async () => {
      helper = client.beta.messages.stream(params);
      helper.on("text", () => setImmediate(() => op.cancel("disconnect")));
      await helper.finalMessage().catch((error: unknown) => {
        thrown = error;
      });
    });
    expect(thrown).toBe(op.error);
    expect(partialAnswer(helper as object).text).toBe("Hel");
    await server.until(({ closed }) => closed === 1);
  });

  test("rejects withResponse() of a helper with the error of the scope (LLM-01)", async () => {
    await using server = await modelServer(silence);
    const client = clientOf(server.url);
    const { error, scopeError } = await cancelled(
      () => client.messages.stream(params).withResponse(),
      () => server.until(({ requests }) => requests.length === 1),
    );
    expect(error).toBe(scopeError);
  });

  test("stops a stream of a message thread (LLM-01)", async () => {
    await using server = await modelServer(sends(start, textBlock, text("Hel")));
    const client = clientOf(server.url);
    const op = new Cancellable();
    let answer: object | undefined;
    let thrown: unknown;
    await op.settle(async () => {
      const helper = client.beta.messages
        .thread({ model: "m", max_tokens: 9 })
        .stream({ role: "user", content: "hello" });
      answer = helper;
      helper.on("text", () => setImmediate(() => op.cancel("disconnect")));
      await helper.finalMessage().catch((error: unknown) => {
        thrown = error;
      });
    });
    expect(thrown).toBe(op.error);
    expect(partialAnswer(answer as object)).toMatchObject({ text: "Hel", completed: false });
    await server.until(({ closed }) => closed === 1);
  });

  const modes = [
    { name: "messages", stream: false, eager: false },
    { name: "streams", stream: true, eager: false },
    { name: "streams with eager tools", stream: true, eager: true },
  ];

  test.each(modes)(
    "a stop during a tool of toolRunner cancels the tool and waits for it, then the runner ends once, $name (LLM-03)",
    async ({ stream, eager }) => {
      await using server = await modelServer(stream ? streams(toolStream) : json(toolMessage));
      const client = clientOf(server.url);
      const steps: string[] = [];
      const op = new Cancellable();
      let answer: object | undefined;
      let signal: AbortSignal | null | undefined;
      const tool = {
        name: "wait",
        input_schema: { type: "object" as const },
        parse: (input: unknown) => input,
        run: async (_input: unknown, context?: { signal?: AbortSignal | null }) => {
          signal = context?.signal;
          steps.push("tool");
          try {
            await sleepForever();
          } finally {
            await shield(() => sleep(20));
            steps.push("tool ended");
          }
          return "never";
        },
      };
      const ending = op.settle(async () => {
        const runner = client.beta.messages.toolRunner({
          ...params,
          tools: [tool],
          stream,
          ...(eager && { runToolsEagerly: true }),
        } as Parameters<typeof client.beta.messages.toolRunner>[0]);
        answer = runner;
        try {
          await runner.runUntilDone();
        } finally {
          steps.push("end");
        }
      });
      await expect.poll(() => steps).toEqual(["tool"]);
      expect(op.children.map((child) => child.name)).toEqual(["wait"]);
      op.cancel("disconnect");
      expect(await ending).toMatchObject({ status: "cancelled", error: { reason: "disconnect" } });
      expect(steps).toEqual(["tool", "tool ended", "end"]);
      expect(signal?.aborted).toBe(true);
      expect(server.requests).toHaveLength(1);
      expect(partialAnswer(answer as object)).toMatchObject({
        toolCalls: [{ id: "t1", name: "wait", arguments: '{"n":1}', completed: true }],
        usage: { inputTokens: 3, outputTokens: 2 },
        finishReason: undefined,
        completed: false,
      });
    },
  );

  test.each([false, true])(
    "stops a turn of toolRunner that is under way, with the error of the scope, stream: %s (LLM-01)",
    async (stream) => {
      await using server = await modelServer(stream ? sends(start, textBlock, text("Hel")) : silence);
      const client = clientOf(server.url);
      const op = new Cancellable();
      let thrown: unknown;
      const ending = op.settle(async () => {
        const runner = client.beta.messages.toolRunner({ ...params, tools: [], stream });
        try {
          for await (const turn of runner) {
            if (!("on" in turn)) continue;
            for await (const part of turn) if (part.type === "content_block_delta") op.cancel();
          }
        } catch (error) {
          thrown = error;
        }
      });
      await server.until(({ requests }) => requests.length === 1);
      if (!stream) op.cancel();
      await ending;
      expect(thrown).toBe(op.error);
      await server.until(({ closed }) => closed === 1);
    },
  );

  test("runs the tools of toolRunner to the end where nothing is cancelled", async () => {
    await using server = await modelServer(json(toolMessage), json(whole));
    const client = clientOf(server.url);
    const tool = {
      name: "wait",
      input_schema: { type: "object" as const },
      parse: (input: unknown) => input,
      run: () => "fine",
    };
    const runner = client.beta.messages.toolRunner({ ...params, tools: [tool] });
    expect(await runner.runUntilDone()).toMatchObject({ stop_reason: "end_turn" });
    expect(partialAnswer(runner)).toMatchObject({
      text: "Hello",
      usage: { inputTokens: 6, outputTokens: 4 },
      finishReason: "end_turn",
      completed: true,
    });
  });

  test("leaves withOptions() cancellable", async () => {
    await using server = await modelServer(json(whole));
    const copy = clientOf(server.url).withOptions({ maxRetries: 0 });
    const op = new Cancellable();
    const outcome = await op.settle(() => {
      op.cancel();
      return copy.messages.create(params);
    });
    expect([outcome.status, server.requests.length]).toEqual(["cancelled", 0]);
  });

  test("is refused where it is another value, or was given before", () => {
    const client = clientOf("http://127.0.0.1:1");
    expect(() => cancellableAnthropic(client)).toThrow(
      /client must be a client of Anthropic.* has not got before/,
    );
    // @ts-expect-error no client
    expect(() => cancellableAnthropic({})).toThrow(/client must be a client of Anthropic/);
  });
});
