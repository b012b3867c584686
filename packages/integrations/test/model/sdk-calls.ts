import { getEventListeners } from "node:events";
import { Cancellable, failAfter } from "@hother/cancelable";
import { expectNoLeaks } from "@hother/cancelable/testing";
import { describe, expect, test } from "vitest";
import { type Answer, json, refuses, sends, silence } from "./model-server.ts";
import { cancelled, type SdkCases, start } from "./sdk-under-test.ts";

/** Calls. */
export function callCases(cases: SdkCases): void {
  const { name } = cases;
  const begin = (...answers: Answer[]) => start(cases, ...answers);

  describe(`${name}: a call`, () => {
    test("in a cancelled scope sends nothing (LLM-02)", async () => {
      await using used = await begin(json(cases.whole));
      for (const call of [used.sdk.create, used.sdk.stream, used.sdk.list]) {
        const op = new Cancellable();
        let thrown: unknown;
        await op.settle(async () => {
          op.cancel();
          await call().catch((error: unknown) => {
            thrown = error;
          });
        });
        expect(thrown).toBe(op.error);
      }
      expect(used.server.requests).toHaveLength(0);
    });

    test("that waits for headers ends at once, with one request (LLM-01)", async () => {
      await using used = await begin(silence);
      const { error, scopeError } = await cancelled(
        () => used.sdk.create(),
        () => used.server.until(({ requests }) => requests.length === 1),
      );
      expect(error).toBe(scopeError);
      await used.server.until(({ closed }) => closed === 1);
      expect(used.server.requests).toHaveLength(1);
    });

    test("that waits for the body ends at once (LLM-01)", async () => {
      await using used = await begin((response) => {
        response.writeHead(200, { "content-type": "application/json" });
        response.write("{");
      });
      const { error, scopeError } = await cancelled(
        () => used.sdk.create(),
        () => used.server.until(({ requests }) => requests.length === 1),
      );
      expect(error).toBe(scopeError);
      await used.server.until(({ closed }) => closed === 1);
    });

    test("in a Retry-After wait ends at once and never tries again (LLM-02)", async () => {
      await using used = await begin(refuses(429, { "retry-after": "30" }));
      // Without the timer of the wait there is no second attempt.
      await expectNoLeaks(
        async () => {
          const { error, scopeError } = await cancelled(
            () => used.sdk.create(),
            async () => {
              await used.server.until(({ requests }) => requests.length === 1);
              await new Promise((resolve) => setTimeout(resolve, 50)); // the wait has begun
            },
          );
          expect(error).toBe(scopeError);
        },
        { settle: 10_000, ignore: ["TCPSocketWrap", "TCPWRAP"] },
      );
      expect(used.server.requests).toHaveLength(1);
    });

    test("in a Retry-After wait ends at once for a signal of the user, with the error of the client", async () => {
      await using used = await begin(refuses(429, { "retry-after": "30" }));
      const controller = new AbortController();
      const call = used.sdk.create({ signal: controller.signal }).catch((error: unknown) => error);
      await used.server.until(({ requests }) => requests.length === 1);
      setTimeout(() => controller.abort("closed"), 20);
      expect(await call).toMatchObject({ message: "Request was aborted.", cause: "closed" });
      expect(used.server.requests).toHaveLength(1);
    });

    test("does not wait for a Retry-After beyond the deadline: it rejects with the error of the server", async () => {
      await using used = await begin(refuses(429, { "retry-after": "60" }));
      const error = await failAfter(20_000, () => used.sdk.create()).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ status: 429 });
      expect(used.server.requests).toHaveLength(1);
    });

    test("tries again within the deadline, and answers", async () => {
      await using used = await begin(refuses(429, { "retry-after-ms": "5" }), json(cases.whole));
      await failAfter(20_000, () => used.sdk.create());
      expect(used.server.requests).toHaveLength(2);
      expect(used.server.header("x-stainless-retry-count")).toEqual(["0", "1"]);
    });

    test("keeps an error of the server that arrives in the scope", async () => {
      await using used = await begin(refuses(400));
      const op = new Cancellable();
      expect(await op.settle(() => used.sdk.create())).toMatchObject({
        status: "failed",
        error: { status: 400 },
      });
    });

    test("of a list is cancelled, too (LLM-01)", async () => {
      await using used = await begin(silence);
      const { error, scopeError } = await cancelled(
        () => used.sdk.list(),
        () => used.server.until(({ requests }) => requests.length === 1),
      );
      expect(error).toBe(scopeError);
      await used.server.until(({ closed }) => closed === 1);
    });

    test("that is not awaited makes no unhandled rejection (LLM-01)", async () => {
      await using used = await begin(silence);
      const op = new Cancellable();
      const ending = op.settle(async () => {
        void used.sdk.create();
        await op.sleep(60_000);
      });
      await used.server.until(({ requests }) => requests.length === 1);
      op.cancel();
      await ending;
      await used.server.until(({ closed }) => closed === 1);
    });

    test("leaves no listener on a signal of the user and on that of the scope", async () => {
      await using used = await begin(json(cases.whole));
      const controller = new AbortController();
      const op = new Cancellable();
      await op.run(() => used.sdk.create({ signal: controller.signal }));
      expect(getEventListeners(controller.signal, "abort")).toHaveLength(0);
      expect(getEventListeners(op.signal, "abort")).toHaveLength(0);
    });

    test("outside of every operation works as before", async () => {
      await using used = await begin(json(cases.whole));
      expect(await used.sdk.create()).toMatchObject(cases.whole as object);
    });
  });
}
