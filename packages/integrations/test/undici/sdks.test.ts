import Anthropic from "@anthropic-ai/sdk";
import { Cancellable, cancellationOf, currentSignal, type Outcome, waitFor } from "@hother/cancelable";
import OpenAI from "openai";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { installInterceptor } from "../../src/undici/index.ts";
import { TestServer } from "./server.ts";

const openaiChunk = (text: string) =>
  `data: ${JSON.stringify({ id: "1", object: "chat.completion.chunk", choices: [{ index: 0, delta: { content: text } }] })}\n\n`;
const anthropicEvent = (type: string, rest: object) =>
  `event: ${type}\ndata: ${JSON.stringify({ type, ...rest })}\n\n`;
const anthropicStart =
  anthropicEvent("message_start", {
    message: { id: "1", type: "message", role: "assistant", content: [], model: "m", usage: {} },
  }) + anthropicEvent("content_block_start", { index: 0, content_block: { type: "text", text: "" } });
const anthropicChunk = (text: string) =>
  anthropicEvent("content_block_delta", { index: 0, delta: { type: "text_delta", text } });

interface Sdk {
  readonly name: string;
  readonly first: string;
  /** Gives out the parts of a streamed answer. */
  readonly stream: (url: string, signal?: AbortSignal) => AsyncIterable<string>;
  /** The same by the helper of the SDK that has events. */
  readonly helper: (url: string) => AsyncIterable<string>;
  /** A call without a stream. */
  readonly call: (url: string, signal?: AbortSignal) => Promise<unknown>;
}

const messages = [{ role: "user" as const, content: "hello" }];
/** The number of attempts of the SDK, also of those that reach no server. */
let attempts = 0;
/** Called when an answer is there, before the SDK sees it. */
let answered = () => {};
const countingFetch: typeof fetch = async (...args) => {
  attempts++;
  const response = await fetch(...args);
  answered();
  return response;
};
const openai = (url: string) => new OpenAI({ apiKey: "k", baseURL: url, fetch: countingFetch });
const anthropic = (url: string) => new Anthropic({ apiKey: "k", baseURL: url, fetch: countingFetch });

const sdks: readonly Sdk[] = [
  {
    name: "OpenAI",
    first: openaiChunk("Hel") + openaiChunk("lo"),
    async *stream(url, signal) {
      const stream = await openai(url).chat.completions.create(
        { model: "m", messages, stream: true },
        { signal },
      );
      for await (const { choices } of stream) yield choices[0]?.delta.content ?? "";
    },
    async *helper(url) {
      for await (const { choices } of openai(url).chat.completions.stream({ model: "m", messages }))
        yield choices[0]?.delta.content ?? "";
    },
    call: (url, signal) => openai(url).chat.completions.create({ model: "m", messages }, { signal }),
  },
  {
    name: "Anthropic",
    first: anthropicStart + anthropicChunk("Hel") + anthropicChunk("lo"),
    async *stream(url, signal) {
      const stream = await anthropic(url).messages.create(
        { model: "m", max_tokens: 9, messages, stream: true },
        { signal },
      );
      for await (const event of stream)
        if (event.type === "content_block_delta" && event.delta.type === "text_delta") yield event.delta.text;
    },
    async *helper(url) {
      for await (const event of anthropic(url).messages.stream({ model: "m", max_tokens: 9, messages }))
        if (event.type === "content_block_delta" && event.delta.type === "text_delta") yield event.delta.text;
    },
    call: (url, signal) =>
      anthropic(url).messages.create({ model: "m", max_tokens: 9, messages }, { signal }),
  },
];

let server: TestServer;
let installed: Disposable;
/** The parts of the answer that the server sends to each request. Without a part it sends nothing. */
let answer: string | undefined;
let busy = false;

