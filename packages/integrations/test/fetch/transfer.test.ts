import { Readable } from "node:stream";
import { Cancellable, setReporter } from "@hother/cancelable";
import { expect, test } from "vitest";
import { fetch, type TransferProgress } from "../../src/fetch/index.ts";
import { rejection, serve, until } from "./server.ts";

const megabyte = 1024 * 1024;
const wrong = <T>(value: unknown): T => value as T;

/** A source of pieces of 1 MB, in each form that a body can have, which tells when it was closed. */
type Source = { readonly name: string; readonly make: (pieces: number, closed: () => void) => BodyInit };

const sources: readonly Source[] = [
  {
    name: "a web stream",
    make: (pieces, closed) => {
      let left = pieces;
      return new ReadableStream({
        pull(controller) {
          if (left-- === 0) controller.close();
          else controller.enqueue(new Uint8Array(megabyte));
        },
        cancel: closed,
      });
    },
  },
  {
    name: "a generator",
    make: (pieces, closed) =>
      wrong(
        (async function* () {
          let isOver = false;
          try {
            for (let n = 0; n < pieces; n++) yield new Uint8Array(megabyte);
            isOver = true;
          } finally {
            if (!isOver) closed();
          }
        })(),
      ),
  },
  {
    name: "a Node Readable",
    make: (pieces, closed) => {
      let left = pieces;
      return wrong(
        new Readable({
          read() {
            this.push(left-- === 0 ? null : new Uint8Array(megabyte));
          },
          destroy(error, done) {
            if (error !== null) closed();
            done(error);
          },
        }),
      );
    },
  },
];

test.each(sources)("the bytes of $name arrive, and the progress tells them", async ({ make }) => {
  let received = 0;
  await using server = await serve(async (request, response) => {
    for await (const piece of request) received += piece.length;
    response.end("thanks");
  });
  const told: TransferProgress[] = [];
  let closed = false;
  const response = await fetch(server.url, {
    method: "POST",
    body: make(5, () => {
      closed = true;
    }),
    onUpload: (progress) => told.push(progress),
  });
  expect(await response.text()).toBe("thanks");
  expect(received).toBe(5 * megabyte);
  expect(told.at(-1)).toEqual({ current: 5 * megabyte, total: undefined, unit: "B" });
  expect(told.map(({ current }) => current)).toEqual(
    [...told].map(({ current }) => current).sort((a, b) => a - b),
  );
  expect(closed).toBe(false);
});

test.each(sources)(
  "a cancellation after 10 of 50 MB closes the connection and the source: $name (HOUT-12)",
  async ({ make }) => {
    let received = 0;
    let ended = false;
    await using server = await serve(async (request) => {
      request.on("error", () => {});
      request.on("data", (piece: Uint8Array) => {
        received += piece.length;
      });
      request.on("end", () => {
        ended = true;
      });
    });
    const operation = new Cancellable();
    let closed = false;
    let sent = 0;
    const outcome = await operation.settle(() =>
      fetch(server.url, {
        method: "POST",
        duplex: "half",
        body: make(50, () => {
          closed = true;
        }),
        onUpload({ current }) {
          sent = current;
          if (current >= 10 * megabyte) operation.cancel();
        },
      }),
    );
    expect(outcome).toEqual({ status: "cancelled", error: operation.error });
    await server.allClosed();
    await until(() => closed);
    // A Node Readable joins pieces that it has read ahead.
    expect(sent).toBeGreaterThanOrEqual(10 * megabyte);
    expect(sent).toBeLessThan(20 * megabyte);
    expect(received).toBeLessThan(50 * megabyte);
    expect(ended).toBe(false);
  },
);

test("a source that waits for data is closed", async () => {
  await using server = await serve((request) => void request.resume());
  const silent = new Readable({ read() {} });
  silent.push(new Uint8Array(10));
  const operation = new Cancellable();
  const ended = operation.settle(() => fetch(server.url, { method: "POST", body: silent }));
  await server.arrived();
  operation.cancel();
  expect((await ended).status).toBe("cancelled");
  await server.allClosed();
  await until(() => silent.destroyed);
  expect(silent.errored).toBe(operation.error);
});

