import { expect, vi } from "vitest";
import {
  Cancellable,
  CancellationToken,
  CancelScope,
  ConditionSource,
  OperationRegistry,
  type OperationStore,
  run,
  setReporter,
  sleep,
  sleepForever,
  taskGroup,
} from "../../src/index.ts";
import { type Case, describeEverywhere } from "../backends.ts";

/** An object that throws at every access. */
function untouchable(): object {
  const refuse = (): never => {
    throw new Error("do not touch");
  };
  const traps = Object.fromEntries(
    Object.getOwnPropertyNames(Reflect).map((trap) => [trap, refuse]),
  ) as ProxyHandler<object>;
  return new Proxy({}, traps);
}

/** An error whose properties throw. */
function trapped(): Error {
  const error = new Error("trapped");
  for (const key of ["stack", "name", "message", "cause", "code", "then", "constructor"]) {
    Object.defineProperty(error, key, {
      get() {
        throw new Error(`do not read ${key}`);
      },
    });
  }
  return error;
}

/** Values that user code may throw. */
const oddities: ReadonlyArray<readonly [string, () => unknown]> = [
  ["an error", () => new Error("broken")],
  ["undefined", () => undefined],
  ["null", () => null],
  ["a number", () => 0],
  ["a text", () => ""],
  ["a symbol", () => Symbol("odd")],
  ["a function", () => () => {}],
  ["a frozen error", () => Object.freeze(new Error("frozen"))],
  ["an error with properties that throw", trapped],
  ["an object that throws whatever is done with it", untouchable],
];

/** The ways to fail with a value. */
const ways: ReadonlyArray<readonly [string, (odd: unknown) => unknown]> = [
  [
    "throws",
    (odd) => {
      throw odd;
    },
  ],
  ["rejects with", (odd) => Promise.reject(odd)],
  [
    "waits, and throws",
    async (odd) => {
      await sleep(1);
      throw odd;
    },
  ],
];

/** Checks that `odd` was reported this many times and was not accessed. */
function expectReported(t: Case, odd: unknown, times: number): void {
  const found = t.reported.splice(0);
  expect(found.length).toBe(times);
  for (const one of found) expect(Object.is(one, odd)).toBe(true);
}

