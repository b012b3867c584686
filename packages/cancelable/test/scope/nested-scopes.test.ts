import { expect } from "vitest";
import {
  CancelScope,
  checkpoint,
  currentSignal,
  moveOnAfter,
  shield,
  sleep,
  sleepForever,
  taskGroup,
} from "../../src/index.ts";
import { describeEverywhere, rejection, stepRecorder } from "../backends.ts";
import { until } from "../until.ts";

describeEverywhere("nested scopes (rule 5)", (everywhere) => {
  everywhere("a cancellation passes the inner scopes and stops at its own scope (CONF-B09)", async () => {
    const { step, finish } = stepRecorder();
    const [outer, middle, inner] = [new CancelScope(), new CancelScope(), new CancelScope()];
    await outer.run(async () => {
      await middle.run(async () => {
        await inner.run(async () => {
          middle.cancel();
          await sleep(1).finally(() => step(1));
        });
        step(-1);
      });
      step(2);
      await checkpoint();
    });
    finish(3);
    expect([outer, middle, inner].map((scope) => scope.cancelledCaught)).toEqual([false, true, false]);
    expect([outer, middle, inner].map((scope) => scope.cancelCalled)).toEqual([false, true, false]);
  });

  everywhere("with both scopes cancelled, the outer scope absorbs (CONF-B10)", async () => {
    for (const order of ["inner first", "outer first"]) {
      const [outer, inner] = [new CancelScope(), new CancelScope()];
      let between = false;
      await outer.run(async () => {
        await inner.run(async () => {
          for (const scope of order === "inner first" ? [inner, outer] : [outer, inner]) scope.cancel();
          await sleep(1);
        });
        between = true;
      });
      expect([order, between]).toEqual([order, false]);
      expect([outer.cancelledCaught, inner.cancelledCaught]).toEqual([true, false]);
      expect([outer.cancelCalled, inner.cancelCalled]).toEqual([true, true]);
    }
  });

  everywhere(
    "an outer scope that is cancelled while the inner cancellation is on its way absorbs it (CONF-B11)",
    async () => {
      const [outer, inner] = [new CancelScope(), new CancelScope()];
      let between = false;
      await outer.run(async () => {
        await inner.run(async () => {
          inner.cancel();
          await sleep(1).finally(() => outer.cancel());
        });
        between = true;
      });
      expect([between, outer.cancelledCaught, inner.cancelledCaught]).toEqual([false, true, false]);
    },
  );

  everywhere(
    "a shielded inner scope absorbs its own cancellation, and the code between the scopes runs (CONF-B12)",
    async () => {
      const [outer, inner] = [new CancelScope(), new CancelScope({ shield: true })];
      let between = false;
      await outer.run(async () => {
        await inner.run(async () => {
          inner.cancel();
          await sleep(1).finally(() => outer.cancel());
        });
        between = true;
      });
      expect([between, outer.cancelledCaught, inner.cancelledCaught]).toEqual([true, false, true]);
    },
  );

  everywhere(
    "a shield that is switched on under way does not make the inner scope absorb (CONF-B13)",
    async () => {
      const [outer, inner] = [new CancelScope(), new CancelScope()];
      let between = false;
      await outer.run(async () => {
        await inner.run(async () => {
          outer.cancel();
          await sleep(1).finally(() => {
            inner.shield = true;
          });
        });
        between = true;
      });
      expect([between, outer.cancelledCaught, inner.cancelledCaught]).toEqual([false, true, false]);
    },
  );

  everywhere("cancelling reaches everything below at once, through nested groups (CONF-B24)", async () => {
    const signals: AbortSignal[] = [];
    const ended: string[] = [];
    const scope = new CancelScope();
    const sleeper = async (name: string): Promise<void> => {
      signals.push(currentSignal());
      await sleepForever().finally(() => ended.push(name));
    };
    await scope.run(() =>
      taskGroup(async (group) => {
        group.startSoon(sleeper, "child");
        group.startSoon(() =>
          taskGroup(async (inner) => {
            inner.startSoon(sleeper, "grandchild");
            await taskGroup(async (innermost) => {
              innermost.startSoon(sleeper, "great-grandchild");
              await sleeper("body");
            });
          }),
        );
        await until(() => signals.length === 4);
        expect(signals.map((signal) => signal.aborted)).toEqual([false, false, false, false]);
        scope.cancel();
        expect(signals.map((signal) => signal.aborted)).toEqual([true, true, true, true]);
        // The test's own code runs in this tree, so no scope can have absorbed the cancellation yet.
        expect(ended).toEqual([]);
      }),
    );
    expect(ended.sort()).toEqual(["body", "child", "grandchild", "great-grandchild"]);
    expect(scope.cancelledCaught).toBe(true);
  });

  everywhere("a later scope can cancel the same task again (CONF-B26)", async (t) => {
    const caught: boolean[] = [];
    for (const ms of [5, 5, 5]) {
      const scope = new CancelScope({ timeout: ms });
      await scope.run(() => sleepForever());
      caught.push(scope.cancelledCaught);
    }
    expect(caught).toEqual([true, true, true]);
    t.expectElapsed(15);
  });

  everywhere("a cancellation without a further checkpoint does not leave its scope (CONF-B27)", async () => {
    const scope = new CancelScope();
    const value = await scope.run(async () => {
      expect(await moveOnAfter(1, () => sleepForever())).toBeUndefined();
      scope.cancel();
      return "value";
    });
    expect([value, scope.cancelCalled, scope.cancelledCaught]).toEqual(["value", true, false]);
    await sleep(1);
  });

  everywhere(
    "a group that a child leaves open is part of the child and ends with it (CONF-B20)",
    async (t) => {
      const { step, finish } = stepRecorder();
      await taskGroup(async (group) => {
        const careful = group.startSoon(() => {
          void taskGroup((inner) => void inner.startSoon(() => sleep(10).then(() => step(1))));
        });
        await careful;
        step(2);
      });
      t.expectElapsed(10);
      const failure = new Error("left in the middle");
      const error = await rejection(
        taskGroup((group) => {
          group.startSoon(() => {
            taskGroup((inner) => void inner.startSoon(() => sleepForever().finally(() => step(3)))).catch(
              () => step(4),
            );
            throw failure;
          });
        }),
      );
      expect(error).toBe(failure);
      finish(5);
    },
  );
});
