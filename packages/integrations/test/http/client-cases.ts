// The cases that hold for every client.

import { getEventListeners } from "node:events";
import {
  Cancellable,
  cancellationOf,
  currentSignal,
  failAfter,
  isCancellation,
  moveOnAfter,
  shield,
  sleep,
} from "@hother/cancelable";
import { describe, expect, test } from "vitest";
import { ScriptedServer } from "./scripted-server.ts";

export interface ClientUnderTest {
  /** Gets a whole body as text. */
  get(url: string, options?: { signal?: AbortSignal; headers?: Record<string, string> }): Promise<unknown>;
  /** The same with another header for the deadline. `false`: none. */
  withHeader(header: string | false): ClientUnderTest["get"];
  /** What the client throws where the caller's own signal was aborted: the reason itself, or an error that it caused. */
  ownSignal: "reason" | "cause";
  /** Gets the body as a stream, if the client can. */
  stream?: ((url: string) => AsyncIterable<unknown> | Promise<AsyncIterable<unknown>>) | undefined;
  /** Whether the errors of a stream have the reason as their cause. Default: they are the reason. */
  streamWraps?: boolean;
}

const failure = async (work: Promise<unknown>): Promise<unknown> => {
  try {
    await work;
  } catch (error) {
    return error;
  }
  return expect.fail("it should have rejected");
};

const listeners = (signal: AbortSignal): number => getEventListeners(signal, "abort").length;

const never = (): void => {};

