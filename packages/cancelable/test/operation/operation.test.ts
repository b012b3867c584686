import { expect } from "vitest";
import {
  Cancellable,
  checkpoint,
  currentOperation,
  OperationRegistry,
  registry,
  sleep,
  withCancellable,
} from "../../src/index.ts";
import { describeEverywhere } from "../backends.ts";

describeEverywhere("an operation", (everywhere) => {
  everywhere(
    "the value of an inner operation comes out, and five operations at once all end (PAR-CAN-26)",
    async () => {
      const value = await new Cancellable().run(() =>
        new Cancellable().run(async (inner) => {
          expect(currentOperation()).toBe(inner);
          await inner.sleep(1);
          return new Cancellable().run(() => "from within");
        }),
      );
      expect(value).toBe("from within");
      const ops = [1, 2, 3, 4, 5].map((n) => new Cancellable({ name: `op ${n}` }));
      const values = await Promise.all(ops.map((op, n) => op.run(() => op.sleep(5 - n).then(() => op.name))));
      expect(values).toEqual(ops.map((op) => op.name));
      expect(ops.every((op) => op.isCompleted && op.parent === undefined)).toBe(true);
    },
  );

  everywhere(
    "an operation with `register` is in the registry while it runs, however it ends (PAR-CAN-28)",
    async () => {
      const own = new OperationRegistry();
      for (const end of ["value", "error", "cancel"]) {
        const ops = [
          new Cancellable({ register: own }),
          new Cancellable({ register: true }),
          new Cancellable(),
        ];
        const known = (): boolean[] => [
          own.get(ops[0]?.id as string) !== undefined,
          registry.get(ops[1]?.id as string) !== undefined,
          registry.get(ops[2]?.id as string) !== undefined,
        ];
        expect(known()).toEqual([false, false, false]);
        for (const [index, op] of ops.entries()) {
          await op.settle(async () => {
            expect(known()).toEqual([0, 1, 2].map((other) => other === index && index < 2));
            if (end === "error") throw new Error("body");
            if (end === "cancel") op.cancel();
            await sleep(1);
          });
        }
        expect([end, ...known()]).toEqual([end, false, false, false]);
      }
      expect(own.size).toBe(0);
    },
  );

  everywhere(
    "check() passes while the operation is live and throws once it is cancelled (PAR-CAN-33, PAR-CAN-40)",
    async (t) => {
      const op = Cancellable.withTimeout(10);
      const outcome = await op.settle(async () => {
        op.check();
        await checkpoint();
        t.block(11);
        op.check();
        await sleep(60_000);
      });
      expect(outcome.status).toBe("cancelled");
      expect(t.elapsed()).toBeLessThan(60_000);
      expect(() => op.token.check()).toThrow(expect.objectContaining({ reason: "timeout" }));
    },
  );

  everywhere(
    "withCancellable passes the operation itself and refuses other values (PAR-CAN-52)",
    async () => {
      const op = new Cancellable();
      const seen: unknown[] = [];
      for (const wrong of [null, undefined, {}, "op"]) {
        expect(() => withCancellable(wrong as never, () => {})).toThrow(/must be a Cancellable; got/);
      }
      await op.run(() =>
        withCancellable(op, (given: Cancellable) => void seen.push(given), { inject: true })(),
      );
      expect(seen).toEqual([op]);
    },
  );
});
