import { expect } from "vitest";
import {
  Cancellable,
  CancellationSource,
  CancellationToken,
  ConditionSource,
  DeadlineSource,
  sleep,
  sleepForever,
  TimeoutSource,
  TokenSource,
} from "../../src/index.ts";
import { deferred, describeEverywhere } from "../backends.ts";
import { expectThrows, expectUsageError, thrown, wrong } from "../refusals.ts";

describeEverywhere("addSource", (everywhere) => {
  everywhere("takes an operation, a source, a token or a signal, before and after the start", async () => {
    for (const when of ["before", "after"] as const) {
      const controller = new AbortController();
      const [token, client] = [new CancellationToken(), new CancellationToken()];
      const other = new Cancellable({ name: "other" });
      const parts = [
        [controller.signal, () => controller.abort(), "abort-signal"],
        [token, () => token.cancel("shutdown"), "token"],
        [new TokenSource(client, "client"), () => client.cancel(), "client"],
        [other, () => other.cancel("disconnect"), "token"],
      ] as const;
      for (const [part, fire, by] of parts) {
        const op = new Cancellable();
        if (when === "before") op.addSource(part);
        const outcome = await op.settle(() => {
          if (when === "after") expect(op.addSource(part)).toBe(op);
          fire();
          return sleepForever();
        });
        expect(outcome.status).toBe("cancelled");
        expect(op.context.metadata.cancelledBy).toBe(by);
      }
    }
  });

  everywhere(
    "a source that is added while the operation runs is stopped at the end, newest first",
    async () => {
      const steps: string[] = [];
      class Step extends CancellationSource {
        override start(): Disposable {
          steps.push(`start ${this.name}`);
          return { [Symbol.dispose]: () => void steps.push(`stop ${this.name}`) };
        }
      }
      await new Cancellable().addSource(new Step("a")).run(async (op) => {
        await sleep(1);
        op.addSource(new Step("b"));
        op.addSource(new Step("c"));
      });
      expect(steps).toEqual(["start a", "start b", "start c", "stop c", "stop b", "stop a"]);
    },
  );

  everywhere(
    "a part that has fired already, and limits of time, take effect while the operation runs",
    async (t) => {
      const gone = new CancellationToken();
      gone.cancel("disconnect");
      expect(
        await new Cancellable().settle((op) => {
          op.addSource(gone);
          return op.sleep(1);
        }),
      ).toMatchObject({ error: { reason: "disconnect" } });
      for (const make of [() => new TimeoutSource(5), () => new DeadlineSource(t.backend.epoch() + 5)]) {
        const op = Cancellable.withTimeout(60_000);
        const outcome = await op.settle(() => {
          op.addSource(make());
          return sleepForever();
        });
        expect(outcome).toMatchObject({ error: { reason: "timeout" } });
        expect(op.context.metadata.cancelledBy).toMatch(/^(timeout|deadline)$/);
      }
      expect(
        await new Cancellable().settle((op) => {
          op.addSource(new ConditionSource(() => true));
          return op.sleep(1);
        }),
      ).toMatchObject({ error: { reason: "condition" } });
    },
  );

  everywhere("a source that cannot start is refused, and the running operation goes on", async () => {
    class Broken extends CancellationSource {
      override start(): never {
        throw new Error("no such device");
      }
    }
    const op = new Cancellable();
    await op.run(async () => {
      expect(thrown(() => op.addSource(new Broken()))).toMatchObject({ message: "no such device" });
      await op.sleep(1);
    });
    expect(op.status).toBe("completed");
  });

  everywhere("after the end the call is refused, also in the callbacks of the end", async () => {
    const op = new Cancellable({ name: "once" });
    const late: unknown[] = [];
    op.onComplete(() => void late.push(thrown(() => op.addSource(new CancellationToken()))));
    await op.run(() => {});
    late.push(thrown(() => op.addSource(new CancellationToken())));
    for (const error of late) expectUsageError(error, "ERR_ENDED", /^operation "once" has already ended/);
    expect(late).toHaveLength(2);
    expectThrows("TypeError", [
      [
        () => new Cancellable().addSource(wrong(5)),
        "part",
        "a Cancellable, a CancellationSource, a CancellationToken or an AbortSignal",
        "5",
      ],
    ]);
  });
});

