import {
  Cancellable,
  currentSignal,
  failAfter,
  getBackend,
  isCancellation,
  shield,
} from "@hother/cancelable";
import { describe, expect, test } from "vitest";
import { type Answer, sends, streams } from "./model-server.ts";
import { cancelled, type Parts, type SdkCases, start, whenRead } from "./sdk-under-test.ts";

/** Streams of parts. */
export function streamCases(cases: SdkCases): void {
  const { name, partialAnswer } = cases;
  const begin = (...answers: Answer[]) => start(cases, ...answers);

  describe(`${name}: a stream`, () => {
    test("is stopped in the middle: the loop throws, the socket closes, the partial answer is kept (LLM-01)", async () => {
      await using used = await begin(sends(cases.hello));
      let text = "";
      let parts: Parts | undefined;
      let isAfterLoop = false;
      const op = new Cancellable();
      const outcome = await op.settle(async () => {
        parts = await used.sdk.stream();
        for await (const part of parts) {
          text += used.sdk.textOf(part);
          if (text === "Hello") op.cancel("disconnect", "the user has left");
        }
        isAfterLoop = true;
      });
      expect(outcome).toMatchObject({ status: "cancelled", error: { reason: "disconnect" } });
      expect(isAfterLoop).toBe(false);
      await used.server.until(({ closed }) => closed === 1);
      expect(partialAnswer(parts as object)).toEqual({
        text: "Hello",
        reasoning: "",
        toolCalls: [],
        usage: cases.usageSoFar,
        finishReason: undefined,
        completed: false,
      });
    });

    test("is stopped while it waits for a part, and throws the very error of the scope (LLM-01)", async () => {
      await using used = await begin(sends(cases.hello));
      let text = "";
      const { read, resolve } = whenRead();
      const { error, scopeError } = await cancelled(
        async () => {
          for await (const part of await used.sdk.stream()) {
            text += used.sdk.textOf(part);
            if (text === "Hello") setImmediate(resolve);
          }
        },
        () => read,
      );
      expect(error).toBe(scopeError);
      await used.server.until(({ closed }) => closed === 1);
    });

    test("by a deadline is stopped with the timeout (LLM-01)", async () => {
      await using used = await begin(sends(cases.hello));
      let isAfterLoop = false;
      const error = await failAfter(60_000, async (limit) => {
        let text = "";
        for await (const part of await used.sdk.stream()) {
          text += used.sdk.textOf(part);
          if (text === "Hello") limit.deadline = getBackend().now() + 50;
        }
        isAfterLoop = true;
      }).catch((thrown: unknown) => thrown);
      expect(isCancellation(error, { reason: "timeout" })).toBe(true);
      expect(isAfterLoop).toBe(false);
      await used.server.until(({ closed }) => closed === 1);
    });

    test("of which the server has sent everything is stopped all the same (LLM-01)", async () => {
      await using used = await begin(streams(cases.hello, cases.end));
      const op = new Cancellable();
      let count = 0;
      const outcome = await op.settle(async () => {
        for await (const _ of await used.sdk.stream()) {
          count++;
          if (count === 1) op.cancel();
        }
      });
      expect([outcome.status, count]).toEqual(["cancelled", 1]);
    });

    test("that ends well has the whole answer, and is not stopped later", async () => {
      await using used = await begin(streams(cases.hello, cases.end));
      const op = new Cancellable();
      let parts: Parts | undefined;
      let text = "";
      const outcome = await op.settle(async () => {
        parts = await used.sdk.stream();
        for await (const part of parts) text += used.sdk.textOf(part);
      });
      expect([outcome.status, text]).toEqual(["completed", "Hello"]);
      expect(partialAnswer(parts as object)).toMatchObject({
        text: "Hello",
        usage: cases.usage,
        finishReason: cases.finishReason,
        completed: true,
      });
    });

    test("that the reader leaves by break closes the socket", async () => {
      await using used = await begin(sends(cases.hello));
      let parts: Parts | undefined;
      parts = await used.sdk.stream();
      for await (const _ of parts) break;
      await used.server.until(({ closed }) => closed === 1);
      expect(partialAnswer(parts).completed).toBe(false);
    });

    test("without a reader is released at the end of its operation", async () => {
      await using used = await begin(sends(cases.hello));
      await new Cancellable().run(() => used.sdk.stream());
      await used.server.until(({ closed }) => closed === 1);
    });

    test("with a signal of the user ends as it does without the integration", async () => {
      await using used = await begin(sends(cases.hello));
      const controller = new AbortController();
      let text = "";
      const op = new Cancellable();
      const outcome = await op.settle(async () => {
        for await (const part of await used.sdk.stream({ signal: controller.signal })) {
          text += used.sdk.textOf(part);
          if (text === "Hello") controller.abort();
        }
      });
      expect([outcome.status, text]).toEqual(["completed", "Hello"]);
      await used.server.until(({ closed }) => closed === 1);
    });

    test("with the signal of its own scope throws all the same (LLM-01)", async () => {
      await using used = await begin(sends(cases.hello));
      let text = "";
      const op = new Cancellable();
      const outcome = await op.settle(async () => {
        for await (const part of await used.sdk.stream({ signal: currentSignal() })) {
          text += used.sdk.textOf(part);
          if (text === "Hello") op.cancel();
        }
      });
      expect([outcome.status, text]).toEqual(["cancelled", "Hello"]);
    });

    test("in a shield goes on", async () => {
      await using used = await begin(streams(cases.hello, cases.end));
      const op = new Cancellable();
      let text = "";
      const outcome = await op.settle(() =>
        shield(async () => {
          op.cancel();
          for await (const part of await used.sdk.stream()) text += used.sdk.textOf(part);
          return text;
        }),
      );
      expect(outcome).toMatchObject({ status: "completed", value: "Hello" });
    });

    test("fans out by tee(), and both readers get the error of the scope (LLM-01)", async () => {
      await using used = await begin(sends(cases.hello));
      const op = new Cancellable();
      const errors: unknown[] = [];
      await op.settle(async () => {
        const parts = (await used.sdk.stream()) as Parts & { tee(): [Parts, Parts] };
        let text = "";
        const read = async (side: Parts) => {
          try {
            for await (const part of side) {
              text += used.sdk.textOf(part);
              if (text.length === 2 * "Hello".length) op.cancel();
            }
          } catch (error) {
            errors.push(error);
          }
        };
        await Promise.all(parts.tee().map(read));
      });
      expect(errors).toEqual([op.error, op.error]);
    });
  });
}
