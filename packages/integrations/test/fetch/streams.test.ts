import { Readable } from "node:stream";
import {
  Cancellable,
  type CancellableStream,
  CancelScope,
  isCancellation,
  type PartialResult,
  sleepForever,
} from "@hother/cancelable";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type BodySource,
  type BodyStreamOptions,
  fetch,
  ItemTooLongError,
  lines,
  ndjson,
  type ServerSentEvent,
  sse,
} from "../../src/fetch/index.ts";
import { rejection, serve, until } from "./server.ts";

const bytes = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text);
const wrong = <T>(value: unknown): T => value as T;

/** The bytes of a text, each in a piece of its own. */
async function* single(data: Uint8Array): AsyncGenerator<Uint8Array> {
  for (const byte of data) yield Uint8Array.of(byte);
}

async function* silentAfter(data: Uint8Array): AsyncGenerator<Uint8Array> {
  yield data;
  await sleepForever();
}

/** The items, and the error that ended them, if any. */
async function read<T>(stream: AsyncIterable<T>): Promise<{ items: T[]; error?: string }> {
  const items: T[] = [];
  try {
    for await (const item of stream) items.push(item);
  } catch (error) {
    return { items, error: `${(error as Error).name}: ${(error as Error).message}` };
  }
  return { items };
}

type Reader = (source: BodySource, options?: BodyStreamOptions) => AsyncGenerator<unknown>;
const readers: ReadonlyArray<readonly [name: string, reader: Reader]> = [
  ["lines", lines as Reader],
  ["ndjson", ndjson as Reader],
  ["sse", sse as Reader],
];

/** Text with everything that a parser can stumble over. */
const pieces = [
  "\n",
  "\r",
  "\r\n",
  "data",
  ":",
  " ",
  "data: é",
  "data:𝄞x",
  "id: 1",
  "id:\0",
  "event: a",
  "retry: 5",
  "retry: -5",
  ": note",
  '{"a":1}',
  '"x\u2028y"',
  "[1,",
  "\u2028",
  "ü",
];
const text = fc.array(fc.constantFrom(...pieces), { maxLength: 20 }).map((parts) => parts.join(""));