beforeEach(async () => {
  answer = undefined;
  busy = false;
  answered = () => {};
  attempts = 0;
  server = await TestServer.start((_request, response) => {
    if (busy) response.writeHead(429, { "retry-after-ms": "50" }).end();
    if (answer === undefined) return;
    response.setHeader("content-type", "text/event-stream");
    response.write(answer);
  });
  installed = installInterceptor();
});
afterEach(async () => {
  installed[Symbol.dispose]();
  await server[Symbol.asyncDispose]();
});

describe.each(sdks)("$name", ({ first, stream, call, helper }) => {
  /** Reads a stream and cancels the operation when the text is complete. */
  async function stopInTheMiddle(parts: () => AsyncIterable<string>): Promise<[string, string]> {
    answer = first;
    let text = "";
    const op = new Cancellable();
    const outcome = await op.settle(async () => {
      for await (const part of parts()) {
        text += part;
        if (text === "Hello") op.cancel("disconnect");
      }
    });
    await server.until(({ closed }) => closed === 1);
    return [text, outcome.status];
  }

  test("a stream is stopped in the middle: the socket closes and the text is kept (HOUT-09)", async () => {
    expect(await stopInTheMiddle(() => stream(server.url))).toEqual(["Hello", "cancelled"]);
  });

  test("a stream of the helper with events is stopped, too (HOUT-09)", async () => {
    expect(await stopInTheMiddle(() => helper(server.url))).toEqual(["Hello", "cancelled"]);
  });

  test("with its own signal the SDK ends the stream without an error, and the socket closes (HOUT-09)", async () => {
    const parts = () => stream(server.url, currentSignal());
    // The loop ends like one over a whole answer, so the body of the operation returns.
    expect(await stopInTheMiddle(parts)).toEqual(["Hello", "completed"]);
  });

  /** Cancels an operation while its call waits for headers. */
  async function cancelBeforeHeaders(waiting: () => Promise<unknown>): Promise<Outcome<unknown>> {
    const op = new Cancellable();
    const ending = op.settle(waiting);
    await server.until(({ requests }) => requests.length === 1);
    op.cancel("disconnect");
    const outcome = await ending;
    await server.until(({ closed }) => closed === 1);
    expect(server.requests).toHaveLength(1);
    return outcome;
  }

  test("a call that waits for headers ends at once: the SDK does not try again (HOUT-03)", async () => {
    let thrown: unknown;
    const outcome = await cancelBeforeHeaders(() =>
      call(server.url).catch((error: unknown) => {
        thrown = error;
        throw error;
      }),
    );
    expect(outcome.status).toBe("cancelled");
    expect(outcome).toMatchObject({ error: cancellationOf(thrown) });
    // Without a second attempt there was no pause between attempts.
    expect(attempts).toBe(1);
  });

  test("a stream that waits for headers ends at once (HOUT-03)", async () => {
    const outcome = await cancelBeforeHeaders(async () => {
      for await (const _ of stream(server.url));
    });
    expect(outcome.status).toBe("cancelled");
    expect(attempts).toBe(1);
  });

  test("with its own signal a call fails with an error of the SDK that has no cause", async () => {
    const outcome = await cancelBeforeHeaders(() => call(server.url, currentSignal()));
    expect(outcome).toMatchObject({ status: "failed", error: { message: "Request was aborted." } });
  });

  test("waitFor makes it a cancellation", async () => {
    const outcome = await cancelBeforeHeaders(() => waitFor(() => call(server.url, currentSignal())));
    expect(outcome.status).toBe("cancelled");
  });

  test("in a pause between attempts, waitFor ends the wait, and the next attempt sends nothing (HOUT-03, HOUT-04)", async () => {
    busy = true;
    const op = new Cancellable();
    answered = () => setImmediate(() => op.cancel()); // the SDK pauses now
    let work: Promise<unknown> | undefined;
    const ending = op.settle(() =>
      waitFor(() => {
        work = call(server.url);
        return work;
      }),
    );
    expect((await ending).status).toBe("cancelled");
    expect(attempts).toBe(1);
    await expect(work).rejects.toSatisfy((error) => cancellationOf(error) === op.error);
    expect(attempts).toBe(2);
    expect(server.requests).toHaveLength(1);
  });
});
