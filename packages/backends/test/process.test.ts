import { describe, expect, test } from "vitest";
import { runChild } from "./child.ts";

describe("a backend that was not imported", () => {
  for (const name of ["effect", "effection"]) {
    test(`getBackend("${name}") and run() name the package to install and the module to import`, async () => {
      const output = await runChild(`
        import { getBackend, run } from "@hother/cancelable";
        try { getBackend("${name}"); } catch (error) { console.log(error.code, error.message); }
        await run(() => 1, { backend: "${name}" }).catch((error) => console.log(error.code));
      `);
      expect(output).toContain(
        `install "${name}" and "@hother/cancelable-backends", and import "@hother/cancelable-backends/${name}"`,
      );
      expect(output.match(/ERR_UNKNOWN_BACKEND/g)).toHaveLength(2);
      expect(output).toMatch(/exit 0$/);
    });
  }

  test("importing the module registers the backend", async () => {
    const output = await runChild(`
      import { getBackend } from "@hother/cancelable";
      import "@hother/cancelable-backends/effect";
      import "@hother/cancelable-backends/effection";
      console.log(getBackend("effect").name, getBackend("effection").name, getBackend().name);
    `);
    expect(output).toBe("effect effection native\nexit 0");
  });
});

describe("the process", () => {
  for (const backend of ["effect", "effection"]) {
    test(`${backend}: the process ends with the program, and a sleep keeps it alive`, async () => {
      const output = await runChild(`
        import { Cancellable, moveOnAfter, run, sleep, sleepForever, taskGroup } from "@hother/cancelable";
        import "@hother/cancelable-backends/${backend}";
        const began = performance.now();
        await run(async () => {
          await sleep(20);
          await moveOnAfter(5, () => sleepForever());
          await Cancellable.withTimeout({ hours: 1 }).run(() => sleep(1));
          await taskGroup((group) => {
            group.startSoon(() => sleep(1));
            group.startSoon(() => sleep(2));
          });
        }, { backend: "${backend}" });
        console.log(performance.now() - began >= 26);
      `);
      expect(output).toBe("true\nexit 0");
    });

    test(`${backend}: an unhandled rejection of a program is reported once`, async () => {
      const output = await runChild(`
        import { run, sleep, sleepForever, taskGroup } from "@hother/cancelable";
        import "@hother/cancelable-backends/${backend}";
        const unhandled = [];
        process.on("unhandledRejection", (error) => unhandled.push(error.message));
        run(() => taskGroup((group) => {
          group.startSoon(async () => { await sleep(1); throw new Error("wrong"); });
          group.startSoon(() => sleepForever());
        }), { backend: "${backend}" });
        const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
        while (unhandled.length === 0) await pause(1);
        await pause(50);
        console.log(JSON.stringify(unhandled));
      `);
      expect(output).toBe('["wrong"]\nexit 0');
    });
  }

  test("effect: an interruption during the clean-up of library code causes no unhandled rejection", async () => {
    const output = await runChild(`
      import { Cancellable, shield, sleep, sleepForever } from "@hother/cancelable";
      import { fromCancellable } from "@hother/cancelable-backends/effect";
      import { Effect, Fiber } from "effect";
      const unhandled = [];
      process.on("unhandledRejection", (error) => unhandled.push(String(error)));
      const body = async () => { try { await sleepForever(); } finally { await shield(() => sleep(1)); } };
      for (const program of [
        fromCancellable(new Cancellable(), body),
        Effect.promise(() => new Cancellable().run(body)),
      ]) {
        const fiber = Effect.runFork(program);
        await new Promise(setImmediate);
        fiber.interruptUnsafe();
        await Effect.runPromise(Fiber.await(fiber));
      }
      await new Promise(setImmediate);
      console.log(unhandled);
    `);
    expect(output).toBe("[]\nexit 0");
  });

  test("effection: a halt during the clean-up of library code causes no unhandled rejection", async () => {
    const output = await runChild(`
      import { Cancellable, shield, sleep, sleepForever } from "@hother/cancelable";
      import { fromCancellable, toCancellable } from "@hother/cancelable-backends/effection";
      import { call, run, suspend } from "effection";
      const unhandled = [];
      process.on("unhandledRejection", (error) => unhandled.push(String(error)));
      const body = async () => { try { await sleepForever(); } finally { await shield(() => sleep(1)); } };
      for (const operation of [
        () => fromCancellable(new Cancellable(), body),
        () => fromCancellable(new Cancellable(), () => suspend()),
        () => call(() => new Cancellable().run(body)),
        () => call(() => toCancellable(() => suspend())),
      ]) {
        const task = run(operation);
        await new Promise(setImmediate);
        await task.halt();
      }
      await new Promise(setImmediate);
      console.log(unhandled);
    `);
    expect(output).toBe("[]\nexit 0");
  });
});