describe.each(readers)("%s", (name, reader) => {
  test("gives the same items for single bytes as for one piece (HOUT-10)", async () => {
    await fc.assert(
      fc.asyncProperty(text, fc.constantFrom(undefined, 8), async (body, maxLength) => {
        const data = bytes(body);
        const options = { maxLength };
        const expected = await read(reader([data], options));
        expect(await read(reader(single(data), options))).toEqual(expected);
        expect(await read(reader(new Response(data), options))).toEqual(expected);
      }),
      { numRuns: 200 },
    );
  });

  test("keeps a U+FEFF that is not the first character, wherever the pieces begin", async () => {
    const data = bytes('\ufeff"\ufeff"\ndata:\ufeff\n\n'.slice(0, name === "ndjson" ? 5 : undefined));
    const expected = await read(reader([data]));
    expect(JSON.stringify(expected.items)).toMatch(/\ufeff/);
    expect(await read(reader(single(data)))).toEqual(expected);
  });

  test("gives out no half item, wherever it is stopped, and loses none that has come (HOUT-10)", async () => {
    const body = bytes('data: "é1"\r\n\r\nid: 2\r\n{"b":[2,"\u2028𝄞"]}\ndata: x\ndata: y\n\n[3]\nlast');
    const json = bytes('{"a":"é"}\r\n\n{"b":[2,"\u2028𝄞"]}\n[3]\n"last"');
    const data = name === "ndjson" ? json : body;
    const whole = (await read(reader([data]))).items;
    expect(whole.length).toBeGreaterThan(1);
    for (let length = 0; length <= data.length; length++) {
      // A silence ends no line.
      const prefix = data.subarray(0, length);
      const end = Math.max(prefix.lastIndexOf(10), name === "ndjson" ? -1 : prefix.lastIndexOf(13));
      const expected = (await read(reader([data.subarray(0, end + 1)]))).items;
      const source = new Readable({ read() {} });
      const got: unknown[] = [];
      const late: unknown[] = [];
      const scope = new CancelScope();
      source.push(prefix);
      await scope.run(async () => {
        const stream = reader(source, { onUndelivered: (item) => late.push(item) });
        const reading = rejection(
          (async () => {
            // The first item stops the reading: the items after it have come, and are not read.
            for await (const item of stream) {
              got.push(item);
              scope.cancel();
            }
          })(),
        );
        // The items come in a later turn of the event loop than their bytes if the current turn has lasted long.
        await until(() => (expected.length > 0 ? got.length > 0 : source.readableLength === 0));
        scope.cancel();
        expect(await reading).toBe(scope.error);
      });
      expect([...got, ...late]).toEqual(expected);
      expect(got.length).toBe(Math.min(expected.length, 1));
      expect(source.destroyed).toBe(true);
    }
  });

  test("keeps the items that were read and those that were not, and closes the source", async () => {
    const data = bytes(
      'data: 1\n\n"x"\ndata: 2\n\n{}\ndata: half'.replaceAll(name === "ndjson" ? /data: .*/g : /$^/g, ""),
    );
    let closed = false;
    const source = (): ReadableStream =>
      new ReadableStream({
        start: (controller) => controller.enqueue(data),
        cancel: () => void (closed = true),
      });
    const [operation, other] = [new Cancellable(), new Cancellable()];
    await operation.settle(async () => {
      for await (const _ of reader(source())) operation.cancel();
    });
    const { items, count } = operation.context.partialResult as PartialResult;
    expect(items).toHaveLength(name === "sse" ? 1 : name === "ndjson" ? 1 : 5);
    expect(count).toBe(items?.length);
    expect(closed).toBe(true);
    const late: unknown[] = [];
    const outcome = await other.settle(async (op) => {
      const stream = op.stream(reader(source(), { onUndelivered: (item) => late.push(item) }), {
        bufferPartial: true,
      });
      for await (const _ of stream) other.cancel();
    });
    expect(outcome).toEqual({ status: "cancelled", error: other.error });
    expect(other.context.partialResult).toMatchObject({
      count: 1,
      completed: false,
      items: [expect.anything()],
    });
    expect(late).toEqual(items);
  });

  test("closes the connection when the loop is left, and when the stream is disposed of unread", async () => {
    await using server = await serve((_request, response) =>
      response.write('data: "1"\n\n'.slice(name === "ndjson" ? 6 : 0)),
    );
    for await (const item of reader(await fetch(server.url))) {
      expect(item).toBeDefined();
      break;
    }
    await server.allClosed();
    await reader(await fetch(server.url))[Symbol.asyncDispose]();
    await server.allClosed();
    await reader(await globalThis.fetch(server.url))[Symbol.asyncDispose]();
    await server.allClosed();
  });

  test("closes its source by throw(), and rejects with the error", async () => {
    let closed = false;
    const stream = reader(new ReadableStream({ cancel: () => void (closed = true) }));
    const reading = stream.next();
    const failure = new Error("enough");
    expect(await rejection(stream.throw(failure))).toBe(failure);
    expect([closed, await reading]).toEqual([true, { done: true, value: undefined }]);
  });

  test("rejects with the error of the scope of the request, and with that of a broken connection", async () => {
    await using server = await serve((_request, response) => response.write("\n"));
    const operation = new Cancellable();
    await operation.settle(async () => {
      const response = await fetch(server.url);
      const reading = read(reader(response));
      operation.cancel();
      expect((await reading).error).toBe("AbortError: Operation cancelled manually");
    });
    const broken = read(reader(await fetch(server.url)));
    server.requests.at(-1)?.socket.destroy();
    expect((await broken).error).toMatch(/^TypeError/);
  });

  test("reads an empty body, and refuses one that has been read or has a reader", async () => {
    expect(await read(reader(new Response(null)))).toEqual({ items: [] });
    const response = new Response("a");
    await response.text();
    expect(() => reader(response)).toThrow(
      /^source is in use by another caller \(the body of the response has been read\)/,
    );
    const locked = new Response("a");
    (locked.body as ReadableStream).getReader();
    expect(() => reader(locked)).toThrow(/^source is in use by another caller/);
  });

  test("refuses bad arguments by name", () => {
    expect(() => reader(wrong(5))).toThrow(/^source must be/);
    expect(() => reader(wrong(undefined))).toThrow(/^source must be/);
    expect(() => reader([], { maxLength: 0 })).toThrow(
      /^options\.maxLength must be a whole number of at least 1/,
    );
    expect(() => reader([], wrong({ maxLenght: 1 }))).toThrow(/maxLenght is not an option/);
    expect(() => reader([], wrong(5))).toThrow(/^options must be an object/);
  });
});

describe("lines", () => {
  test("end with CR, LF and CRLF, and the last one with the body; U+2028 ends none (HOUT-10)", async () => {
    const body = "\ufeffone\rtwo\r\n\nth\u2028ree\n\rfür";
    expect((await read(lines(single(bytes(body))))).items).toEqual([
      "one",
      "two",
      "",
      "th\u2028ree",
      "",
      "für",
    ]);
    expect((await read(lines(new Response("a\r\n")))).items).toEqual(["a"]);
  });

  test("have a bound (HOUT-10)", async () => {
    const body = bytes("12345\n123456\n1");
    const { items, error } = await read(lines(single(body), { maxLength: 5 }));
    expect(items).toEqual(["12345"]);
    expect(error).toBe(
      "ItemTooLongError: a line of the body is longer than 5 characters (options.maxLength)",
    );
    expect((await read(lines([body], { maxLength: Number.POSITIVE_INFINITY }))).items).toHaveLength(3);
    const endless = await rejection(
      read(lines(silentAfter(bytes("x".repeat(100))), { maxLength: 50 })).then(({ error }) => {
        throw error;
      }),
    );
    expect(endless).toMatch(/^ItemTooLongError/);
  });

  test("that are too long close the connection", async () => {
    await using server = await serve((_request, response) => response.write("x".repeat(1_000)));
    const error = await rejection(
      (async () => {
        for await (const _ of lines(await fetch(server.url), { maxLength: 10 }));
      })(),
    );
    expect(error).toBeInstanceOf(ItemTooLongError);
    await server.allClosed();
  });
});

