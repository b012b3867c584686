import { Cancellable, shield, sleep, sleepForever } from "@hother/cancelable";
import OpenAI, { AzureOpenAI } from "openai";
import { describe, expect, test } from "vitest";
import { cancellableOpenAI, partialAnswer } from "../../src/openai/index.ts";
import { json, modelServer, sends, silence, streams } from "../model/model-server.ts";
import { sdkCases } from "../model/sdk-cases.ts";
import { cancelled, type Helper } from "../model/sdk-under-test.ts";

const event = (data: object): string => `data: ${JSON.stringify(data)}\n\n`;
const chunk = (delta: object, more: object = {}): string =>
  event({
    id: "1",
    object: "chat.completion.chunk",
    created: 1,
    model: "m",
    choices: [{ index: 0, delta, finish_reason: null, ...more }],
  });
const usageChunk = event({
  id: "1",
  object: "chat.completion.chunk",
  created: 1,
  model: "m",
  choices: [],
  usage: { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 },
});
const done = "data: [DONE]\n\n";
const params = { model: "m", messages: [{ role: "user" as const, content: "hello" }] };
const clientOf = (url: string, options: object = {}): OpenAI =>
  cancellableOpenAI(new OpenAI({ apiKey: "k", baseURL: url, ...options }));
const whole = {
  id: "1",
  object: "chat.completion",
  model: "m",
  choices: [{ index: 0, finish_reason: "stop", message: { role: "assistant", content: "Hello" } }],
};

interface EventEmitterLike {
  on(event: string, listener: () => void): unknown;
}

