/* Calls of a fetch handler without a server, as hosts make them. */
import { currentOperation, setReporter, sleep } from "@hother/cancelable";
import { afterEach, beforeEach, expect, test } from "vitest";
import {
  type FetchHandlerOptions,
  fetchHandler,
  type RequestEnd,
  type RequestOperation,
} from "../../src/fetch-handler/index.ts";
import { Gate } from "../server-kit/gate.ts";

const ends: Array<RequestEnd<Request>> = [];
const reports: unknown[] = [];
let before: ReturnType<typeof setReporter>;
beforeEach(() => {
  before = setReporter((error, source) => reports.push([error, source]));
});
afterEach(() => {
  setReporter(before);
  ends.length = 0;
  reports.length = 0;
});

const request = (init?: RequestInit): Request => new Request("http://localhost/things/7", init);
const onEnd: FetchHandlerOptions["onEnd"] = (end) => ends.push(end);

test("an error of the handler is reported and answered with 500", async () => {
  const handle = fetchHandler(
    async () => {
      await sleep(1);
      throw new Error("broken");
    },
    { route: "/things/:id", onEnd },
  );
  const answer = await handle(request());
  expect(answer.status).toBe(500);
  expect(await answer.json()).toEqual({
    type: "about:blank",
    title: "Internal Server Error",
    status: 500,
    detail: "The server could not answer the request.",
  });
  expect(reports).toEqual([[new Error("broken"), "the handler of GET /things/:id"]]);
  await expect.poll(() => ends).toMatchObject([{ name: "GET /things/:id", status: 500, sent: "whole" }]);
  expect(ends[0]?.operation.status).toBe("failed");
});

for (const wrong of [null, 5, "text", {}]) {
  test(`the result ${JSON.stringify(wrong)} of a handler is an error`, async () => {
    const handle = fetchHandler(() => wrong as unknown as Response, { onEnd });
    expect((await handle(request())).status).toBe(500);
    expect(String(reports[0])).toContain("the handler of GET (no route) must return a Response, got");
  });
}

test("nothing, which Bun wants after an upgrade, is passed on", async () => {
  const handle = fetchHandler(() => undefined, { onEnd });
  expect(await handle(request())).toBe(undefined);
  await expect.poll(() => ends).toMatchObject([{ status: 101, sent: "whole", reason: undefined }]);
  expect(ends[0]?.operation.status).toBe("completed");
});

test("an answer without a body is passed on as the same object, as Deno wants it after an upgrade", async () => {
  const given = new Response(null, { status: 204 });
  expect(await fetchHandler(() => given)(request())).toBe(given);
});

test("what the host passes after the request reaches the handler behind the operation", async () => {
  const handle = fetchHandler((_request: Request, operation, context: { params: Promise<{ id: string }> }) =>
    context.params.then(({ id }) => new Response(`${operation === currentOperation()} ${id}`)),
  );
  const answer = await handle(request(), { params: Promise.resolve({ id: "7" }) });
  expect(await answer.text()).toBe("true 7");
});

test("a handler in a handler takes the operation of the outer one (HIN-20)", async () => {
  const operations: Array<RequestOperation<Request>> = [];
  const inner = fetchHandler(
    async (_request, operation) => {
      operations.push(operation);
      await sleep(20);
      return new Response("ok");
    },
    { timeout: 1, route: "/inner" },
  );
  const outer = fetchHandler(
    (given, operation) => {
      operations.push(operation);
      return inner(given);
    },
    { route: "/outer", onEnd },
  );
  expect(await (await outer(request())).text()).toBe("ok");
  expect(operations[0]).toBe(operations[1]);
  await expect.poll(() => ends).toMatchObject([{ name: "GET /outer", status: 200 }]);
});

test("a body keeps its status, headers, bytes and type, whether it is there at once or streamed", async () => {
  const bytes = new Uint8Array([0, 255, 128]);
  const headers = { "x-one": "1", "set-cookie": "a=1" };
  const bodies: readonly BodyInit[] = [
    "text",
    bytes,
    new Blob([bytes], { type: "image/x" }),
    new URLSearchParams({ a: "b" }),
    "",
  ];
  for (const body of bodies) {
    const init = { status: 201, statusText: "Made", headers };
    const expected = new Response(body, init);
    const answer = await fetchHandler(() => new Response(body, init))(request());
    expect([answer.status, answer.statusText, answer.headers.get("x-one")]).toEqual([201, "Made", "1"]);
    expect(answer.headers.getSetCookie()).toEqual(["a=1"]);
    expect(answer.headers.get("content-type")).toBe(expected.headers.get("content-type"));
    expect(await answer.arrayBuffer()).toEqual(await expected.arrayBuffer());
  }
});

test("the answer to HEAD is passed on untouched, with its body (HIN-01)", async () => {
  const given = new Response("four");
  expect(await fetchHandler(() => given, { onEnd })(request({ method: "HEAD" }))).toBe(given);
  await expect.poll(() => ends).toMatchObject([{ name: "HEAD (no route)", status: 200, sent: "whole" }]);
});

