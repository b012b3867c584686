import { describe, expect, test } from "vitest";
import { runScript } from "../child.ts";

/* Effects on a whole process, each in a process of its own. */

describe("process.exit during running operations", () => {
  test("the process ends at once with its exit code and prints nothing", async () => {
    const { code, signal, output, errors } = await runScript(`
      import { Cancellable, Lock, Queue, shield, sleep, sleepForever, taskGroup } from "@hother/cancelable";
      process.on("exit", (code) => console.log("exit", code));
      const lock = new Lock();
      const queue = new Queue(0);
      await Cancellable.withSignal("SIGTERM").run(() =>
        Cancellable.withTimeout({ hours: 1 }).run(() =>
          taskGroup((group) => {
            group.startSoon(() => lock.run(() => sleepForever()));
            group.startSoon(() => lock.run(() => sleepForever()));
            group.startSoon(() => queue.put(1));
            group.startSoon(() => shield(() => sleep({ hours: 1 })));
            group.startSoon(async () => {
              try {
                await sleep(5);
                process.exit(7);
              } finally {
                console.log("never");
              }
            });
          }),
        ),
      );
    `);
    expect({ code, signal, output, errors }).toEqual({
      code: 7,
      signal: null,
      output: "exit 7\n",
      errors: "",
    });
  });

  test("an exit inside a callback of a cancellation ends the process", async () => {
    const { code, output, errors } = await runScript(`
      import { Cancellable, sleepForever, taskGroup } from "@hother/cancelable";
      const op = new Cancellable();
      op.token.onCancel(() => process.exit(3));
      process.on("exit", () => console.log("cancelled:", op.isCancelled, inner.isCancelled));
      const inner = new Cancellable();
      await op.run(() =>
        taskGroup((group) => {
          group.startSoon(() => inner.run(() => sleepForever()));
          group.startSoon(async () => op.cancel());
        }),
      );
    `);
    expect({ code, output, errors }).toEqual({ code: 3, output: "cancelled: true true\n", errors: "" });
  });

  test("cancelling in an exit handler is synchronous, and no other code runs", async () => {
    const { code, output, errors } = await runScript(`
      import { Cancellable, sleepForever } from "@hother/cancelable";
      const op = new Cancellable();
      process.on("exit", () => {
        console.log(op.cancel("shutdown"), op.signal.aborted, op.context.cancelReason);
      });
      const ended = op.settle(() => sleepForever());
      void ended.then(() => console.log("never"));
      setTimeout(() => process.exit(4), 5);
      await ended;
    `);
    expect({ code, output, errors }).toEqual({ code: 4, output: "true true shutdown\n", errors: "" });
  });

  test("a process ends by itself as soon as nothing is waited for", async () => {
    const { code, output, errors } = await runScript(`
      import { Cancellable, moveOnAfter, sleep, sleepForever } from "@hother/cancelable";
      const op = Cancellable.withTimeout({ hours: 1 });
      const ended = op.settle(() => sleepForever());
      op.cancel();
      await ended;
      await moveOnAfter({ hours: 1 }, () => sleep(1));
      console.log("over");
    `);
    expect({ code, output, errors }).toEqual({ code: 0, output: "over\n", errors: "" });
  });
});

describe("many SIGINTs in a row", () => {
  test("with another listener the operation is cancelled once, and the other listener gets every signal", async () => {
    const { code, output, errors } = await runScript(`
      import { Cancellable, sleep, shield, sleepForever } from "@hother/cancelable";
      // Waiting for a signal keeps no process alive.
      const alive = setInterval(() => {}, 60_000);
      let heard = 0;
      let woken = () => {};
      process.on("SIGINT", () => {
        heard++;
        woken();
      });
      const send = () => new Promise((resolve) => {
        woken = resolve;
        process.kill(process.pid, "SIGINT");
      });
      let cancels = 0;
      const op = Cancellable.withSignal("SIGINT").onCancel(() => void cancels++);
      const outcome = await op.settle(async () => {
        try {
          await send();
          await sleepForever();
        } finally {
          await shield(async () => {
            for (let i = 0; i < 49; i++) await send();
          });
        }
      });
      console.log(outcome.status, cancels, heard, process.listenerCount("SIGINT"));
      clearInterval(alive);
    `);
    expect({ code, output, errors }).toEqual({ code: 0, output: "cancelled 1 50 1\n", errors: "" });
  });

  test("operations in sequence that each listen leave no listener and cause no warning", async () => {
    const { code, output, errors } = await runScript(`
      import { Cancellable, sleepForever } from "@hother/cancelable";
      let cancelled = 0;
      for (let i = 0; i < 300; i++) {
        const outcome = await Cancellable.withSignal("SIGINT").settle(() => {
          process.kill(process.pid, "SIGINT");
          return sleepForever();
        });
        if (outcome.status === "cancelled") cancelled++;
      }
      console.log(cancelled, process.listenerCount("SIGINT"));
    `);
    expect({ code, output, errors }).toEqual({ code: 0, output: "300 0\n", errors: "" });
  });

  test("a thousand operations share one handler, and one signal cancels all of them", async () => {
    const { code, output, errors } = await runScript(`
      import { Cancellable, sleepForever } from "@hother/cancelable";
      const all = Array.from({ length: 1_000 }, () => Cancellable.withSignal("SIGINT", "SIGTERM"));
      const outcomes = all.map((op) => op.settle(() => sleepForever()));
      console.log(process.listenerCount("SIGINT"), process.listenerCount("SIGTERM"));
      process.kill(process.pid, "SIGINT");
      const ended = await Promise.all(outcomes);
      console.log(ended.filter(({ status }) => status === "cancelled").length);
      console.log(process.listenerCount("SIGINT"), process.listenerCount("SIGTERM"));
    `);
    expect({ code, output, errors }).toEqual({ code: 0, output: "1 1\n1000\n0 0\n", errors: "" });
  });

  test("without another listener the second signal ends the process", async () => {
    const { code, signal, output } = await runScript(`
      import { Cancellable, shield, sleep, sleepForever } from "@hother/cancelable";
      await Cancellable.withSignal("SIGINT").settle(async () => {
        try {
          process.kill(process.pid, "SIGINT");
          await sleepForever();
        } finally {
          await shield(async () => {
            console.log("cleaning up");
            for (;;) {
              process.kill(process.pid, "SIGINT");
              await sleep(1);
            }
          });
        }
      });
      console.log("never");
    `);
    expect({ code, signal, output }).toEqual({ code: null, signal: "SIGINT", output: "cleaning up\n" });
  });
});