sdkCases({
  name: "OpenAI",
  partialAnswer,
  hello: chunk({ role: "assistant", content: "Hel" }) + chunk({ content: "lo" }),
  end: chunk({}, { finish_reason: "stop" }) + usageChunk + done,
  whole,
  usageSoFar: undefined,
  usage: { inputTokens: 3, outputTokens: 2 },
  finishReason: "stop",
  client: (url) => {
    const client = clientOf(url);
    return {
      create: (options) => client.chat.completions.create(params, options),
      stream: (options) => client.chat.completions.create({ ...params, stream: true }, options),
      list: async () => client.models.list(),
      textOf: (part) => (part as OpenAI.ChatCompletionChunk).choices[0]?.delta.content ?? "",
      helper: (options): Helper => {
        const helper = client.chat.completions.stream(params, options);
        return {
          handle: helper,
          controller: helper.controller,
          final: () => helper.finalContent(),
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

describe("a client of OpenAI", () => {
  test("records tool calls that were cut off (LLM-01)", async () => {
    await using server = await modelServer(
      sends(
        chunk({
          tool_calls: [{ index: 0, id: "c1", type: "function", function: { name: "add", arguments: "" } }],
        }),
        chunk({ tool_calls: [{ index: 0, function: { arguments: '{"a":' } }] }),
      ),
    );
    const client = clientOf(server.url);
    const op = new Cancellable();
    let answer: object | undefined;
    await op.settle(async () => {
      const stream = await client.chat.completions.create({ ...params, stream: true });
      answer = stream;
      for await (const part of stream)
        if (part.choices[0]?.delta.tool_calls?.[0]?.function?.arguments === '{"a":') op.cancel();
    });
    expect(partialAnswer(answer as object).toolCalls).toEqual([
      { id: "c1", name: "add", arguments: '{"a":', completed: false },
    ]);
  });

  test("stops a stream of responses and of its helper, and keeps text and tool calls (LLM-01)", async () => {
    const created = event({
      type: "response.created",
      sequence_number: 0,
      response: { id: "r", output: [] },
    });
    const item = event({
      type: "response.output_item.added",
      sequence_number: 1,
      output_index: 0,
      item: { type: "message", id: "i", role: "assistant", status: "in_progress", content: [] },
    });
    const part = event({
      type: "response.content_part.added",
      sequence_number: 2,
      output_index: 0,
      content_index: 0,
      item_id: "i",
      part: { type: "output_text", text: "", annotations: [] },
    });
    const delta = event({
      type: "response.output_text.delta",
      sequence_number: 3,
      output_index: 0,
      content_index: 0,
      item_id: "i",
      delta: "Hel",
    });
    const call = event({
      type: "response.output_item.added",
      sequence_number: 4,
      output_index: 1,
      item: { type: "function_call", id: "f", call_id: "c", name: "add", arguments: "" },
    });
    const input = event({
      type: "response.function_call_arguments.delta",
      sequence_number: 5,
      output_index: 1,
      item_id: "f",
      delta: '{"a"',
    });
    await using server = await modelServer(sends(created, item, part, delta, call, input));
    const client = clientOf(server.url);
    const expected = {
      text: "Hel",
      reasoning: "",
      toolCalls: [{ id: "c", name: "add", arguments: '{"a"', completed: false }],
      usage: undefined,
      finishReason: undefined,
      completed: false,
    };
    for (const withHelper of [false, true]) {
      const op = new Cancellable();
      let answer: object | undefined;
      let thrown: unknown;
      await op.settle(async () => {
        const stream = withHelper
          ? client.responses.stream({ model: "m", input: "x" })
          : await client.responses.create({ model: "m", input: "x", stream: true });
        answer = stream;
        try {
          for await (const one of stream)
            if (one.type === "response.function_call_arguments.delta") op.cancel("disconnect");
        } catch (error) {
          thrown = error;
        }
      });
      expect(thrown).toBe(op.error);
      expect(partialAnswer(answer as object)).toEqual(expected);
    }
    await server.until(({ closed }) => closed === 2);
  });

  const toolCall = chunk(
    {
      role: "assistant",
      tool_calls: [{ index: 0, id: "c1", type: "function", function: { name: "wait", arguments: "{}" } }],
    },
    { finish_reason: "tool_calls" },
  );

  test.each([true, false])(
    "a stop during a tool of runTools cancels the tool and waits for it, then the runner ends once, stream: %s (LLM-03)",
    async (stream) => {
      const message = {
        role: "assistant",
        content: null,
        tool_calls: [{ id: "c1", type: "function", function: { name: "wait", arguments: "{}" } }],
      };
      await using server = await modelServer(
        stream
          ? streams(toolCall, done)
          : json({ ...whole, choices: [{ index: 0, finish_reason: "tool_calls", message }] }),
      );
      const client = clientOf(server.url);
      const steps: string[] = [];
      const op = new Cancellable();
      let answer: object | undefined;
      const ending = op.settle(async () => {
        const wait = async () => {
          steps.push("tool");
          try {
            await sleepForever();
          } finally {
            await shield(() => sleep(20));
            steps.push("tool ended");
          }
          return "never";
        };
        const tools = [
          {
            type: "function" as const,
            function: { function: wait, name: "wait", description: "", parameters: {} },
          },
        ];
        const runner = stream
          ? client.chat.completions.runTools({ ...params, tools, stream: true })
          : client.chat.completions.runTools({ ...params, tools });
        answer = runner;
        for (const name of ["abort", "end"] as const)
          (runner as typeof runner & EventEmitterLike).on(name, () => void steps.push(name));
        await runner.finalContent();
      });
      await expect.poll(() => steps).toEqual(["tool"]);
      expect(op.children.map((child) => child.name)).toEqual(["wait"]);
      op.cancel("disconnect");
      expect(await ending).toMatchObject({ status: "cancelled", error: { reason: "disconnect" } });
      expect(steps).toEqual(["tool", "tool ended", "abort", "end"]);
      expect(server.requests).toHaveLength(1);
      expect(partialAnswer(answer as object)).toMatchObject({
        toolCalls: [{ id: "c1", name: "wait", arguments: "{}", completed: true }],
        finishReason: undefined,
        completed: false,
      });
    },
  );

  test("rejects emitted() of a helper, which the client leaves pending (LLM-01)", async () => {
    await using server = await modelServer(silence);
    const client = clientOf(server.url);
    const { error, scopeError } = await cancelled(
      () => client.chat.completions.stream(params).emitted("content"),
      () => server.until(({ requests }) => requests.length === 1),
    );
    expect(error).toBe(scopeError);
  });

  test("cancels a call that waits for the function that gives the key (LLM-02)", async () => {
    await using server = await modelServer(silence);
    const client = clientOf(server.url, { apiKey: () => new Promise<string>(() => {}) });
    const op = new Cancellable();
    const ending = op.settle(() => client.chat.completions.create(params));
    op.cancel();
    expect((await ending).status).toBe("cancelled");
    expect(server.requests).toHaveLength(0);
  });

  test("rejects parse(), asResponse() and withResponse() with the error of the scope (LLM-01)", async () => {
    await using server = await modelServer(silence);
    const client = clientOf(server.url);
    const { completions } = client.chat;
    for (const call of [
      () => completions.parse(params),
      () => completions.create(params).asResponse(),
      () => completions.create(params).withResponse(),
    ]) {
      const count = server.requests.length;
      const { error, scopeError } = await cancelled(
        async () => call(),
        () => server.until(({ requests }) => requests.length === count + 1),
      );
      expect(error).toBe(scopeError);
    }
  });

  test("cuts the body of asResponse() off, and keeps the URL of the response", async () => {
    await using server = await modelServer(sends("data: x\n\n"));
    const client = clientOf(server.url);
    const op = new Cancellable();
    let thrown: unknown;
    let url = "";
    await op.settle(async () => {
      const response = await client.chat.completions.create(params).asResponse();
      url = response.url;
      queueMicrotask(() => op.cancel());
      await response.text().catch((error: unknown) => {
        thrown = error;
      });
    });
    expect(thrown).toBe(op.error);
    expect(url).toBe(`${server.url}/chat/completions`);
  });

  test("can be one of Azure", async () => {
    await using server = await modelServer(sends(chunk({ content: "Hel" })));
    const client = cancellableOpenAI(new AzureOpenAI({ apiKey: "k", apiVersion: "v", baseURL: server.url }));
    const op = new Cancellable();
    let answer: object | undefined;
    const outcome = await op.settle(async () => {
      const stream = await client.chat.completions.create({ ...params, stream: true });
      answer = stream;
      for await (const _ of stream) op.cancel();
    });
    expect(outcome.status).toBe("cancelled");
    expect(partialAnswer(answer as object).text).toBe("Hel");
  });

  test("leaves withOptions() cancellable", async () => {
    await using server = await modelServer(json(whole));
    const copy = clientOf(server.url).withOptions({ maxRetries: 0 });
    const op = new Cancellable();
    const outcome = await op.settle(() => {
      op.cancel();
      return copy.chat.completions.create(params);
    });
    expect([outcome.status, server.requests.length]).toEqual(["cancelled", 0]);
  });

  test("is refused where it is another value, or was given before", () => {
    const client = clientOf("http://127.0.0.1:1");
    expect(() => cancellableOpenAI(client)).toThrow(/client must be a client of OpenAI.* has not got before/);
    // @ts-expect-error no client
    expect(() => cancellableOpenAI({})).toThrow(/client must be a client of OpenAI/);
    // @ts-expect-error no client
    expect(() => cancellableOpenAI(undefined)).toThrow(/client must be a client of OpenAI/);
  });

  test("has no partial answer for another object", () => {
    expect(() => partialAnswer({})).toThrow(/answer must be a stream or a result/);
    // @ts-expect-error no object
    expect(() => partialAnswer("text")).toThrow(/answer must be/);
  });
});
