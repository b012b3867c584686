import { Cancellable } from "@hother/cancelable";
import OpenAI from "openai";
import { expect, test } from "vitest";
import { cancellableOpenAI } from "../../src/openai/index.ts";

test("a call ends when its scope is cancelled at any moment between the headers and the body", async () => {
  const pending: number[] = [];
  for (let moment = 0; moment < 40; moment++) {
    const op = new Cancellable();
    const fetch = async (): Promise<Response> => {
      const cancelLater = async (): Promise<void> => {
        for (let step = 0; step < moment; step++) await undefined;
        op.cancel();
      };
      void cancelLater();
      // A `fetch` that ignores its signal, and a body without an end.
      return new Response(new ReadableStream(), { headers: { "content-type": "application/json" } });
    };
    const client = cancellableOpenAI(new OpenAI({ apiKey: "k", baseURL: "http://localhost", fetch }));
    const ending = op.settle(() => client.models.list());
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<"late">((resolve) => {
      timer = setTimeout(resolve, 10_000, "late");
    });
    if ((await Promise.race([ending, late])) === "late") pending.push(moment);
    clearTimeout(timer);
  }
  expect(pending).toEqual([]);
});
