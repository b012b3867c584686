import { Cancellable, failAfter, isCancellation } from "@hother/cancelable";
import { describe, expect, test } from "vitest";
import { type Answer, sends, streams } from "./model-server.ts";
import { cancelled, type Helper, type SdkCases, start, whenRead } from "./sdk-under-test.ts";

/** Helpers with events. */
export function helperCases(cases: SdkCases): void {
  const { name, partialAnswer } = cases;
  const begin = (...answers: Answer[]) => start(cases, ...answers);

  describe(`${name}: a helper with events`, () => {
    test("is stopped: its loop throws the error of the scope, and the answer is kept (LLM-01)", async () => {
      await using used = await begin(sends(cases.hello));
      let helper: Helper | undefined;
      let text = "";
      const op = new Cancellable();
      let thrown: unknown;
      const outcome = await op.settle(async () => {
        helper = used.sdk.helper();
        try {
          for await (const part of helper) {
            text += used.sdk.textOf(part);
            if (text === "Hello") op.cancel("disconnect");
          }
        } catch (error) {
          thrown = error;
          throw error;
        }
      });
      expect(outcome.status).toBe("cancelled");
      expect(thrown).toBe(op.error);
      await used.server.until(({ closed }) => closed === 1);
      expect(helper?.aborted).toBe(true);
      expect(partialAnswer((helper as Helper).handle)).toMatchObject({
        text: "Hello",
        usage: cases.usageSoFar,
        finishReason: undefined,
        completed: false,
      });
    });

    test("rejects its final promise and tells its abort listener with the error of the scope (LLM-01)", async () => {
      await using used = await begin(sends(cases.hello));
      let heard: unknown;
      const { read, resolve } = whenRead();
      const { error, scopeError } = await cancelled(
        async () => {
          const helper = used.sdk.helper();
          helper.onAbort((reason) => {
            heard = reason;
          });
          const final = helper.final();
          let text = "";
          const loop = (async () => {
            for await (const part of helper) {
              text += used.sdk.textOf(part);
              if (text === "Hello") resolve();
            }
          })();
          const [ended] = await Promise.allSettled([final, loop]);
          throw (ended as PromiseRejectedResult).reason;
        },
        () => read,
      );
      expect(error).toBe(scopeError);
      expect(heard).toBe(scopeError);
    });

    test("by a deadline rejects with the timeout (LLM-01)", async () => {
      await using used = await begin(sends(cases.hello));
      let helper: Helper | undefined;
      const error = await failAfter(150, () => {
        helper = used.sdk.helper();
        return helper.final();
      }).catch((thrown: unknown) => thrown);
      expect(isCancellation(error, { reason: "timeout" })).toBe(true);
      expect(helper?.aborted).toBe(true);
    });

    test("without a waiter makes no unhandled rejection, and ends with its operation (LLM-01)", async () => {
      await using used = await begin(sends(cases.hello));
      const op = new Cancellable();
      const ending = op.settle(async () => {
        used.sdk.helper();
        await op.sleep(60_000);
      });
      await used.server.until(({ requests }) => requests.length === 1);
      op.cancel();
      await ending;
      await used.server.until(({ closed }) => closed === 1);
    });

    test("in a cancelled scope sends nothing and rejects (LLM-02)", async () => {
      await using used = await begin(sends(cases.hello));
      const op = new Cancellable();
      let thrown: unknown;
      const outcome = await op.settle(async () => {
        op.cancel();
        try {
          await used.sdk.helper().final();
        } catch (error) {
          thrown = error;
          throw error;
        }
      });
      expect(outcome.status).toBe("cancelled");
      expect(thrown).toBe(op.error);
      expect(used.server.requests).toHaveLength(0);
    });

    test("that ends well gives its result", async () => {
      await using used = await begin(streams(cases.hello, cases.end));
      let helper: Helper | undefined;
      const op = new Cancellable();
      expect(
        await op.run(() => {
          helper = used.sdk.helper();
          return helper.final();
        }),
      ).toBe("Hello");
      expect(partialAnswer((helper as Helper).handle)).toMatchObject({ text: "Hello", completed: true });
    });

    test("that the user aborts rejects with the error of the client", async () => {
      await using used = await begin(sends(cases.hello));
      const op = new Cancellable();
      const outcome = await op.settle(async () => {
        const helper = used.sdk.helper();
        const final = helper.final();
        await used.server.until(({ requests }) => requests.length === 1);
        helper.controller.abort();
        await final;
      });
      expect(outcome).toMatchObject({ status: "failed", error: { message: "Request was aborted." } });
    });
  });
}
