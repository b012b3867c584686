import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { serve } from "@hono/node-server";
import { Hono } from "hono";
import { expect, onTestFinished, test, vi } from "vitest";
import { partialAnswer } from "../../src/ai/index.ts";
import { cancelable } from "../../src/hono/index.ts";
import { sends, streams } from "../model/model-server.ts";
import { end, hello, start, streamText } from "./kit.ts";

/** A web server whose answer is that of a model. */
async function chat(model: Awaited<ReturnType<typeof start>>["model"]) {
  const onAbort = vi.fn();
  const onFinish = vi.fn();
  const answers: object[] = [];
  const app = new Hono();
  app.use(cancelable());
  app.get("/", () => {
    const answer = streamText({ model, prompt: "x", onAbort, onFinish });
    answers.push(answer);
    return answer.toUIMessageStreamResponse();
  });
  const server = serve({ fetch: app.fetch, port: 0, hostname: "127.0.0.1" });
  await once(server, "listening");
  onTestFinished(() => void server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  return { url, onAbort, onFinish, answers };
}

test("a client that leaves stops the request to the provider, and the answer so far is kept (LLM-01)", async () => {
  await using used = await start(sends(hello));
  const { url, onAbort, onFinish, answers } = await chat(used.model);
  const controller = new AbortController();
  const response = await fetch(url, { signal: controller.signal });
  let text = "";
  for await (const bytes of response.body as unknown as AsyncIterable<Uint8Array>) {
    text += new TextDecoder().decode(bytes);
    if (text.includes('"lo"')) break;
  }
  controller.abort();
  await used.server.until(({ closed }) => closed === 1);
  await vi.waitFor(() => expect(onAbort).toHaveBeenCalledTimes(1), { timeout: 10_000 });
  expect(onFinish).not.toHaveBeenCalled();
  expect(partialAnswer(answers[0] as object)).toMatchObject({ text: "Hello", completed: false });
});

test("a client that stays gets the whole answer", async () => {
  await using used = await start(streams(hello, end));
  const { url, onAbort, onFinish } = await chat(used.model);
  const text = await (await fetch(url)).text();
  expect(text).toContain('"type":"finish"');
  expect(text.trimEnd().endsWith("data: [DONE]")).toBe(true);
  expect(onFinish).toHaveBeenCalledTimes(1);
  expect(onAbort).not.toHaveBeenCalled();
});
