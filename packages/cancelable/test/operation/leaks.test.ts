import { getEventListeners } from "node:events";
import { expect, test } from "vitest";
import { Cancellable, sleep } from "../../src/index.ts";
import { expectNoLeaks } from "../../src/testing/index.ts";
import { describeEverywhere } from "../backends.ts";
import { runScript } from "../child.ts";

describeEverywhere("an operation after its end (rule 24)", (everywhere) => {
  everywhere(
    "no timer, no listener on a foreign signal and no child in the parent is left (CONF-B34)",
    async () => {
      const { signal } = new AbortController();
      const parent = new Cancellable();
      const body = async (): Promise<void> => {
        for (const end of ["value", "error", "timeout"] as const) {
          const op = Cancellable.anyOf(signal, Cancellable.withTimeout(end === "timeout" ? 5 : 60_000));
          await op.settle(async () => {
            expect(getEventListeners(signal, "abort")).toHaveLength(1);
            if (end === "error") throw new Error("x");
            await sleep(end === "timeout" ? 60_000 : 1);
          });
          expect(getEventListeners(signal, "abort")).toHaveLength(0);
          expect(parent.children).toEqual([]);
        }
      };
      await expectNoLeaks(() => parent.run(body), { listeners: [signal] });
    },
  );
});

test("100,000 operations in sequence and 1,000 at once leave the heap where it was (rule 24, CONF-B34, PAR-CAN-51)", async () => {
  const { code, output, errors } = await runScript(
    `
    import { Cancellable, sleepForever } from "@hother/cancelable";
    const parent = new Cancellable();
    const heap = () => { gc(); gc(); return process.memoryUsage().heapUsed; };
    const result = await parent.settle(async () => {
      const sequential = async () => {
        for (let i = 0; i < 100_000; i++) await Cancellable.withTimeout(60_000).run(async () => i);
      };
      const concurrent = async () => {
        const ops = Array.from({ length: 1_000 }, () => Cancellable.withTimeout(60_000));
        const ended = ops.map((op) => op.settle(() => sleepForever()));
        await new Promise(setImmediate);
        for (const op of ops) op.cancel();
        await Promise.all(ended);
      };
      await sequential();
      await concurrent();
      const before = heap();
      await sequential();
      await concurrent();
      await new Promise(setImmediate);
      const grown = heap() - before;
      const timers = process.getActiveResourcesInfo().filter((kind) => kind === "Timeout").length;
      console.log(JSON.stringify({ grown, timers, children: parent.children.length }));
    });
    if (result.status !== "completed") throw result.error;
  `,
    ["--expose-gc"],
  );
  expect(errors).toBe("");
  expect(code).toBe(0);
  const { grown, timers, children } = JSON.parse(output);
  // An operation takes some hundred bytes.
  expect(grown / 101_000).toBeLessThan(50);
  expect([timers, children]).toEqual([0, 0]);
}, 60_000);

test("a program ends when its work is done, whatever its timeouts, and a live sleep keeps it running (rule 24, CONF-T09)", async () => {
  const { code, output } = await runScript(`
    import { Cancellable, moveOnAfter, sleep } from "@hother/cancelable";
    const start = performance.now();
    await Cancellable.withTimeout(600_000).run(() => sleep(20));
    await moveOnAfter({ hours: 1 }, () => {});
    process.on("exit", () => console.log(performance.now() - start < 60_000));
  `);
  expect([code, output.trim()]).toEqual([0, "true"]);
});

test("a chain of ended operations is garbage-collected (PAR-CAN-50, PAR-CAN-51)", async () => {
  const { code, output, errors } = await runScript(
    `
    import { Cancellable, CancellationToken, TimeoutSource } from "@hother/cancelable";
    const token = new CancellationToken();
    const refs = [];
    const nest = async (depth) => {
      const op = Cancellable.withToken(token, { metadata: { depth } });
      op.addSource(new TimeoutSource(60_000)).onProgress(() => {});
      refs.push(new WeakRef(op), new WeakRef(op.context), new WeakRef(op.token));
      await op.run(async () => {
        void op.signal;
        if (depth > 0) await nest(depth - 1);
      });
    };
    const forget = async () => {
      await nest(49);
      for (let i = 0; i < 10; i++) await nest(0);
      const parent = new Cancellable();
      new Cancellable({ parent, token });
      refs.push(new WeakRef(parent));
    };
    await forget();
    // Weak references hold until the end of the turn in which they were made.
    for (let i = 0; i < 5; i++) {
      await new Promise(setImmediate);
      gc();
    }
    console.log(refs.length, refs.filter((ref) => ref.deref() !== undefined).length);
  `,
    ["--expose-gc"],
  );
  expect([errors, code, output.trim()]).toEqual(["", 0, "181 0"]);
});
