import { performance } from "node:perf_hooks";
import { expect } from "vitest";
import { Cancellable, CancelScope, run, shield } from "../../src/index.ts";
import { describeEverywhere } from "../backends.ts";

/** The share of time in which the event loop was busy, in the least busy of ten periods. */
async function busyShare(): Promise<number> {
  let least = 1;
  for (let period = 0; period < 10; period++) {
    const before = performance.eventLoopUtilization();
    await new Promise((resolve) => setTimeout(resolve, 10));
    // On a loaded machine a turn of the loop can take as long as a period. A loop that waits is idle in another one.
    least = Math.min(least, performance.eventLoopUtilization(before).utilization);
  }
  return least;
}

describeEverywhere("the cost of waiting", (everywhere) => {
  everywhere("a cancelled scope whose body was abandoned uses no processor time (CONF-B36)", async () => {
    const op = new Cancellable({ grace: 1 });
    let end!: () => void;
    const running = op.settle(() => new Promise<void>((resolve) => void (end = resolve)));
    op.cancel();
    expect(await running).toMatchObject({ abandoned: true });
    op.cancel();
    op.token.cancel();
    expect(await busyShare()).toBeLessThan(0.5);
    end();
  });

  everywhere(
    "a cancelled scope that waits for a shielded part uses no processor time (CONF-B37)",
    async () => {
      const scope = new CancelScope();
      let end!: () => void;
      const running = scope.run(() => shield(() => new Promise<void>((resolve) => void (end = resolve))));
      scope.cancel();
      expect(await busyShare()).toBeLessThan(0.5);
      end();
      await running;
      expect([scope.cancelCalled, scope.cancelledCaught]).toEqual([true, false]);
    },
  );
});
