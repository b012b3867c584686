import { Cancellable, CancelScope, failAfter, retry, shield, sleep } from "@hother/cancelable";
import { withVirtual } from "@hother/cancelable/testing";
import { afterEach, expect, test, vi } from "vitest";
import { type FetchInit, fetch } from "../../src/fetch/index.ts";
import { rejection, serve } from "./server.ts";

const url = "http://127.0.0.1/";

/** A `fetch` that records the headers of its requests. */
function recorder(): {
  readonly sent: Headers[];
  readonly fetch: typeof globalThis.fetch;
  readonly left: () => unknown[];
} {
  const sent: Headers[] = [];
  const record: typeof globalThis.fetch = async (_input, init) => {
    sent.push(new Headers(init?.headers));
    return new Response("done");
  };
  return { sent, fetch: record, left: () => sent.map((headers) => headers.get("x-request-timeout-ms")) };
}

afterEach(() => {
  vi.restoreAllMocks();
});

test("the header carries what is left when the request is sent, in whole ms (DL-01)", async () => {
  await withVirtual(async () => {
    const { fetch: record, left } = recorder();
    await failAfter(1_000, async () => {
      await fetch(url, { fetch: record });
      await sleep(300.4);
      await fetch(url, { fetch: record });
      await failAfter(50, () => fetch(url, { fetch: record }));
      await fetch(url, { fetch: record, timeout: 20 });
    });
    await fetch(url, { fetch: record });
    await fetch(url, { fetch: record, timeout: 70 });
    expect(left()).toEqual(["1000", "699", "50", "20", null, "70"]);
  });
});

test("with less than 1 ms left nothing is sent, and the error is the timeout of the scope (DL-01)", async () => {
  await withVirtual(async () => {
    for (const spent of [99.5, 100]) {
      const { fetch: record, sent } = recorder();
      const scope = new CancelScope({ timeout: 100 });
      await scope.run(async () => {
        await sleep(spent).catch(() => {});
        const error = await rejection(fetch(url, { fetch: record }));
        expect(error).toBe(scope.error);
        expect(error).toMatchObject({ reason: "timeout" });
      });
      expect(sent).toEqual([]);
    }
    // A deadline that was moved in the last moment counts.
    const { fetch: record, left } = recorder();
    const scope = new CancelScope({ timeout: 100 });
    await scope.run(async () => {
      await sleep(99.5);
      const response = fetch(url, { fetch: record });
      scope.deadline += 100;
      await response;
    });
    expect(left()).toEqual(["100"]);
  });
});

test("each attempt of a retry sends the smaller, fresh value (DL-07)", async () => {
  await withVirtual(async () => {
    const { fetch: record, left } = recorder();
    const busy: typeof globalThis.fetch = async (input, init) => {
      await record(input, init);
      await sleep(100);
      throw new Error("busy");
    };
    const backoff = { initial: 50, factor: 1, jitter: "none" } as const;
    await rejection(retry(() => fetch(url, { fetch: busy }), { timeout: 1_000, attempts: 3, backoff }));
    expect(left()).toEqual(["1000", "850", "700"]);
  });
});

test("a server sees the header (DL-01, DL-07)", async () => {
  await using server = await serve((request, response) => {
    if (server.requests.length < 3) request.socket.destroy();
    else response.end();
  });
  const backoff = { initial: 5, jitter: "none" } as const;
  await retry(() => fetch(server.url), { timeout: { seconds: 60 }, attempts: 3, backoff });
  const left = server.requests.map(({ headers }) => Number(headers["x-request-timeout-ms"]));
  expect(left).toHaveLength(3);
  expect(left[0]).toBeLessThanOrEqual(60_000);
  expect(left[1]).toBeLessThan(left[0] as number);
  expect(left[2]).toBeLessThan(left[1] as number);
});

test("a shielded or detached piece of work sends no inherited deadline (DL-08)", async () => {
  await withVirtual(async () => {
    const { fetch: record, left } = recorder();
    await failAfter(1_000, async () => {
      await shield(() => fetch(url, { fetch: record }));
      await new Cancellable({ parent: null }).run(() => fetch(url, { fetch: record }));
      await shield(() => fetch(url, { fetch: record }), { timeout: 300 });
    });
    expect(left()).toEqual([null, null, "300"]);
  });
});

test("a wall clock that is set changes nothing (DL-09)", async () => {
  const { fetch: record, left } = recorder();
  await failAfter({ minutes: 10 }, async () => {
    await fetch(url, { fetch: record });
    const now = Date.now();
    for (const shift of [86_400_000, -86_400_000]) {
      vi.spyOn(Date, "now").mockReturnValue(now + shift);
      await fetch(url, { fetch: record });
    }
  });
  for (const value of left()) {
    expect(Number(value)).toBeGreaterThan(300_000);
    expect(Number(value)).toBeLessThanOrEqual(600_000);
  }
});

test("name and format are those of the option, and false sends none", async () => {
  await withVirtual(async () => {
    const { fetch: record, sent } = recorder();
    const send = (deadlineHeader: FetchInit["deadlineHeader"]): Promise<Response> =>
      failAfter(1_500, () => fetch(url, { fetch: record, deadlineHeader, headers: { "x-a": "1" } }));
    await send("grpc-timeout");
    await send("X-Envoy-Expected-Rq-Timeout-Ms");
    await send({ name: "x-left", format: "grpc" });
    await send(false);
    expect(sent.map((headers) => Object.fromEntries(headers))).toEqual([
      { "x-a": "1", "grpc-timeout": "1500m" },
      { "x-a": "1", "x-envoy-expected-rq-timeout-ms": "1500" },
      { "x-a": "1", "x-left": "1500m" },
      { "x-a": "1" },
    ]);
    expect(await rejection(send("a b"))).toMatchObject({
      message: expect.stringMatching(/^init\.deadlineHeader must be/),
    });
  });
});

test("of the header that the caller has set and the time that is left, the smaller one is sent", async () => {
  await withVirtual(async () => {
    const { fetch: record, left } = recorder();
    await failAfter(1_000, async () => {
      for (const own of ["400", "4000", "soon"])
        await fetch(url, { fetch: record, headers: { "x-request-timeout-ms": own } });
      const request = new Request(url, { headers: { "x-request-timeout-ms": "300", "x-a": "1" } });
      await fetch(request, { fetch: record });
    });
    expect(left()).toEqual(["400", "1000", "1000", "300"]);
  });
});

test("a page adds the header for its own origin, and for another one only if it is asked to", async () => {
  if (typeof location === "undefined") vi.stubGlobal("location", new URL("http://127.0.0.1/page"));
  try {
    const { fetch: record, left } = recorder();
    const send = (input: string, init?: FetchInit): Promise<Response> =>
      failAfter(60_000, () => fetch(input, { fetch: record, ...init }));
    await send("/path");
    await send("http://example.test/");
    await send("http://example.test/", { deadlineHeader: "x-request-timeout-ms" });
    const digits = expect.stringMatching(/^\d+$/);
    expect(left()).toEqual([digits, null, digits]);
  } finally {
    vi.unstubAllGlobals();
  }
});
