import { expect, test } from "vitest";
import { type SseEvent, sendSse, sseResponse, streamResponse } from "../../src/streaming/index.ts";
import { FakeResponse } from "./fake-response.ts";

async function* of<T>(...items: T[]): AsyncGenerator<T> {
  yield* items;
}

const texts: ReadonlyArray<readonly [event: SseEvent, text: string]> = [
  [{ data: "one" }, "data: one\n\n"],
  [{ data: "" }, "data: \n\n"],
  [{ data: "one\ntwo\r\nthree\rfour\n" }, "data: one\ndata: two\ndata: three\ndata: four\ndata: \n\n"],
  [{ data: " a: b" }, "data:  a: b\n\n"],
  [
    { event: "tick", id: "7", retry: { seconds: 2 }, data: "x" },
    "event: tick\nid: 7\nretry: 2000\ndata: x\n\n",
  ],
  [{ id: "" }, "id: \n\n"],
  [{ retry: 1.5 }, "retry: 1\n\n"],
  [{ data: "\u2028ü" }, "data: \u2028ü\n\n"],
  [{}, "\n"],
];
for (const [event, text] of texts) {
  test(`the event ${JSON.stringify(event)} is written as the standard says (HIN-21)`, async () => {
    const response = sseResponse(of(event));
    // A comment goes first.
    expect(await response.text()).toBe(`:\n\n${text}`);
    expect(Object.fromEntries(response.headers)).toEqual({
      "content-type": "text/event-stream",
      "cache-control": "no-store",
      "x-accel-buffering": "no",
    });
  });
}

const wrong: ReadonlyArray<readonly [event: unknown, message: string]> = [
  [{ data: 5 }, "event.data must be a string; got 5"],
  [{ event: "a\nid: 1" }, "event.event must be text without line breaks and NUL"],
  [{ event: "a\r" }, "event.event must be text without line breaks and NUL"],
  [{ id: "a\n" }, "event.id must be text without line breaks and NUL"],
  [{ id: "a\0" }, "event.id must be text without line breaks and NUL"],
  [{ retry: -1 }, "event.retry"],
  [{ retry: null }, "event.retry"],
  [{ retry: Number.NaN }, "event.retry"],
  [{ text: "x" }, "text"],
  ["x", "an event"],
];
for (const [event, message] of wrong) {
  test(`the event ${JSON.stringify(event)} is refused, and the source is closed`, async () => {
    let isClosed = false;
    async function* events(): AsyncGenerator<SseEvent> {
      try {
        yield event as SseEvent;
        yield { data: "never" };
      } finally {
        isClosed = true;
      }
    }
    const response = new FakeResponse();
    await expect(sendSse(response, events())).rejects.toThrow(message);
    expect(isClosed).toBe(true);
    expect([response.text, response.destroyed, response.writableEnded]).toEqual([":\n\n", true, false]);
    expect(response.listenerTotal).toBe(0);
  });
}

test("wrong arguments are refused at once", async () => {
  const none = undefined as unknown as AsyncIterable<never>;
  expect(() => sseResponse(none)).toThrow(
    "events must be an AsyncIterable, such as an async generator; got undefined",
  );
  expect(() => streamResponse(none)).toThrow("source must be an AsyncIterable");
  expect(() => sseResponse(of(), { heartbeat: 0 })).toThrow(
    "options.heartbeat must be a positive, finite time span",
  );
  expect(() => sseResponse(of(), { heartBeat: 1 } as object)).toThrow("heartbeat");
  const response = new FakeResponse();
  await expect(sendSse(response, none)).rejects.toThrow("events must be an AsyncIterable");
  expect([response.headersSent, response.headers]).toEqual([false, {}]);
});

test("an item that is no text and no bytes breaks the answer off", async () => {
  const body = streamResponse(
    of<string | Uint8Array>("a", new Uint8Array([98]), 5 as unknown as string),
  ).body;
  const reader = (body as ReadableStream<Uint8Array>).getReader();
  expect((await reader.read()).value).toEqual(new Uint8Array([97]));
  expect((await reader.read()).value).toEqual(new Uint8Array([98]));
  await expect(reader.read()).rejects.toThrow(
    "an item of the source must be a string or a Uint8Array; got 5",
  );
});