test("a source is closed when the server answers without reading it", async () => {
  await using server = await serve((request, response) => {
    response.writeHead(413, { connection: "close" }).end("too much");
    request.resume();
  });
  let closed = false;
  const body = new ReadableStream({
    start: (controller) => controller.enqueue(new Uint8Array(10)),
    cancel: () => void (closed = true),
  });
  const response = await fetch(server.url, { method: "POST", body });
  expect([response.status, await response.text()]).toEqual([413, "too much"]);
  await until(() => closed);
});

test("a source is closed when the host needs no more of it, and an error of the closing goes to the reporter", async () => {
  const reported: unknown[] = [];
  const before = setReporter((error, source) => reported.push([(error as Error).message, source]));
  try {
    const picky: typeof globalThis.fetch = async (_input, init) => {
      await (init?.body as ReadableStream).cancel();
      return new Response("enough");
    };
    const closed: string[] = [];
    const web = new ReadableStream({
      cancel() {
        closed.push("web");
        throw new Error("cannot close");
      },
    });
    const iterable = {
      [Symbol.asyncIterator]: () => ({
        next: () => new Promise<never>(() => {}),
        return() {
          closed.push("iterable");
          throw new Error("cannot return");
        },
      }),
    };
    for (const body of [web, iterable])
      expect(await (await fetch("http://127.0.0.1/", { method: "POST", body, fetch: picky })).text()).toBe(
        "enough",
      );
    await until(() => reported.length === 2);
    expect(closed).toEqual(["web", "iterable"]);
    const source = "closing the body of a request";
    expect(new Set(reported)).toEqual(
      new Set([
        ["cannot close", source],
        ["cannot return", source],
      ]),
    );
  } finally {
    setReporter(before);
  }
});

test("the error of a source is that of the call, and closes the connection", async () => {
  await using server = await serve((request) => void request.resume());
  const failure = new Error("the file is gone");
  async function* broken(): AsyncGenerator<Uint8Array> {
    yield new Uint8Array(10);
    throw failure;
  }
  expect(await rejection(fetch(server.url, { method: "POST", body: broken() }))).toBe(failure);
  await server.allClosed();
  const texts = (async function* () {
    yield "text";
  })();
  const error = await rejection(fetch(server.url, { method: "POST", body: wrong(texts) }));
  expect((error as Error).message).toBe('a piece of init.body must be a Uint8Array; got "text"');
});

test("the progress of a download is that of the reader, with the length in all if it is known", async () => {
  await using server = await serve((request, response) => {
    const headers: Record<string, string> = request.url === "/known" ? { "content-length": "10" } : {};
    response.writeHead(200, headers);
    response.write("01234");
    setTimeout(() => response.end("56789"), 5);
  });
  const told: TransferProgress[] = [];
  const operation = new Cancellable();
  const reported: unknown[] = [];
  operation.onProgress((progress) => reported.push(progress));
  await operation.run(async (op) => {
    const onDownload = (progress: TransferProgress): void => {
      told.push(progress);
      op.reportProgress(progress);
    };
    expect(await (await fetch(`${server.url}known`, { onDownload })).text()).toBe("0123456789");
  });
  expect(told.at(-1)).toEqual({ current: 10, total: 10, unit: "B" });
  expect(reported).toEqual(told);
  expect(operation.context.estimate?.fraction).toBe(1);
  await (await fetch(server.url, { onDownload: (progress) => told.push(progress) })).text();
  expect(told.at(-1)).toEqual({ current: 10, total: undefined, unit: "B" });
});

test("an error of a progress callback goes to the reporter, and the transfer goes on", async () => {
  await using server = await serve((_request, response) => response.end("text"));
  const reported: unknown[] = [];
  const before = setReporter((error, source) => reported.push([(error as Error).message, source]));
  try {
    const throwing = (): never => {
      throw new Error("no");
    };
    const rejecting = (): Promise<never> => Promise.reject(new Error("later"));
    expect(await (await fetch(server.url, { onDownload: throwing })).text()).toBe("text");
    expect(await (await fetch(server.url, { onDownload: rejecting })).text()).toBe("text");
    await until(() => reported.length === 2);
    expect(reported).toEqual([
      ["no", "an onDownload callback"],
      ["later", "an onDownload callback"],
    ]);
  } finally {
    setReporter(before);
  }
});
