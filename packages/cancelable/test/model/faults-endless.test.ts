import { expect } from "vitest";
import {
  Cancellable,
  OperationRegistry,
  type OperationStore,
  run,
  setReporter,
  sleep,
} from "../../src/index.ts";
import { describeEverywhere } from "../backends.ts";

/* User code that never ends must not keep the library from going on. */

const never = new Promise<never>(() => {});

describeEverywhere("user code that never ends", (everywhere) => {
  everywhere("a progress callback does not delay the operation", async () => {
    const op = new Cancellable().onProgress(() => never);
    expect(
      await op.run(() => {
        op.reportProgress("half");
        return "done";
      }),
    ).toBe("done");
  });

  everywhere("a condition neither cancels the operation nor delays its end", async () => {
    let asked = 0;
    const op = Cancellable.withCondition(
      () => {
        asked++;
        return never;
      },
      { interval: 1 },
    );
    expect(await op.run(() => sleep(10).then(() => "done"))).toBe("done");
    // Checks never overlap.
    expect(asked).toBe(1);
  });

  everywhere("a store does not delay the operation", async () => {
    const hangs = (): Promise<never> => never;
    const store: OperationStore = {
      put: hangs,
      remove: hangs,
      list: hangs,
      watch: () => {
        throw new Error("nobody watches");
      },
      requestCancel: hangs,
    };
    const register = new OperationRegistry({ store });
    expect(await new Cancellable({ register }).run(() => sleep(1).then(() => "done"))).toBe("done");
    expect(register.list()).toEqual([]);
  });

  everywhere("a reporter does not delay the operation", async () => {
    const before = setReporter((() => never) as () => void);
    try {
      const op = new Cancellable().onComplete(() => Promise.reject(new Error("broken")));
      expect(await op.run(() => "done")).toBe("done");
    } finally {
      setReporter(before);
    }
  });

  everywhere("a cancelled body is abandoned when its grace is over", async () => {
    const op = new Cancellable({ grace: 5 });
    op.onStart(() => void op.cancel());
    const deaf = new Cancellable({ grace: 5 });
    const outcome = deaf.settle(() => {
      deaf.cancel("shutdown");
      return never;
    });
    expect(await outcome).toMatchObject({ status: "cancelled", abandoned: true });
    // Cancelled before the start of the body: there is nothing to wait for.
    expect(await op.settle(() => never)).toMatchObject({ status: "cancelled" });
  });
});
