import { Cancellable, currentOperation, setReporter, sleep } from "@hother/cancelable";
import { withVirtual } from "@hother/cancelable/testing";
import { expect, onTestFinished, test as plain } from "vitest";
import {
  type SseEvent,
  sendSse,
  sendStream,
  sseResponse,
  streamResponse,
} from "../../src/streaming/index.ts";
import { Gate } from "../server-kit/gate.ts";
import { FakeResponse } from "./fake-response.ts";

const test = withVirtual(plain);

/** Events that never come. It counts the calls of `return`. */
class Silent implements AsyncIterable<SseEvent> {
  returned = 0;
  [Symbol.asyncIterator](): AsyncIterator<SseEvent> {
    return {
      next: () => new Promise(() => {}),
      return: async () => {
        this.returned++;
        return { done: true, value: undefined };
      },
    };
  }
}

test.virtual(
  "a heart-beat fills each time of silence, and stops with the client (HIN-21)",
  async (backend) => {
    const events = new Silent();
    const response = new FakeResponse();
    const sent = sendSse(response, events, { heartbeat: { seconds: 10 } });
    await sleep({ seconds: 35 });
    expect(response.text).toBe(":\n\n".repeat(4));
    response.emit("close");
    await sent;
    expect([events.returned, response.listenerTotal, response.writableEnded]).toEqual([1, 0, false]);
    await sleep({ minutes: 1 });
    expect(response.text).toBe(":\n\n".repeat(4));
    expect(backend.timerCount).toBe(0);
  },
);

test.virtual(
  "an event begins the time of silence anew, and none is lost or sent twice (HIN-21)",
  async () => {
    async function* events(): AsyncGenerator<SseEvent> {
      for (const id of ["1", "2", "3"]) {
        await sleep({ seconds: id === "2" ? 15 : 8 });
        yield { id };
      }
    }
    const text = await sseResponse(events(), { heartbeat: { seconds: 10 } }).text();
    expect(text).toBe(":\n\nid: 1\n\n:\n\nid: 2\n\nid: 3\n\n");
  },
);

test("a slow client of node makes the source wait (HIN-21)", async () => {
  let given = 0;
  async function* rows(): AsyncGenerator<string> {
    for (; given < 3; ) yield String(++given);
  }
  const response = new FakeResponse();
  response.isFull = true;
  const sent = sendStream(response, rows());
  for (let turn = 0; turn < 100; turn++) await undefined;
  expect([given, response.text]).toEqual([1, "1"]);
  response.drain();
  await sent;
  expect([given, response.text, response.writableEnded, response.listenerTotal]).toEqual([3, "123", true, 0]);
});

test("a client of node that leaves while it is slow closes the source (HIN-21)", async () => {
  let isClosed = false;
  async function* rows(): AsyncGenerator<string> {
    try {
      for (;;) yield "row";
    } finally {
      isClosed = true;
    }
  }
  const response = new FakeResponse();
  response.isFull = true;
  const sent = sendStream(response, rows());
  for (let turn = 0; turn < 100; turn++) await undefined;
  response.emit("close");
  await sent;
  expect([isClosed, response.text, response.listenerTotal]).toEqual([true, "row", 0]);
});

test("a source of a web stream is read only when the host asks (HIN-21)", async () => {
  let given = 0;
  async function* rows(): AsyncGenerator<string> {
    for (;;) yield String(++given);
  }
  const reader = (streamResponse(rows()).body as ReadableStream<Uint8Array>).getReader();
  for (let turn = 0; turn < 100; turn++) await undefined;
  expect(given).toBe(0);
  await reader.read();
  for (let turn = 0; turn < 100; turn++) await undefined;
  expect(given).toBe(1);
  await reader.cancel();
});

test("a web stream that is cancelled calls `return` of a source that never answers (HIN-21)", async () => {
  const events = new Silent();
  const reader = (sseResponse(events).body as ReadableStream<Uint8Array>).getReader();
  await reader.read(); // the first comment
  const read = reader.read();
  for (let turn = 0; turn < 100; turn++) await undefined;
  await reader.cancel();
  expect((await read).done).toBe(true);
  expect(events.returned).toBe(1);
});

test("a source that was never asked is not started by the end of its stream", async () => {
  const events = new Silent();
  await sseResponse(events).body?.cancel();
  expect(events.returned).toBe(0);
});

test("HEAD gets the headers, and the source is not started", async () => {
  const events = new Silent();
  const response = new FakeResponse("HEAD");
  await sendSse(response, events);
  expect(response.headers).toMatchObject({ "content-type": "text/event-stream" });
  expect([response.text, response.writableEnded, events.returned]).toEqual(["", true, 0]);
});

test("a response that is answered already is left alone", async () => {
  const response = new FakeResponse();
  response.end();
  await sendSse(response, new Silent());
  expect([response.text, response.headersSent, response.listenerTotal]).toEqual(["", false, 0]);
});

test("the source runs in the operation in which it was made, and not in that of its reader", async () => {
  const seen: unknown[] = [];
  async function* rows(): AsyncGenerator<string> {
    seen.push(currentOperation());
    yield "a";
    seen.push(currentOperation());
  }
  const operation = new Cancellable();
  const made = new Gate();
  const read = new Gate();
  let response = new Response();
  const running = operation.run(async () => {
    response = streamResponse(rows());
    made.open();
    await read.opened;
  });
  await made.opened;
  expect(currentOperation()).toBe(undefined);
  expect(await response.text()).toBe("a");
  read.open();
  await running;
  expect(seen).toEqual([operation, operation]);
});

test("an error of the clean-up of a source is reported", async () => {
  const reports: unknown[] = [];
  const before = setReporter((error, source) => reports.push(error, source));
  onTestFinished(() => void setReporter(before));
  async function* rows(): AsyncGenerator<string> {
    try {
      for (;;) yield "row";
    } finally {
      throw new Error("cannot close");
    }
  }
  const reader = (streamResponse(rows()).body as ReadableStream<Uint8Array>).getReader();
  await reader.read();
  await reader.cancel();
  await expect.poll(() => reports).toEqual([new Error("cannot close"), "the source of a streamed answer"]);
});