describeEverywhere("the deadline of an operation", (everywhere) => {
  everywhere("it can be read and moved while the operation runs", async (t) => {
    const op = Cancellable.withTimeout(60_000);
    const outcome = await op.settle(async () => {
      expect(op.deadline - 60_000).toBeLessThanOrEqual(t.backend.now());
      op.deadline = t.backend.now() + 5;
      await sleepForever();
    });
    t.expectElapsed(5);
    expect(outcome).toMatchObject({ status: "cancelled", error: { reason: "timeout" } });
    expect(op.context.metadata.cancelledBy).toBe("timeout");
    const free = new Cancellable();
    expect(free.deadline).toBe(Number.POSITIVE_INFINITY);
    free.deadline = t.backend.now() + 5;
    expect(await free.settle(() => sleepForever())).toMatchObject({ error: { reason: "timeout" } });
    t.expectElapsed(10);
  });

  everywhere("extend() moves it, also one of a source and before the start", async (t) => {
    for (const make of [
      () => Cancellable.withTimeout(200),
      () => Cancellable.withDeadline(t.backend.epoch() + 200),
      () => new Cancellable().addSource(new TimeoutSource(200)),
    ]) {
      await make().run(async (op) => {
        expect(op.extend({ minutes: 1 })).toBe(true);
        await sleep(210);
        expect(op.extend(null)).toBe(true);
        expect([op.deadline, op.extend(-5), op.isCancelled]).toEqual([Number.POSITIVE_INFINITY, true, false]);
      });
    }
    const pending = Cancellable.withTimeout(5);
    expect(pending.extend(60_000)).toBe(true);
    await pending.run(() => sleep(10));
    const shorter = Cancellable.withTimeout(60_000);
    const outcome = await shorter.settle((op) => {
      op.extend(-59_995);
      return sleepForever();
    });
    expect(outcome).toMatchObject({ error: { reason: "timeout" } });
  });

  everywhere("an operation that has expired or ended stays as it is", async (t) => {
    const op = Cancellable.withTimeout(5);
    const outcome = await op.settle(async () => {
      t.block(6);
      expect(op.extend(60_000)).toBe(false);
      await sleep(0);
    });
    expect(outcome.status).toBe("cancelled");
    op.deadline = t.backend.now() + 5;
    expect([op.extend(5), op.deadline]).toEqual([false, Number.POSITIVE_INFINITY]);
  });

  everywhere("a new deadline in a callback of the end starts no timer", async (t) => {
    const gate = deferred<void>();
    const op = Cancellable.withTimeout(60_000).onComplete(() => {
      op.deadline = t.backend.now();
      gate.resolve();
    });
    expect(await op.settle(() => 1)).toEqual({ status: "completed", value: 1 });
    await gate.promise;
    expect(op.isCancelled).toBe(false);
  });

  everywhere("wrong uses are refused", () => {
    const relative = Cancellable.withTimeout(5);
    expectUsageError(
      thrown(() => relative.deadline),
      "ERR_RELATIVE_DEADLINE",
      /^operation .* has a relative timeout/,
    );
    expectUsageError(
      thrown(() => Object.assign(relative, { deadline: 5 })),
      "ERR_RELATIVE_DEADLINE",
      /^operation/,
    );
    expectThrows("TypeError", [
      [
        () => Object.assign(new Cancellable(), { deadline: "5" }),
        "deadline",
        "a number of milliseconds",
        '"5"',
      ],
      [
        () => new Cancellable().extend(wrong("5")),
        "span",
        "milliseconds, a Duration such as { seconds: 5 }, or null",
        '"5"',
      ],
    ]);
  });
});
