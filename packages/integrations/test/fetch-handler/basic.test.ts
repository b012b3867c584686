import { once } from "node:events";
import { connect } from "node:net";
import { currentOperation, OperationRegistry, sleep } from "@hother/cancelable";
import { afterEach, expect, test } from "vitest";
import {
  type FetchHandler,
  type FetchHandlerOptions,
  fetchHandler,
  type RequestEnd,
} from "../../src/fetch-handler/index.ts";
import { type Served, serve } from "./host.ts";

let served: Served | undefined;
const ends: RequestEnd<Request>[] = [];
afterEach(async () => {
  await served?.close();
  served = undefined;
  ends.length = 0;
});

async function listen(handler: FetchHandler<Request, []>, options?: FetchHandlerOptions): Promise<Served> {
  served = await serve(fetchHandler(handler, { onEnd: (end) => ends.push(end), ...options }));
  return served;
}

test("a request is the ambient operation of its handler, and completed", async () => {
  const registry = new OperationRegistry();
  const { url } = await listen(
    async (_request, operation) => {
      await sleep(1);
      expect(currentOperation()).toBe(operation);
      return new Response(operation.name);
    },
    { route: "/hello/:who", register: registry },
  );
  const answer = await fetch(`${url}/hello/you`);
  expect([answer.headers.get("content-length"), await answer.text()]).toEqual(["15", "GET /hello/:who"]);
  expect(answer.headers.get("content-type")?.toLowerCase()).toBe("text/plain;charset=utf-8");
  await expect.poll(() => ends.length).toBe(1);
  expect(ends[0]).toMatchObject({ name: "GET /hello/:who", status: 200, sent: "whole", reason: undefined });
  expect(ends[0]?.operation.status).toBe("completed");
  expect(registry.list()).toEqual([]);
});

test("a time limit answers 504, and the stream of the late answer is cancelled", async () => {
  let cancelled: (reason: unknown) => void;
  const late = new Promise((resolve) => {
    cancelled = resolve;
  });
  const { url } = await listen(async (_request, operation) => {
    await new Promise((resolve) => {
      operation.signal.addEventListener("abort", () => setTimeout(resolve, 5));
      operation.limit(1); // only now: a limit that has passed before would keep the handler from running
    });
    return new Response(new ReadableStream({ cancel: () => cancelled("cancelled") }));
  });
  const answer = await fetch(url);
  expect([answer.status, answer.headers.get("content-type")]).toEqual([504, "application/problem+json"]);
  expect(await answer.json()).toMatchObject({ status: 504, title: "Gateway Timeout" });
  expect(await late).toBe("cancelled");
  await expect.poll(() => ends.length).toBe(1);
  expect(ends[0]).toMatchObject({ name: "GET (no route)", status: 504, sent: "whole", reason: "timeout" });
});

test("a client that leaves while the handler works cancels, and nothing is sent", async () => {
  let reached: () => void;
  const waiting = new Promise<void>((resolve) => {
    reached = resolve;
  });
  const { port } = await listen(async () => {
    reached();
    await sleep({ minutes: 1 });
    return new Response();
  });
  const client = connect(port, "127.0.0.1");
  client.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  await waiting;
  client.destroy();
  await expect.poll(() => ends.length).toBe(1);
  expect(ends[0]).toMatchObject({ status: 499, sent: "nothing", reason: "disconnect" });
  expect(ends[0]?.operation.status).toBe("cancelled");
});

test("a client that leaves during a streamed answer cancels, and the stream of the handler is cancelled", async () => {
  let isCancelled = false;
  const { port } = await listen(
    () =>
      new Response(
        new ReadableStream({
          start: (controller) => controller.enqueue(new TextEncoder().encode("first")),
          pull: () => new Promise(() => {}),
          cancel() {
            isCancelled = true;
          },
        }),
      ),
  );
  const client = connect(port, "127.0.0.1");
  client.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  await once(client, "data");
  expect(ends).toEqual([]);
  client.destroy();
  await expect.poll(() => ends.length).toBe(1);
  expect(ends[0]).toMatchObject({ status: 499, sent: "cut", reason: "disconnect" });
  expect(isCancelled).toBe(true);
});

test("a streamed answer that ends is completed, and its operation is open until then", async () => {
  let push: ReadableStreamDefaultController<Uint8Array> | undefined;
  const { url } = await listen(
    () =>
      new Response(
        new ReadableStream<Uint8Array>({
          start(controller) {
            push = controller;
            controller.enqueue(new TextEncoder().encode("a"));
          },
        }),
      ),
  );
  const answer = await fetch(url);
  const reader = (answer.body as ReadableStream<Uint8Array>).getReader();
  expect(new TextDecoder().decode((await reader.read()).value)).toBe("a");
  expect(ends).toEqual([]);
  push?.enqueue(new TextEncoder().encode("b"));
  push?.close();
  expect(new TextDecoder().decode((await reader.read()).value)).toBe("b");
  expect((await reader.read()).done).toBe(true);
  await expect.poll(() => ends.length).toBe(1);
  expect(ends[0]).toMatchObject({ status: 200, sent: "whole", reason: undefined });
});

test("text, bytes and forms are sent with their length and type, as without this library", async () => {
  const bodies: Readonly<Record<string, () => Response>> = {
    text: () => new Response("text", { headers: { "x-one": "1" } }),
    empty: () => new Response(""),
    bytes: () => new Response(new Uint8Array([0, 255])),
    form: () => new Response(new URLSearchParams({ a: "b" })),
    json: () => Response.json({ a: 1 }),
    none: () => new Response(null, { status: 204 }),
  };
  const answer = (request: Request): Response =>
    (bodies[new URL(request.url).pathname.slice(1)] as () => Response)(); // only these are asked
  const bare = await serve(answer);
  const { url } = await listen(answer);
  try {
    for (const name of Object.keys(bodies)) {
      const [expected, actual] = await Promise.all([fetch(`${bare.url}/${name}`), fetch(`${url}/${name}`)]);
      for (const header of ["content-type", "content-length", "transfer-encoding", "x-one"])
        expect([name, header, actual.headers.get(header)]).toEqual([
          name,
          header,
          expected.headers.get(header),
        ]);
      expect([actual.status, await actual.text()]).toEqual([expected.status, await expected.text()]);
    }
  } finally {
    await bare.close();
  }
});