test("a stream of the handler is read only when the host asks (HIN-05)", async () => {
  let pulls = 0;
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        await sleep(1);
        controller.enqueue(new Uint8Array([++pulls]));
      },
    },
    { highWaterMark: 0 },
  );
  const answer = await fetchHandler(() => new Response(body), { onEnd })(request());
  const reader = (answer.body as ReadableStream<Uint8Array>).getReader();
  // One read in advance has looked whether the body is there at once.
  expect((await reader.read()).value).toEqual(new Uint8Array([1]));
  expect((await reader.read()).value).toEqual(new Uint8Array([2]));
  await sleep(10);
  expect(pulls).toBe(2);
  await reader.cancel();
  await expect.poll(() => ends).toMatchObject([{ sent: "cut", reason: "disconnect", status: 499 }]);
});

test("a stream of the handler is read in the operation (HIN-12)", async () => {
  const seen: unknown[] = [];
  const handle = fetchHandler(
    (_request, operation) =>
      new Response(
        new ReadableStream<Uint8Array>(
          {
            async pull(controller) {
              seen.push(currentOperation() === operation);
              await sleep(1);
              if (seen.length === 3) controller.close();
              else controller.enqueue(new Uint8Array([seen.length]));
            },
          },
          { highWaterMark: 0 },
        ),
      ),
  );
  expect(new Uint8Array(await (await handle(request())).arrayBuffer())).toEqual(new Uint8Array([1, 2]));
  expect(seen).toEqual([true, true, true]);
});

test("a stream that fails makes the request a failure, and no client has left", async () => {
  const failing = new Gate();
  const handle = fetchHandler(
    () =>
      new Response(
        new ReadableStream<Uint8Array>({
          async pull() {
            await failing.opened;
            throw new Error("broken stream");
          },
        }),
      ),
    { onEnd },
  );
  const answer = await handle(request());
  failing.open();
  await expect(answer.text()).rejects.toThrow("broken stream");
  await expect.poll(() => ends).toMatchObject([{ status: 200, sent: "cut", reason: undefined }]);
  expect(ends[0]?.operation.status).toBe("failed");
});

test("a request whose client has left already is cancelled (HIN-03)", async () => {
  const handle = fetchHandler(
    async () => {
      await sleep({ minutes: 1 });
      return new Response();
    },
    { onEnd },
  );
  await handle(request({ signal: AbortSignal.abort("host's own reason") }));
  await expect.poll(() => ends.length).toBe(1);
  await expect.poll(() => ends).toMatchObject([{ status: 499, sent: "nothing", reason: "disconnect" }]);
  expect(ends[0]?.operation.error?.message).toContain("the client left before the answer to GET");
});

test("a request that its handler cancels at once ends after the handler", async () => {
  const cleaning = new Gate();
  const handle = fetchHandler(
    async (_request, operation) => {
      operation.cancel("shutdown");
      await cleaning.opened;
      throw new Error("the clean-up failed");
    },
    { onEnd },
  );
  expect((await handle(request())).status).toBe(503);
  expect(ends).toEqual([]);
  cleaning.open();
  await expect.poll(() => ends).toMatchObject([{ status: 503, sent: "whole", reason: "shutdown" }]);
  expect(ends[0]?.operation.status).toBe("failed");
});

test("the signal of the request counts only until the host has the answer (HIN-01)", async () => {
  const controller = new AbortController();
  const handle = fetchHandler(() => new Response("whole"), { onEnd });
  const answer = await handle(request({ signal: controller.signal }));
  controller.abort();
  expect(await answer.text()).toBe("whole");
  await expect.poll(() => ends).toMatchObject([{ status: 200, sent: "whole", reason: undefined }]);
  expect(ends[0]?.operation.status).toBe("completed");
});

test("a function for the route that throws is reported, and the request is served", async () => {
  const handle = fetchHandler(() => new Response("ok"), {
    route: () => {
      throw new Error("no route");
    },
    onEnd,
  });
  expect((await handle(request())).status).toBe(200);
  expect(reports).toEqual([[new Error("no route"), "options.route"]]);
  await expect.poll(() => ends).toMatchObject([{ name: "GET (no route)" }]);
});

test("wrong arguments are refused at once", () => {
  const handler = (): Response => new Response();
  expect(() => fetchHandler(undefined as never)).toThrow("handler must be a function");
  expect(() => fetchHandler(handler, { route: 5 } as object)).toThrow("options.route");
  expect(() => fetchHandler(handler, { timeOut: 5 } as object)).toThrow("timeout");
  expect(() => fetchHandler(handler, { timeout: -1 })).not.toThrow();
  expect(() => fetchHandler(handler, { callerDeadline: {} } as object)).toThrow(
    "options.callerDeadline.trust",
  );
});
