import { performance } from "node:perf_hooks";
import { expect } from "vitest";
import { Cancellable, CancelScope, run, shield } from "../../src/index.ts";
import { describeEverywhere } from "../backends.ts";

/** The share of time in which the event loop was busy while real time passed. */
async function busyWhile(ms: number): Promise<number> {
  const before = performance.eventLoopUtilization();
  await new Promise((resolve) => setTimeout(resolve, ms));
  return performance.eventLoopUtilization(before).utilization;
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
    expect(await busyWhile(60)).toBeLessThan(0.5);
    end();
  });

  everywhere(
    "a cancelled scope that waits for a shielded part uses no processor time (CONF-B37)",
    async () => {
      const scope = new CancelScope();
      let end!: () => void;
      const running = scope.run(() => shield(() => new Promise<void>((resolve) => void (end = resolve))));
      scope.cancel();
      expect(await busyWhile(60)).toBeLessThan(0.5);
      end();
      await running;
      expect([scope.cancelCalled, scope.cancelledCaught]).toEqual([true, false]);
    },
  );
});
