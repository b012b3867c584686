import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import { build } from "esbuild";
import { expect, test } from "vitest";
import { packagesForEsbuild } from "../../../../tools/hosts/built-files.ts";
import { Cancellable, CancellationToken, SignalSource, sleep, sleepForever } from "../../src/index.ts";
import { describeEverywhere } from "../backends.ts";
import { runScript } from "../child.ts";

describeEverywhere("operating-system signals (rule 23)", (everywhere) => {
  everywhere("a real signal cancels, and the error has its name", async () => {
    const op = Cancellable.withSignal("SIGUSR2");
    const outcome = await op.settle(() => {
      process.kill(process.pid, "SIGUSR2");
      return sleepForever();
    });
    expect(outcome).toMatchObject({ status: "cancelled", error: { reason: "signal", signal: "SIGUSR2" } });
    expect(process.listenerCount("SIGUSR2")).toBe(0);
  });

  everywhere("handlers are shared and counted, and the last one restores the previous state", async () => {
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
  });

  everywhere("without a signal the operation completes and its handler is removed", async () => {
    const before = process.listenerCount("SIGTERM");
    await expect(Cancellable.withSignal().run(() => sleep(1).then(() => "done"))).resolves.toBe("done");
    expect(process.listenerCount("SIGTERM")).toBe(before);
  });
});

