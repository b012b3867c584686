import { expect } from "vitest";
import {
  Cancellable,
  CancelScope,
  checkpoint,
  currentSignal,
  Event,
  moveOnAfter,
  shield,
  sleep,
  sleepForever,
  taskGroup,
} from "../../src/index.ts";
import { deferred, describeEverywhere, rejection, stepRecorder } from "../backends.ts";

describeEverywhere("leaving a shield (rule 9)", (everywhere) => {
  everywhere(
    "the shielded body ends and gives its value, and the next checkpoint outside throws (PAR-CAN-20, CONF-D05)",
    async (t) => {
      const { step, finish } = stepRecorder();
      const outcome = await new Cancellable().settle(async (op) => {
        step(1);
        const value = await shield(async () => {
          await sleep(10);
          op.cancel();
          await sleep(20);
          step(2);
          return "kept";
        });
        expect(value).toBe("kept");
        expect(op.isCancelled).toBe(true);
        step(3);
        await sleep(1);
        step(-1);
      });
      finish(4);
      expect(outcome.status).toBe("cancelled");
      t.expectElapsed(30);
    },
  );

  everywhere("a shield's own timeout still holds (CONF-C22, CONF-D07)", async (t) => {
    const error = await rejection(shield(() => sleepForever(), { timeout: 15 }));
    expect(error).toMatchObject({ reason: "timeout" });
    t.expectElapsed(15);
  });
});

describeEverywhere("a shield", (everywhere) => {
  everywhere(
    "outer cancellation reaches nothing inside the shield, children included (CONF-D01)",
    async () => {
      const { step, finish } = stepRecorder();
      const outer = new CancelScope();
      const begun = new Event();
      const cancelled = new Event();
      await outer.run(async () => {
        await shield(async () => {
          const signal = currentSignal();
          await taskGroup(async (group) => {
            const child = group.startSoon(async () => {
              begun.set();
              await cancelled.wait();
              await sleep(5);
              expect(currentSignal().aborted).toBe(false);
              step(2);
            });
            await begun.wait();
            step(1);
            outer.cancel();
            cancelled.set();
            await child;
            await sleep(1);
            step(3);
          });
          expect(signal.aborted).toBe(false);
        });
        expect(currentSignal().aborted).toBe(true);
        await checkpoint();
        step(-1);
      });
      finish(4);
      expect(outer.cancelledCaught).toBe(true);
    },
  );

  everywhere("a cancellation of the shield itself or of a scope inside takes effect (CONF-D02)", async () => {
    const outer = new CancelScope();
    const shielded = new CancelScope({ shield: true });
    const inner = new CancelScope();
    let after = 0;
    await outer.run(async () => {
      outer.cancel();
      await shielded.run(async () => {
        await inner.run(async () => {
          inner.cancel();
          await sleep(1);
          after = -1;
        });
        await sleep(1);
        after++;
        shielded.cancel();
        await sleep(1);
        after = -1;
      });
      after++;
      await sleep(1);
      after = -1;
    });
    expect(after).toBe(2);
    expect([outer, shielded, inner].map((scope) => scope.cancelledCaught)).toEqual([true, true, true]);
  });

  everywhere("switching the shield off lets the waiting cancellation in at once (CONF-D03)", async () => {
    const outer = new CancelScope();
    const inner = new CancelScope({ shield: true });
    const begun = deferred();
    let signal: AbortSignal | undefined;
    let ended = "";
    const running = outer.run(() =>
      inner.run(async (scope) => {
        ({ signal } = scope);
        begun.resolve();
        await sleepForever().catch(() => {
          ended = "rejected";
        });
        // After the shield is switched on again the scope goes on. The aborted signal stays aborted.
        scope.shield = true;
        await sleep(1);
        ended += ", slept";
        expect([scope.isCancelled, signal?.aborted]).toEqual([false, true]);
        scope.shield = false;
        await sleep(1);
        ended += ", not reached";
      }),
    );
    await begun.promise;
    outer.cancel();
    await sleep(5);
    expect([inner.isCancelled, signal?.aborted, ended]).toEqual([false, false, ""]);
    inner.shield = false;
    expect([inner.isCancelled, signal?.aborted]).toEqual([true, true]);
    await running;
    expect(ended).toBe("rejected, slept");
    expect([outer.cancelledCaught, inner.cancelledCaught]).toEqual([true, false]);
  });

  everywhere("the shield option is true or false and nothing else (CONF-D04)", async () => {
    const scope = new CancelScope();
    for (const wrong of [1, 0, "yes", null, {}]) {
      const value = wrong as unknown as boolean;
      const options = { shield: value };
      const refused = /shield must be true or false/;
      expect(() => new CancelScope(options)).toThrow(refused);
      expect(() => {
        scope.shield = value;
      }).toThrow(refused);
      expect(await rejection(moveOnAfter(5, () => {}, options))).toBeInstanceOf(TypeError);
    }
    expect(scope.shield).toBe(false);
    scope.shield = true;
    expect(scope.shield).toBe(true);
  });

  everywhere("a shield that was switched on before the start holds (CONF-D10)", async () => {
    const outer = new CancelScope();
    const inner = new CancelScope();
    inner.shield = true;
    let slept = false;
    await outer.run(async () => {
      outer.cancel();
      await inner.run(async () => {
        await sleep(1);
        slept = true;
      });
      await checkpoint();
      slept = false;
    });
    expect([slept, outer.cancelledCaught, inner.cancelCalled]).toEqual([true, true, false]);
  });

  everywhere(
    "the shield of a task that was start()ed while cancelled protects the task until it leaves (CONF-D09)",
    async () => {
      const { step, finish } = stepRecorder();
      const outer = new CancelScope();
      await taskGroup((group) =>
        outer.run(async () => {
          outer.cancel();
          await group.start<void>(async (started) => {
            await shield(async () => {
              step(1);
              await sleep(5);
              step(2);
              started();
              await sleep(5);
              step(3);
            });
            await sleep(1).finally(() => step(4));
            step(-1);
          });
          step(-1);
        }),
      );
      finish(5);
      expect(outer.cancelledCaught).toBe(true);
    },
  );
});