describe("ndjson", () => {
  test("values stand in lines, empty lines are left out, and U+2028 ends none (HOUT-10)", async () => {
    const body = '{"a":"x\u2028y"}\n\n \r\n[1]\r\n"last"';
    expect((await read(ndjson(single(bytes(body))))).items).toEqual([{ a: "x\u2028y" }, [1], "last"]);
  });

  test("a line that is no JSON fails with its number, after the values before", async () => {
    const { items, error } = await read(ndjson(new Response('1\n\n{"a":\n3\n')));
    expect(items).toEqual([1]);
    expect(error).toMatch(/^SyntaxError: line 3 of the body is no JSON: /);
  });
});

describe("sse", () => {
  const events = async (body: string): Promise<ServerSentEvent[]> =>
    (await read(sse(single(bytes(body))))).items;
  const event = (data: string, more: Partial<ServerSentEvent> = {}): ServerSentEvent => ({
    event: "message",
    data,
    id: "",
    retry: undefined,
    ...more,
  });

  test("the examples of the HTML standard are read as it says", async () => {
    expect(await events("data: YHOO\ndata: +2\ndata: 10\n\n")).toEqual([event("YHOO\n+2\n10")]);
    const stream =
      ": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n";
    expect(await events(stream)).toEqual([event("first event", { id: "1" }), event("second event")]);
    expect(await events("data\n\ndata\ndata\n\ndata:")).toEqual([event(""), event("\n")]);
    expect(await events("data:test\n\ndata: test\n\n")).toEqual([event("test"), event("test")]);
  });

  test("an id stays until the next one, and an id with NUL is ignored", async () => {
    expect(await events("id: 1\ndata: a\n\ndata: b\n\nid: 2\0\ndata: c\n\nid\ndata: d\n\n")).toEqual([
      event("a", { id: "1" }),
      event("b", { id: "1" }),
      event("c", { id: "1" }),
      event("d"),
    ]);
  });

  test("a type holds for one event, and an event without data is none", async () => {
    expect(await events("event: x\ndata: a\n\nevent: y\n\ndata: b\n\n")).toEqual([
      event("a", { event: "x" }),
      event("b"),
    ]);
  });

  test("the time before a new connection consists of digits", async () => {
    expect(
      await events(
        "retry: 10\n\nretry: 1e3\ndata: a\n\nretry: -1\nretry:\ndata: b\n\nretry: 20\ndata: c\n\n",
      ),
    ).toEqual([event("a", { retry: 10 }), event("b", { retry: 10 }), event("c", { retry: 20 })]);
  });

  test("CR, LF and CRLF end lines, a BOM is left out, U+2028 is data, an unfinished event is dropped (HOUT-10)", async () => {
    const body = "\ufeffdata: a\r\rdata: b\n\ndata: c\r\n\r\ndata: d\u2028e\r\n\ndata: half\n";
    expect(await events(body)).toEqual([event("a"), event("b"), event("c"), event("d\u2028e")]);
  });

  test("the data of an event has a bound (HOUT-10)", async () => {
    const { items, error } = await read(
      sse(new Response("data: 12\ndata: 34\n\ndata: 12\ndata: 345\n\n"), { maxLength: 10 }),
    );
    expect(items).toHaveLength(2);
    expect(error).toBeUndefined();
    const short = await read(
      sse(new Response("data: 1234\n\ndata: 1234567\ndata: 89\n\n"), { maxLength: 13 }),
    );
    expect(short.items).toHaveLength(2);
    const long = await read(
      sse(new Response("data: 1234\n\ndata: 1234567\ndata: 8\ndata: 12345\n\n"), { maxLength: 13 }),
    );
    expect(long.items).toHaveLength(1);
    expect(long.error).toBe(
      "ItemTooLongError: an event of the body is longer than 13 characters (options.maxLength)",
    );
  });

  test("a stream of events can be retried from the last id", async () => {
    await using server = await serve((request, response) => {
      const last = Number(request.headers["last-event-id"] ?? 0);
      response.write(`id: ${last + 1}\ndata: ${last + 1}\n\ndata: ha`);
    });
    const seen: string[] = [];
    let id = "0";
    for (let attempt = 0; attempt < 3; attempt++) {
      const response = await fetch(server.url, { headers: { "last-event-id": id } });
      const error = await rejection(
        (async () => {
          for await (const event of sse(response)) {
            seen.push(event.data);
            ({ id } = event);
            server.requests.at(-1)?.socket.destroy(); // the connection breaks in the middle of the next event
          }
        })(),
      );
      expect(isCancellation(error)).toBe(false);
    }
    expect(seen).toEqual(["1", "2", "3"]);
  });
});