test("a signal in the first line of the body does not end the process (rule 23)", async () => {
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

test("a second SIGINT during a graceful shutdown ends the process as without the library (rule 23)", async () => {
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

describeEverywhere("an operation with a signal source", (everywhere) => {
  everywhere("one handler is installed, and the operation keeps its name (PAR-CAN-27)", async () => {
    const op = new Cancellable({ name: "server" }).addSource(new SignalSource("SIGUSR2"));
    const bare = Cancellable.withSignal("SIGUSR2");
    for (const one of [op, bare]) {
      await one.run(() => {
        expect(process.listenerCount("SIGUSR2")).toBe(1);
      });
    }
    expect([op.name, op.context.name, bare.name]).toEqual(["server", "server", undefined]);
    expect(process.listenerCount("SIGUSR2")).toBe(0);
  });
});

describeEverywhere("a signal source", (everywhere) => {
  everywhere("the default signals are SIGINT and SIGTERM (PAR-SIG-01)", async () => {
    expect(new SignalSource().signals).toEqual(["SIGINT", "SIGTERM"]);
    const source = new SignalSource("SIGUSR2", "SIGUSR2", "SIGTERM");
    expect(source.signals).toEqual(["SIGUSR2", "SIGTERM"]);
    const op = new Cancellable({ name: "daemon" }).addSource(source);
    await op.settle(() => {
      process.kill(process.pid, "SIGUSR2");
      return sleepForever();
    });
    expect(op.context).toMatchObject({
      name: "daemon",
      cancelReason: "signal",
      cancelMessage: 'operation "daemon" cancelled by signal SIGUSR2',
    });
  });

  everywhere("stopping twice is stopping once (PAR-SIG-03)", async () => {
    const source = new SignalSource("SIGUSR2");
    const outer = new Cancellable().addSource(source);
    await outer.run(async () => {
      await new Cancellable().addSource(source).run(() => sleep(0));
      const handle = new Cancellable().addSource(source).start();
      await handle[Symbol.asyncDispose]();
      await handle[Symbol.asyncDispose]();
      expect(process.listenerCount("SIGUSR2")).toBe(1);
    });
    expect(process.listenerCount("SIGUSR2")).toBe(0);
  });
});

describeEverywhere("the handlers of operating-system signals", (everywhere) => {
  everywhere("a handler exists from the start of the operation to its end (CONF-Q02)", async () => {
    const count = (): number => process.listenerCount("SIGUSR2");
    const other = (): void => {};
    process.on("SIGUSR2", other);
    try {
      for (const end of ["value", "error", "cancel", "signal"]) {
        const op = Cancellable.withSignal("SIGUSR2", "SIGUSR2");
        expect(count()).toBe(1);
        await op.settle(async () => {
          expect(count()).toBe(2);
          if (end === "error") throw new Error("body");
          if (end === "cancel") op.cancel();
          if (end === "signal") process.kill(process.pid, "SIGUSR2");
          if (end !== "value") await sleepForever();
        });
        expect([end, process.listeners("SIGUSR2")]).toEqual([end, [other]]);
        expect(op.context.cancelReason).toBe({ cancel: "manual", signal: "signal" }[end]);
      }
      // A source that cannot start removes the handlers of the sources before it.
      const refused = new Cancellable().addSource(new SignalSource("SIGUSR2")).addSource(
        Object.assign(new SignalSource("SIGUSR1"), {
          start() {
            throw new Error("cannot start");
          },
        }),
      );
      expect(await refused.settle(() => {})).toMatchObject({ status: "failed" });
      expect(process.listeners("SIGUSR2")).toEqual([other]);
    } finally {
      process.removeListener("SIGUSR2", other);
    }
  });

  everywhere("signals have known names, and SIGINT and SIGTERM are the default (CONF-Q03)", () => {
    for (const wrong of ["SIGKILL", "SIGSTOP", "SIGNOTHING", "int", 15, "", null]) {
      const signals = ["SIGINT", wrong] as unknown as ["SIGINT"];
      expect(() => new SignalSource(...signals)).toThrow(/^signals\[1\] must be /);
      expect(() => Cancellable.withSignal(...signals)).toThrow(/^signals\[1\] must be /);
    }
    expect(new SignalSource().signals).toEqual(["SIGINT", "SIGTERM"]);
    expect(process.listenerCount("SIGTERM")).toBe(0);
  });

  everywhere(
    "a signal that arrives just after the end goes to the previous listeners (CONF-Q07)",
    async () => {
      const heard: string[] = [];
      let arrived!: () => void;
      const arrival = new Promise<void>((resolve) => void (arrived = resolve));
      const other = (): void => {
        heard.push("other");
        arrived();
      };
      process.on("SIGUSR2", other);
      try {
        const op = Cancellable.withSignal("SIGUSR2");
        await op.run(() => void process.kill(process.pid, "SIGUSR2"));
        expect(op.context.status).toBe("completed");
        await arrival;
        expect([heard, op.context.cancelRequested]).toEqual([["other"], false]);
      } finally {
        process.removeListener("SIGUSR2", other);
      }
    },
  );

  everywhere("another cancellation ends the wait for a signal (CONF-Q08)", async (t) => {
    const token = new CancellationToken();
    const op = Cancellable.anyOf(new SignalSource("SIGUSR2"), token);
    const ended = op.settle(() => sleepForever());
    token.cancel("shutdown");
    expect(await ended).toMatchObject({ status: "cancelled", error: { reason: "shutdown" } });
    const outer = Cancellable.withTimeout(10);
    expect(
      await outer.settle(() => Cancellable.withSignal("SIGUSR2").run(() => sleep(60_000))),
    ).toMatchObject({ status: "cancelled", error: { reason: "timeout" } });
    t.expectElapsed(10);
    expect(process.listenerCount("SIGUSR2")).toBe(0);
  });
});

test("a program that only listens for signals ends (CONF-Q08)", async () => {
  const { code, output } = await runScript(`
    import { Cancellable } from "@hother/cancelable";
    const start = performance.now();
    Cancellable.withSignal("SIGINT").start();
    process.on("exit", () => console.log(performance.now() - start < 5_000));
  `);
  expect([code, output.trim()]).toEqual([0, "true"]);
});

test("a worker thread receives no signals, and the source fails with a usage error (CONF-Q04)", async () => {
  const { outputFiles } = await build({
    stdin: {
      contents: `
        import { parentPort } from "node:worker_threads";
        import { Cancellable } from "@hother/cancelable";
        const body = () => parentPort.postMessage("the body ran");
        Cancellable.withSignal("SIGINT").settle(body).then(({ status, error }) => {
          parentPort.postMessage([status, error.code, process.listenerCount("SIGINT")]);
        });
      `,
      loader: "ts",
      resolveDir: fileURLToPath(new URL("../..", import.meta.url)),
    },
    bundle: true,
    write: false,
    format: "cjs",
    ...packagesForEsbuild(),
    platform: "node",
    target: "node20",
  });
  const worker = new Worker(outputFiles[0]?.text ?? "", { eval: true });
  const messages: unknown[] = [];
  worker.on("message", (message) => messages.push(message));
  await once(worker, "exit");
  expect(messages).toEqual([["failed", "ERR_UNSUPPORTED_HOST", 0]]);
});
