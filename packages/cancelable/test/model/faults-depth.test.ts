import { describe, expect, test } from "vitest";
import {
  Cancellable,
  CancellationToken,
  CancelScope,
  LinkedCancellationToken,
  run,
  sleep,
  sleepForever,
  sleepUntil,
  taskGroup,
  waitFor,
} from "../../src/index.ts";
import { VirtualBackend } from "../../src/testing/index.ts";
import { describeEverywhere } from "../backends.ts";
import { rootAbove } from "./root.ts";

const deep = 100_000;

describeEverywhere("100,000 nested levels do not overflow the stack", (everywhere) => {
  everywhere("nested scopes that are cancelled from the outermost scope", async () => {
    const outermost = new CancelScope();
    const level = async (n: number): Promise<void> => {
      await undefined; // In a turn of its own, so that the stack is empty.
      if (n < deep) await new CancelScope().run(() => level(n + 1));
      else {
        outermost.cancel();
        await sleepForever();
      }
    };
    await outermost.run(() => level(1));
    expect(outermost.cancelledCaught).toBe(true);
  });
});

describe("100,000 nested levels, on any backend,", () => {
  test("nested operations that are cancelled from the outermost: the innermost one has the reason", async () => {
    const outermost = new Cancellable();
    let innermost: Cancellable | undefined;
    const level = async (n: number): Promise<void> => {
      await undefined;
      const op = new Cancellable();
      if (n < deep) await op.run(() => level(n + 1));
      else {
        innermost = op;
        await op.run(() => {
          outermost.cancel("shutdown");
          return sleepForever();
        });
      }
    };
    const outcome = await outermost.settle(() => level(1));
    expect(outcome).toMatchObject({ status: "cancelled", error: { reason: "shutdown" } });
    let cause: unknown = innermost?.token.error;
    let causes = 0;
    for (; cause !== undefined && cause !== outermost.token.error; causes++) cause = (cause as Error).cause;
    expect([cause === outermost.token.error, causes]).toEqual([true, deep]);
  }, 120_000);

  test("tokens that are each linked to the token before", () => {
    const first = new CancellationToken();
    let last: CancellationToken = first;
    for (let i = 0; i < deep; i++) {
      const next = new LinkedCancellationToken();
      next.link(last);
      last = next;
    }
    first.cancel("shutdown");
    expect(last.isCancelled).toBe(true);
    expect(last.error?.reason).toBe("parent");
  });

  test("a chain of causes in an error", async () => {
    let error = new Error("innermost");
    for (let i = 0; i < deep; i++) error = new Error("around", { cause: error });
    const op = new Cancellable();
    const outcome = await op.settle(() => {
      op.cancel();
      throw error;
    });
    expect(outcome.status === "failed" && outcome.error === error).toBe(true);
  });
});

describeEverywhere("cycles of links", (everywhere) => {
  everywhere("any token of a cycle cancels all of them once, with the right causes", () => {
    for (let start = 0; start < 3; start++) {
      const ring = [0, 1, 2].map(() => new LinkedCancellationToken());
      const heard: number[] = [];
      ring.forEach((token, i) => {
        token.link(ring[(i + 1) % 3] as CancellationToken);
        token.onCancel(() => void heard.push(i));
      });
      expect(ring[start]?.cancel("shutdown")).toBe(true);
      expect(ring.map((token) => token.isCancelled)).toEqual([true, true, true]);
      expect(heard.sort()).toEqual([0, 1, 2]);
      for (const token of ring) expect(token.cancel()).toBe(false);
      // The causes lead back to the first token and end there.
      for (const token of ring) {
        let error: unknown = token.error;
        for (let i = 0; i < 2 && error !== ring[start]?.error; i++) error = (error as Error).cause;
        expect(error).toBe(ring[start]?.error);
      }
      expect(ring[start]?.error?.cause).toBeUndefined();
    }
  });

  everywhere("two operations that are linked to each other both end", async () => {
    const one = new Cancellable();
    const two = new Cancellable();
    const asLinked = (op: Cancellable): LinkedCancellationToken => op.token as LinkedCancellationToken;
    asLinked(one).link(two.token);
    asLinked(two).link(one.token);
    const outcomes = Promise.all([one.settle(() => sleepForever()), two.settle(() => sleepForever())]);
    two.cancel("shutdown");
    expect((await outcomes).map(({ status }) => status)).toEqual(["cancelled", "cancelled"]);
    expect([one.context.cancelReason, two.context.cancelReason]).toEqual(["parent", "shutdown"]);
  });
});

