import { expect, test } from "vitest";
import { Cancellable, sleep, sleepForever } from "../../src/index.ts";
import { describeEverywhere } from "../backends.ts";
import { runScript } from "../child.ts";

describeEverywhere("rule 23: operating-system signals", (everywhere) => {
  everywhere("a real signal cancels, with its name", async () => {
    const op = Cancellable.withSignal("SIGUSR2");
    const outcome = await op.settle(() => {
      process.kill(process.pid, "SIGUSR2");
      return sleepForever();
    });
    expect(outcome).toMatchObject({ status: "cancelled", error: { reason: "signal", signal: "SIGUSR2" } });
    expect(process.listenerCount("SIGUSR2")).toBe(0);
  });

  everywhere(
    "handlers are shared and counted; the last one out restores what was there (BUG-19)",
    async () => {
      const other = (): void => {};
      process.on("SIGUSR2", other);
      try {
        const outer = Cancellable.withSignal("SIGUSR2");
        const outcome = await outer.settle(async () => {
          await Cancellable.withSignal("SIGUSR2").run(() => {
            expect(process.listenerCount("SIGUSR2")).toBe(2);
          });
          expect(process.listenerCount("SIGUSR2")).toBe(2);
          process.kill(process.pid, "SIGUSR2");
          await sleepForever();
        });
        expect(outcome.status).toBe("cancelled");
        expect(process.listeners("SIGUSR2")).toEqual([other]);
      } finally {
        process.removeListener("SIGUSR2", other);
      }
    },
  );

  everywhere("without a signal nothing happens, and the handler is gone afterwards", async () => {
    const before = process.listenerCount("SIGTERM");
    await expect(Cancellable.withSignal().run(() => sleep(1).then(() => "done"))).resolves.toBe("done");
    expect(process.listenerCount("SIGTERM")).toBe(before);
  });
});

test("rule 23: the handler is there from the start: a signal in the first line of the body does not kill (BUG-18)", async () => {
  const { code, output } = await runScript(`
    import { Cancellable, sleepForever } from "@hother/cancelable";
    const outcome = await Cancellable.withSignal("SIGINT").settle(() => {
      process.kill(process.pid, "SIGINT");
      return sleepForever();
    });
    console.log(outcome.status, outcome.error.message);
  `);
  expect([code, output.trim()]).toEqual([0, "cancelled Operation cancelled by signal SIGINT"]);
});

test("rule 23: a second SIGINT during graceful shutdown does what it would without the library", async () => {
  const { signal, output } = await runScript(`
    import { Cancellable, sleepForever } from "@hother/cancelable";
    await Cancellable.withSignal("SIGINT").settle(async (op) => {
      process.kill(process.pid, "SIGINT");
      try {
        await sleepForever();
      } finally {
        await op.shield(async () => {
          console.log("shutting down");
          process.kill(process.pid, "SIGINT");
          await new Promise((resolve) => setTimeout(resolve, 10_000));
        });
      }
    });
  `);
  expect([signal, output.trim()]).toEqual(["SIGINT", "shutting down"]);
});
