import { expect } from "vitest";
import {
  Cancellable,
  checkpoint,
  moveOnAfter,
  run,
  shield,
  sleep,
  sleepForever,
  taskGroup,
} from "../../src/index.ts";
import { deferred, describeEverywhere, stepRecorder } from "../backends.ts";

describeEverywhere("op.shield (rule 9)", (everywhere) => {
  everywhere("the shield is an operation of its own with status shielded (PAR-CAN-22)", async () => {
    const op = new Cancellable();
    await op.run(() =>
      op.shield((inner) => {
        expect(inner.context).toMatchObject({
          status: "shielded",
          parentId: op.id,
        });
        expect(inner.token).not.toBe(op.token);
      }),
    );
    expect(op.context.status).toBe("completed");
  });
});

describeEverywhere("the shields of an operation", (everywhere) => {
  everywhere("nested shields end before the cancellation takes effect (PAR-CAN-21)", async () => {
    const { step, finish } = stepRecorder();
    const op = new Cancellable();
    const outcome = await op.settle(async () => {
      await op.shield(async (outer) => {
        step(1);
        await outer.shield(async () => {
          op.cancel("manual", "inside");
          await sleep(5);
          step(2);
        });
        await sleep(5);
        expect(outer.isCancelled).toBe(false);
        step(3);
      });
      step(4);
      await checkpoint();
      step(-1);
    });
    finish(5);
    expect(outcome).toMatchObject({ status: "cancelled", error: { message: "inside" } });
  });

  everywhere("an open shield is a child of its operation, however the shield ends (PAR-CAN-23)", async () => {
    const op = new Cancellable();
    await op.settle(async () => {
      const shields = (): number => op.children.length;
      for (const end of ["value", "error", "timeout", "cancel"]) {
        const outcome = op.shield(
          async (inner) => {
            expect([end, shields(), op.children[0] === inner]).toEqual([end, 1, true]);
            if (end === "error") throw new Error("inside");
            if (end === "cancel") inner.cancel();
            if (end !== "value") await sleepForever();
          },
          { timeout: end === "timeout" ? 1 : 60_000 },
        );
        await outcome.catch(() => {});
        expect([end, shields(), op.isCancelled]).toEqual([end, 0, false]);
      }
      // A shield that nothing awaits is waited for: the operation ends after its clean-up.
      let cleaned = false;
      void op.shield(() => sleep(5).then(() => (cleaned = true)));
      op.onCancel(() => expect(cleaned).toBe(true));
      op.cancel();
      await sleep(1);
    });
    expect([op.context.status, op.children]).toEqual(["cancelled", []]);
  });
});

describeEverywhere("a shield below another scope of its operation", (everywhere) => {
  everywhere("op.shield works below another scope of the same operation", async () => {
    expect(await new Cancellable().run((op) => moveOnAfter(500, () => op.shield(async () => 1)))).toBe(1);
    const values: number[] = [];
    await new Cancellable().run((op) =>
      taskGroup((group) => {
        for (const n of [1, 2])
          group.startSoon(() => op.shield(() => sleep(n).then(() => void values.push(n))));
      }),
    );
    expect(values).toEqual([1, 2]);
  });

  everywhere("the disposal of a handle waits for its shields, also for later ones", async (t) => {
    const ended: string[] = [];
    const handle = new Cancellable().start();
    await handle.shield(() => 1);
    const childEnded = deferred();
    void handle.shield(async () => {
      await childEnded.promise;
      await sleep(10);
      ended.push("shield");
    });
    void new Cancellable({ parent: handle }).run(async () => {
      await sleep(20);
      ended.push("child");
      childEnded.resolve();
    });
    await handle[Symbol.asyncDispose]();
    expect(ended).toEqual(["child", "shield"]);
    t.expectElapsed(30);
    expect(handle.status).toBe("completed");
  });
});
