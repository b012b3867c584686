import { expect } from "vitest";
import {
  type AsyncBackend,
  Cancellable,
  currentDeadline,
  currentOperation,
  detectBackend,
  getBackend,
  moveOnAfter,
  run,
  sleep,
  sleepForever,
  taskGroup,
} from "../../src/index.ts";
import { VirtualBackend } from "../../src/testing/index.ts";
import { describeEverywhere, rejection } from "../backends.ts";

describeEverywhere("the end of a run (rule 32)", (everywhere) => {
  everywhere("a failed run cancels and waits for everything that it left running (CONF-S10)", async (t) => {
    const failure = new Error("main");
    const ended: string[] = [];
    let left: Cancellable | undefined;
    const error = await rejection(
      run(
        async () => {
          left = new Cancellable();
          void left.settle(() => sleepForever().finally(() => ended.push("operation")));
          taskGroup((group) => void group.startSoon(() => sleepForever())).catch(() => ended.push("group"));
          await sleep(1);
          throw failure;
        },
        { backend: t.backend },
      ),
    );
    expect(error).toBe(failure);
    expect(left?.context.status).toBe("cancelled");
    expect(ended).toContain("operation");
    // A run that does not fail waits for what it left running.
    await run(
      () => {
        void new Cancellable().run(() => sleep(5).then(() => ended.push("in its own time")));
      },
      { backend: t.backend },
    );
    expect(ended).toContain("in its own time");
  });
});

describeEverywhere("run() inside a scope", (everywhere) => {
  const others: Readonly<Record<string, () => AsyncBackend>> = {
    "the same backend": () => detectBackend(),
    "the native backend": () => getBackend("native"),
    "a virtual backend": () => new VirtualBackend(),
  };
  for (const [name, other] of Object.entries(others)) {
    everywhere(`the scope around the run ends it, on ${name}`, async (t) => {
      let left = false;
      const result = await moveOnAfter(20, () =>
        run(
          async () => {
            try {
              await sleepForever();
            } finally {
              left = true;
            }
          },
          { backend: other() },
        ),
      );
      expect([result, left]).toEqual([undefined, true]);
      t.expectElapsed(20);
    });

    everywhere(`the operation around the run is ambient inside, on ${name}`, async () => {
      await new Cancellable({ name: "outer" }).run((outer) =>
        run(
          async () => {
            expect(currentOperation()).toBe(outer);
            await new Cancellable().run(async (child) => {
              await sleep(1);
              expect(child.parent).toBe(outer);
              expect(outer.children).toEqual([child]);
            });
            outer.cancel("shutdown");
            await expect(sleep(1)).rejects.toMatchObject({ reason: "shutdown" });
          },
          { backend: other() },
        ),
      );
    });
  }

  everywhere(
    "a run without a backend inherits the deadline; on another clock the deadline is unknown (rule 14)",
    async () => {
      await moveOnAfter(1_000, async () => {
        const outside = currentDeadline();
        expect(await run(() => currentDeadline())).toBe(outside);
        expect(await run(() => currentDeadline(), { backend: new VirtualBackend() })).toBe(
          Number.POSITIVE_INFINITY,
        );
      });
    },
  );

  everywhere("an operation with an explicit parent runs on the parent's clock", async (t) => {
    const other = new VirtualBackend();
    const op = new Cancellable();
    await op.run(() => run(() => new Cancellable({ parent: op }).run(() => sleep(20)), { backend: other }));
    t.expectElapsed(20);
    expect(other.now()).toBe(0);
  });
});