export function clientCases(name: string, client: ClientUnderTest): void {
  describe(`a cancelled request of ${name}`, () => {
    test("that waits for the headers closes its socket and rejects with the operation's own error (HOUT-01) (HOUT-02)", async () => {
      await using server = await ScriptedServer.start(never);
      const op = new Cancellable({ name: "load" });
      let seen: unknown;
      const ending = op.settle(async () => {
        seen = await failure(client.get(server.url));
        throw seen;
      });
      await server.received(1);
      op.cancel("disconnect", "the client has gone");
      await server.disconnected();
      expect(await ending).toMatchObject({ status: "cancelled", error: { reason: "disconnect" } });
      expect(seen).toBe(op.error);
    });

    test("that reads the body closes its socket and rejects with the operation's own error (HOUT-01) (HOUT-02)", async () => {
      await using server = await ScriptedServer.start((response) => {
        response.write("the first part");
      });
      const op = new Cancellable({ name: "load" });
      let seen: unknown;
      const ending = op.settle(async () => {
        seen = await failure(client.get(server.url));
        throw seen;
      });
      await server.received(1);
      await sleep(20); // the first part may arrive or not: both must work
      op.cancel();
      await server.disconnected();
      expect((await ending).status).toBe("cancelled");
      expect(seen).toBe(op.error);
    });

    test("is not sent if the operation was cancelled before (HOUT-02) (HOUT-03)", async () => {
      await using server = await ScriptedServer.start((response) => response.end("served"));
      const op = new Cancellable();
      let seen: unknown;
      await op.settle(async () => {
        op.cancel("quota", "enough");
        seen = await failure(client.get(server.url));
      });
      expect(seen).toBe(op.error);
      await client.get(server.url);
      expect(server.requests).toHaveLength(1);
    });

    test("of a scope that timed out rejects with the timeout of this scope", async () => {
      await using server = await ScriptedServer.start(never);
      const error = await failure(failAfter(30, () => client.get(server.url)));
      expect(isCancellation(error, { reason: "timeout" })).toBe(true);
      await server.disconnected();
    });
  });

  describe(`the signal of the caller of ${name}`, () => {
    test("still ends the request, and its reason is kept (HOUT-06)", async () => {
      await using server = await ScriptedServer.start(never);
      const controller = new AbortController();
      const reason = new Error("the user closed the page");
      const op = new Cancellable();
      const seen = await op.run(async () => {
        const error = failure(client.get(server.url, { signal: controller.signal }));
        await server.received(1);
        controller.abort(reason);
        return error;
      });
      expect(client.ownSignal === "reason" ? seen : (seen as Error).cause).toBe(reason);
      await server.disconnected();
      expect(listeners(controller.signal)).toBe(0);
      expect(op.status).toBe("completed");
    });

    test("does not hide the operation's error, also if it is the operation's signal (HOUT-02) (HOUT-06)", async () => {
      await using server = await ScriptedServer.start(never);
      for (const signalOf of [currentSignal, () => new AbortController().signal]) {
        const op = new Cancellable();
        let seen: unknown;
        const before = server.requests.length;
        const ending = op.settle(async () => {
          seen = await failure(client.get(server.url, { signal: signalOf() }));
        });
        await server.received(before + 1);
        op.cancel();
        await ending;
        expect(seen).toBe(op.error);
      }
      await server.disconnected();
    });

    test("has no listener left after 1,000 calls in one operation, nor has the operation's (HOUT-06)", async () => {
      await using server = await ScriptedServer.start((response) => response.end("ok"));
      const warnings: Error[] = [];
      const warned = (warning: Error): void => void warnings.push(warning);
      process.on("warning", warned);
      try {
        const { signal } = new AbortController();
        await new Cancellable().run(async (op) => {
          for (let i = 0; i < 50; i++) {
            // Some clients add a listener of their own to the caller's signal, and Node warns about more than ten.
            const own = Array.from({ length: 5 }, () => client.get(server.url, { signal }));
            const ambient = Array.from({ length: 15 }, () => client.get(server.url));
            await Promise.all([...own, ...ambient]);
          }
          expect(server.requests).toHaveLength(1_000);
          expect([listeners(signal), listeners(op.signal)]).toEqual([0, 0]);
        });
      } finally {
        process.off("warning", warned);
      }
      expect(warnings).toEqual([]);
    }, 60_000);
  });

  describe(`the deadline header of ${name}`, () => {
    test("carries what is left of the budget, and a retry of the operation carries less (DL-01) (DL-07)", async () => {
      await using server = await ScriptedServer.start((response) => response.end("ok"));
      const get = client.get;
      await failAfter({ seconds: 30 }, async () => {
        await get(server.url);
        await sleep(5);
        await get(server.url);
        await shield(() => get(server.url));
      });
      await get(server.url);
      const values = server.requests.map(({ headers }) => headers["x-request-timeout-ms"]);
      const [first, second] = values.map(Number) as [number, number];
      expect(first).toBeLessThanOrEqual(30_000);
      expect(first).toBeGreaterThan(0);
      expect(second).toBeLessThanOrEqual(first - 5);
      expect(values.slice(2)).toEqual([undefined, undefined]);
    });

    test("has the name of the option, or is left out", async () => {
      await using server = await ScriptedServer.start((response) => response.end("ok"));
      await failAfter({ seconds: 30 }, async () => {
        await client.withHeader("grpc-timeout")(server.url);
        await client.withHeader(false)(server.url);
      });
      const [grpc, none] = server.requests;
      expect(grpc?.headers["grpc-timeout"]).toMatch(/^\d{1,8}m$/);
      expect(none?.headers).not.toHaveProperty("x-request-timeout-ms");
    });

    test("of the caller stays if it is smaller", async () => {
      await using server = await ScriptedServer.start((response) => response.end("ok"));
      await failAfter({ seconds: 30 }, async () => {
        await client.get(server.url, { headers: { "x-request-timeout-ms": "77" } });
        await client.get(server.url, { headers: { "x-request-timeout-ms": "60000" } });
      });
      const [smaller, larger] = server.requests.map(({ headers }) => Number(headers["x-request-timeout-ms"]));
      expect(smaller).toBe(77);
      expect(larger).toBeLessThanOrEqual(30_000);
    });

    test("is not sent, nor is the request, where no time is left (DL-01)", async () => {
      await using server = await ScriptedServer.start((response) => response.end("ok"));
      const error = await failure(failAfter(0.5, () => client.get(server.url)));
      expect(isCancellation(error, { reason: "timeout" })).toBe(true);
      expect(server.requests).toEqual([]);
    });
  });

  const { stream } = client;
  if (stream === undefined) return;
  describe(`a streamed body of ${name}`, () => {
    test("ends with the operation: the socket closes and what was read is kept (HOUT-01) (HOUT-02)", async () => {
      await using server = await ScriptedServer.start((response) => {
        response.write("the first part");
      });
      const op = new Cancellable();
      let text = "";
      let seen: unknown;
      await op.settle(async () => {
        try {
          for await (const chunk of await stream(server.url)) {
            text += Buffer.from(chunk as Uint8Array).toString();
            op.cancel("disconnect");
          }
        } catch (error) {
          seen = error;
        }
      });
      expect(text).toBe("the first part");
      expect(client.streamWraps ? (seen as Error).cause : seen).toBe(op.error);
      expect(cancellationOf(seen)).toBe(op.error);
      await server.disconnected();
    });

    test("without a reader is released at the end of the operation (HOUT-07)", async () => {
      await using server = await ScriptedServer.start((response) => {
        response.write("the first part");
      });
      let body!: AsyncIterable<unknown>;
      await new Cancellable({ name: "load" }).run(async () => {
        body = await stream(server.url);
        await server.received(1);
      });
      await server.disconnected();
      const reading = (async () => {
        for await (const _ of body);
      })();
      await expect(reading).rejects.toThrow(/operation "load" has ended|premature|destroyed|aborted/i);
    });

    test("leaves no listener when it was read to its end or given up", async () => {
      await using server = await ScriptedServer.start((response) => {
        response.write("the first part");
        response.end("the last part");
      });
      await new Cancellable().run(async (op) => {
        for (let i = 0; i < 20; i++) {
          for await (const _ of await stream(server.url)) if (i % 2 === 0) break;
        }
        while (listeners(op.signal) > 0) await sleep(1);
      });
      expect(await moveOnAfter(1_000, async () => "done")).toBe("done");
    });
  });
}