for (const [what, make] of oddities) {
  describeEverywhere(`user code that fails with ${what}`, (everywhere) => {
    for (const [how, fail] of ways) {
      everywhere(`a callback of an operation that ${how} it`, async (t) => {
        const odd = make();
        const heard: string[] = [];
        const op = new Cancellable();
        for (const on of ["onStart", "onProgress", "onComplete", "onCancel", "onError"] as const) {
          op[on](() => fail(odd));
          op[on](() => void heard.push(on));
        }
        const outcome = await op.settle(async () => {
          op.reportProgress("half");
          await sleep(5);
          return "done";
        });
        expect(outcome).toEqual({ status: "completed", value: "done" });
        expect(heard).toEqual(["onStart", "onProgress", "onComplete"]);
        expectReported(t, odd, 3);
      });

      everywhere(`a callback of the end that ${how} it does not change the outcome`, async (t) => {
        const odd = make();
        const cancelled = new Cancellable().onCancel(() => fail(odd));
        cancelled.onStart(() => void cancelled.cancel("shutdown"));
        expect(await cancelled.settle(() => sleep(5))).toMatchObject({
          status: "cancelled",
          error: { reason: "shutdown" },
        });
        const failure = new Error("its own");
        const failed = new Cancellable().onError(() => fail(odd));
        expect(await failed.settle(() => Promise.reject(failure))).toEqual({
          status: "failed",
          error: failure,
        });
        expectReported(t, odd, 2);
      });

      everywhere(`a condition that ${how} it is checked again`, async (t) => {
        const odd = make();
        let asked = 0;
        const condition = new ConditionSource(
          () => {
            asked++;
            return asked < 3 ? (fail(odd) as boolean) : true;
          },
          { interval: 2, name: "odd" },
        );
        const outcome = await new Cancellable().addSource(condition).settle(() => sleepForever());
        expect(outcome).toMatchObject({ status: "cancelled", error: { reason: "condition" } });
        expect(asked).toBe(3);
        expectReported(t, odd, 2);
      });

      everywhere(`a store that ${how} it`, async (t) => {
        const odd = make();
        const broken = (): never => fail(odd) as never;
        const store: OperationStore = {
          put: broken,
          remove: broken,
          list: broken,
          watch: broken,
          requestCancel: broken,
        };
        const register = new OperationRegistry({ store });
        expect(await new Cancellable({ register }).run(() => sleep(1).then(() => "done"))).toBe("done");
        await sleep(5);
        expect(register.list()).toEqual([]);
        // Registered, started, ended and removed.
        expectReported(t, odd, 4);
      });
    }

    everywhere(
      "a token's callback that throws it stops neither the other callbacks nor the canceller",
      (t) => {
        const odd = make();
        const token = new CancellationToken();
        const heard: number[] = [];
        token.onCancel(() => {
          throw odd;
        });
        token.onCancel(() => void heard.push(1));
        token.signal.addEventListener("abort", () => heard.push(2));
        expect(token.cancel()).toBe(true);
        expect(heard.sort()).toEqual([1, 2]);
        expectReported(t, odd, 1);
      },
    );

    everywhere(
      "an observer of operations that throws it is reported, and the next observer is called",
      async (t) => {
        const odd = make();
        const broken = (): never => {
          throw odd;
        };
        const observer = { started: broken, progress: broken, cancelling: broken, ended: broken };
        const others = new OperationRegistry();
        const op = new Cancellable({ register: observer });
        op.observe(others);
        const outcome = await op.settle(async () => {
          op.reportProgress("half");
          op.cancel("shutdown");
          await sleepForever();
        });
        expect(outcome).toMatchObject({ status: "cancelled", error: { reason: "shutdown" } });
        expect(others.history()).toMatchObject([{ id: op.id, status: "cancelled" }]);
        expectReported(t, odd, 4);
      },
    );

    everywhere("a reader of watch() that throws it ends its own watching only", async () => {
      const odd = make();
      const watched = new OperationRegistry();
      const statuses: string[] = [];
      await taskGroup(async (group) => {
        const broken = group.startSoon(async () => {
          try {
            for await (const _ of watched.watch()) throw odd;
          } catch (error) {
            return Object.is(error, odd);
          }
          return false;
        });
        const reader = group.startSoon(async () => {
          for await (const { type } of watched.watch()) if (statuses.push(type) === 2) return;
        });
        await sleep(1);
        await new Cancellable({ register: watched }).run(() => sleep(1));
        expect(await broken).toBe(true);
        await reader;
      });
      expect(statuses.length).toBe(2);
    });

    everywhere("a native task that throws it: every awaiting task gets the value", async (t) => {
      const odd = make();
      let caught = 0;
      for (const [, fail] of ways) {
        for (const start of [
          () => taskGroup((group) => void group.startSoon(() => fail(odd))),
          () => run(() => new CancelScope().run(() => fail(odd)), { backend: t.backend }),
        ]) {
          try {
            await start();
          } catch (error) {
            if (Object.is(error, odd)) caught++;
          }
        }
      }
      expect(caught).toBe(ways.length * 2);
    });

    everywhere("a reporter that throws it, and a console that throws it", async () => {
      const odd = make();
      const console_ = vi.spyOn(console, "error").mockImplementation(() => {
        throw odd;
      });
      const before = setReporter(() => {
        throw odd;
      });
      try {
        const op = new Cancellable().onComplete(() => {
          throw odd;
        });
        expect(await op.run(() => "done")).toBe("done");
        expect(console_).toHaveBeenCalled();
      } finally {
        setReporter(before);
        console_.mockRestore();
      }
    });

    everywhere("a body that throws it has failed with it", async () => {
      const odd = make();
      for (const [, fail] of ways) {
        const outcome = await new Cancellable().settle(() => fail(odd));
        expect(outcome.status).toBe("failed");
        expect(Object.is((outcome as { error: unknown }).error, odd)).toBe(true);
      }
    });
  });
}
