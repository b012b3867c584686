import { EventEmitter, once } from "node:events";
import { expect, test } from "vitest";
import {
  all,
  Cancellable,
  checkpoint,
  currentDeadline,
  currentOperation,
  currentScope,
  currentSignal,
  moveOnAfter,
  run,
  shield,
  sleep,
  sleepForever,
  waitFor,
  withTimeout,
} from "../../src/index.ts";
import { describeEverywhere, rejection } from "../backends.ts";

describeEverywhere("the ambient operation (rule 15)", (everywhere) => {
  everywhere(
    "the ambient operation follows await, timers, event emitters and callbacks created inside (CONF-T10)",
    async () => {
      const op = new Cancellable();
      const emitter = new EventEmitter();
      await op.run(async () => {
        expect(currentOperation()).toBe(op);
        await sleep(1);
        expect(currentOperation()).toBe(op);
        await new Promise<void>((resolve) =>
          setImmediate(() => {
            expect(currentOperation()).toBe(op);
            resolve();
          }),
        );
        await Promise.resolve().then(() => expect(currentOperation()).toBe(op));
        setImmediate(() => emitter.emit("done"));
        await once(emitter, "done");
        expect(currentOperation()).toBe(op);
      });
      expect(currentOperation()).toBeUndefined();
    },
  );

  everywhere("two concurrent operations each see themselves (PAR-CAN-49)", async () => {
    const ops = [new Cancellable(), new Cancellable()];
    await all(
      ops.map(
        (op) => () =>
          op.run(async () => {
            for (let i = 0; i < 3; i++) {
              await sleep(1);
              expect(currentOperation()).toBe(op);
            }
          }),
      ),
    );
  });

  everywhere(
    "code that outlives its scope belongs to the next scope above, and keeps throwing below a cancelled scope (rule 33)",
    async () => {
      let late!: () => Promise<unknown>;
      const outer = new Cancellable();
      await outer.run(async () => {
        const inner = new Cancellable();
        const resume = await inner.run(async () => {
          const done = new Promise<unknown>((resolve) => {
            // Runs in the inner operation's context after the inner operation has ended.
            setImmediate(() => resolve(currentOperation()));
          });
          return () => done;
        });
        expect(await resume()).toBe(outer);
        await moveOnAfter(1, async () => {
          late = await new Promise((resolve) => {
            setImmediate(() => resolve(() => sleep(1)));
          });
          await sleepForever();
        });
      });
      await late();
    },
  );
});

describeEverywhere("the free functions outside any operation (rule 15)", (everywhere) => {
  everywhere(
    "sleep, waitFor, withTimeout, all, shield and checkpoint behave like the plain idioms",
    async (t) => {
      await sleep(5);
      t.expectElapsed(5);
      expect(await waitFor(Promise.resolve(1))).toBe(1);
      expect(await withTimeout(1_000, async () => 2)).toBe(2);
      expect(await all([async () => 3, Promise.resolve(4)])).toEqual([3, 4]);
      expect(await shield(async () => 5)).toBe(5);
      await checkpoint();
      expect(await rejection(waitFor(() => Promise.reject(new Error("plain"))))).toMatchObject({
        message: "plain",
      });
    },
  );
});

test("an implicit root that is never cancelled lies outside every scope, and runs nest (rule 31, CONF-S08)", async () => {
  expect(currentOperation()).toBeUndefined();
  expect([currentDeadline(), currentSignal().aborted]).toEqual([Number.POSITIVE_INFINITY, false]);
  expect([currentScope().isRoot, await moveOnAfter(1_000, () => currentScope().isRoot)]).toEqual([
    true,
    false,
  ]);
  await checkpoint();
  await sleep(1);
  expect(await moveOnAfter(1, () => sleepForever())).toBeUndefined();
  const op = new Cancellable();
  op.cancel();
  expect((await op.settle(() => {})).status).toBe("cancelled");
  await sleep(0);
  expect(await run(() => run(() => run(() => sleep(0).then(() => "nested"))))).toBe("nested");
  expect(currentSignal().aborted).toBe(false);
});