describeEverywhere("cancelling inside a callback", (everywhere) => {
  everywhere("a token that is cancelled again inside its callback calls every callback once", () => {
    const token = new CancellationToken();
    const heard: string[] = [];
    token.onCancel(() => {
      heard.push(`first ${token.cancel("shutdown", "again")}`);
      token.onCancel(() => void heard.push("late"));
    });
    token.signal.addEventListener("abort", () => heard.push(`abort ${token.cancel()}`));
    token.onCancel(() => void heard.push("second"));
    expect(token.cancel("manual", "once")).toBe(true);
    expect(heard.sort()).toEqual(["abort false", "first false", "late", "second"]);
    expect([token.reason, token.message]).toEqual(["manual", "once"]);
  });

  everywhere("an operation that its own condition cancels keeps that reason", async () => {
    const op: Cancellable = Cancellable.withCondition(() => op.cancel("shutdown", "by hand"), {
      interval: 1,
    });
    const outcome = await op.settle(() => sleepForever());
    expect(outcome).toMatchObject({ status: "cancelled", error: { reason: "shutdown", message: "by hand" } });
  });

  everywhere("scopes and operations that cancel each other in their callbacks all end", async () => {
    const scopes = [0, 1, 2, 3].map(() => new CancelScope());
    const answers: boolean[] = [];
    await taskGroup((group) => {
      scopes.forEach((scope, i) => {
        scope.signal.addEventListener("abort", () => {
          for (const other of scopes) answers.push(other.cancel());
        });
        group.startSoon(() =>
          scope.run(async () => {
            if (i === 0) await sleep(1).then(() => scope.cancel());
            await sleepForever();
          }),
        );
      });
    });
    expect(scopes.map((scope) => scope.cancelledCaught)).toEqual([true, true, true, true]);
    expect(answers.filter(Boolean).length).toBe(3);
  });
});

/** A clock that the test can set in both directions while timers run. */
class JumpyBackend extends VirtualBackend {
  skew = 0;
  wallSkew = 0;
  override now(): number {
    return super.now() + this.skew;
  }
  override epoch(): number {
    return super.epoch() + this.wallSkew;
  }
  override setTimer(at: number, fire: () => void): Disposable {
    return super.setTimer(at - this.skew, fire);
  }
}

describe("a clock that jumps", () => {
  /** Runs `body` on a clock that may jump. Returns the result and the elapsed time without the jump of `ms`. */
  async function jumping(ms: number, body: (backend: JumpyBackend) => Promise<unknown>): Promise<unknown> {
    const backend = new JumpyBackend();
    const [result, root] = await run(async (scope) => [await body(backend), rootAbove(scope)] as const, {
      backend,
    });
    expect([backend.timerCount, root.live]).toEqual([0, 0]);
    return [result, backend.now() - ms];
  }

  test("back: no sleep is shorter than requested on that clock", async () => {
    const slept = await jumping(-50, (backend) =>
      taskGroup(async (group) => {
        const sleeper = group.startSoon(() => sleep(100).then(() => backend.now()));
        await sleep(20);
        backend.skew -= 50;
        return sleeper;
      }),
    );
    expect(slept).toEqual([100, 150]);
  });

  test("ahead: the next checkpoint notices an overdue deadline, and sleepers notice it when they wake", async () => {
    const scope = new CancelScope({ timeout: 1_000 });
    await jumping(0, (backend) =>
      scope.run(async () => {
        await sleep(10);
        backend.skew += 3_600_000;
        await sleep(10);
      }),
    );
    expect([scope.cancelCalled, scope.cancelledCaught]).toEqual([true, true]);
  });

  test("back and forth: all deadlines and sleeps still come, in order", async () => {
    const woken: number[] = [];
    await jumping(0, (backend) =>
      taskGroup((group) => {
        for (let i = 1; i <= 40; i++)
          group.startSoon(async () => {
            await sleep(i * 10);
            woken.push(i);
            backend.skew += i % 3 === 0 ? 7 : -5;
          });
      }),
    );
    expect(woken).toEqual([...woken].sort((a, b) => a - b));
    expect(woken.length).toBe(40);
  });

  test("the wall clock, set back: sleepUntil still waits for its moment", async () => {
    const backend = new JumpyBackend({ epoch: 0 });
    await run(
      () =>
        taskGroup(async (group) => {
          const sleeper = group.startSoon(() => sleepUntil(100).then(() => backend.epoch()));
          await sleep(20);
          backend.wallSkew -= 1_000;
          expect(await waitFor(sleeper)).toBeGreaterThanOrEqual(100);
        }),
      { backend },
    );
    expect(backend.timerCount).toBe(0);
  });
});
