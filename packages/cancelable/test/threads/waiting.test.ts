import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Cancellable, LinkedCancellationToken } from "../../src/index.ts";
import { SharedCancellationToken } from "../../src/threads/index.ts";
import { runScript } from "../child.ts";
import { Thread, threadModule } from "./thread.ts";

const original = Object.getOwnPropertyDescriptor(Atomics, "waitAsync") as PropertyDescriptor;
const atomics = Atomics as { waitAsync?: unknown };

describe.each([
  { host: "a host with waitAsync", waitAsync: true },
  { host: "a host without waitAsync (THR-09)", waitAsync: false },
])("on $host", ({ waitAsync }) => {
  beforeEach(() => {
    if (!waitAsync) delete atomics.waitAsync;
  });
  afterEach(() => {
    Object.defineProperty(Atomics, "waitAsync", original);
  });
  const prelude = waitAsync ? "" : "delete Atomics.waitAsync;";

  test("waits, callbacks, signals, links and operations are told of a cancel in another thread (PAR-THC-02)", async () => {
    const module = await threadModule(
      `
      import { SharedCancellationToken } from "@hother/cancelable/threads";
      SharedCancellationToken.attach(data).cancel("quota", "from the thread");
    `,
      waitAsync,
    );
    using token = new SharedCancellationToken();
    using copy = SharedCancellationToken.attach(structuredClone(token.handle));
    const linked = new LinkedCancellationToken();
    linked.link(token, { preserveReason: true });
    const told = [
      token.waitForCancel(),
      copy.waitForCancel(),
      new Promise((resolve) => token.onCancel(resolve)),
      new Promise((resolve) => token.signal.addEventListener("abort", resolve)),
      linked.waitForCancel(),
      new Cancellable({ token }).settle((op) => op.sleep(600_000)),
    ];
    const thread = new Thread(module, token.handle);
    await Promise.all(told);
    expect([token.reason, copy.message, linked.message]).toEqual([
      "quota",
      "from the thread",
      "from the thread",
    ]);
    await thread.ended;
  });

  test("a thread is told of a cancel in the thread that created it (PAR-THC-04)", async () => {
    const module = await threadModule(
      `
      import { SharedCancellationToken } from "@hother/cancelable/threads";
      const token = SharedCancellationToken.attach(data);
      // The port keeps the thread alive.
      parentPort.on("message", () => {});
      send("ready");
      await token.waitForCancel();
      send(token.message);
    `,
      waitAsync,
    );
    using token = new SharedCancellationToken();
    const thread = new Thread(module, token.handle);
    await thread.next();
    token.cancel("shutdown", "from the creator");
    expect(await thread.next()).toBe("from the creator");
    await thread.worker.terminate();
  });

  test("a thread that awaits a token is told when the creator closes it", async () => {
    const module = await threadModule(
      `
      import { SharedCancellationToken } from "@hother/cancelable/threads";
      const token = SharedCancellationToken.attach(data);
      parentPort.on("message", () => {});
      token.onCancel(({ reason, message }) => send([reason, message]));
      send("ready");
    `,
      waitAsync,
    );
    const token = new SharedCancellationToken();
    const thread = new Thread(module, token.handle);
    await thread.next();
    token.close();
    expect(await thread.next()).toEqual([
      "ended",
      "The shared token was closed by the thread that created it",
    ]);
    await thread.worker.terminate();
  });

  test("a cancel that came before the creator closed the token is not lost", async () => {
    const module = await threadModule(
      `
      import { SharedCancellationToken } from "@hother/cancelable/threads";
      const token = SharedCancellationToken.attach(data.handle);
      send("ready");
      atGate();
      token.cancel("quota", "before");
      Atomics.store(data.done, 0, 1);
    `,
      waitAsync,
    );
    const token = new SharedCancellationToken();
    const done = new Int32Array(new SharedArrayBuffer(4));
    const told: unknown[] = [];
    token.onCancel(({ message }) => told.push(message));
    const thread = new Thread(module, { handle: token.handle, done });
    await thread.next();
    thread.open();
    while (Atomics.load(done, 0) === 0);
    token.close();
    expect([told, token.reason, token.isClosed]).toEqual([["before"], "quota", true]);
    await thread.ended;
  });

  test("a signal that is read when the flag is already set is aborted at once", async () => {
    const module = await threadModule(
      `
      import { SharedCancellationToken } from "@hother/cancelable/threads";
      SharedCancellationToken.attach(data).cancel();
    `,
      waitAsync,
    );
    using token = new SharedCancellationToken();
    await new Thread(module, token.handle).ended;
    expect(token.signal.aborted).toBe(true);
    await token.waitForCancel();
  });

  test("a callback is called once, also if the cancel comes while it is added (THR-07)", async () => {
    const module = await threadModule(
      `
      import { SharedCancellationToken } from "@hother/cancelable/threads";
      parentPort.on("message", (handles) => {
        const tokens = handles.map((handle) => SharedCancellationToken.attach(handle));
        send("ready");
        Atomics.wait(data, 0, 0);
        for (const token of tokens) token.cancel();
        send("done");
      });
      send("up");
    `,
      waitAsync,
    );
    const go = new Int32Array(new SharedArrayBuffer(4));
    const thread = new Thread(module, go);
    await thread.next();
    for (let round = 0; round < 10; round++) {
      const tokens = Array.from({ length: 10_000 }, () => new SharedCancellationToken());
      thread.worker.postMessage(tokens.map(({ handle }) => handle));
      await thread.next();
      Atomics.store(go, 0, 1);
      Atomics.notify(go, 0);
      const calls = new Array<number>(tokens.length).fill(0);
      let called = 0;
      const all = new Promise<void>((resolve) => {
        for (const [i, token] of tokens.entries())
          token.onCancel(() => {
            calls[i] = (calls[i] as number) + 1;
            if (++called === tokens.length) resolve();
          });
      });
      await all;
      await thread.next();
      Atomics.store(go, 0, 0);
      for (const token of tokens) token[Symbol.dispose]();
      expect(new Set(calls)).toEqual(new Set([1]));
    }
    await thread.worker.terminate();
  }, 60_000);

  test("a callback that another callback of the same wave disposed of does not run (THR-07)", async () => {
    const module = await threadModule(
      `
      import { SharedCancellationToken } from "@hother/cancelable/threads";
      SharedCancellationToken.attach(data).cancel();
    `,
      waitAsync,
    );
    using token = new SharedCancellationToken();
    const called: string[] = [];
    token.onCancel(() => {
      called.push("first");
      second[Symbol.dispose]();
    });
    const second = token.onCancel(() => called.push("second"));
    token.onCancel(() => called.push("third"));
    const thread = new Thread(module, token.handle);
    await token.waitForCancel();
    expect(called).toEqual(["first", "third"]);
    await thread.ended;
  });

  test("a callback that awaits many tokens of other memory leaves the wait of its own memory whole", async () => {
    const module = await threadModule(
      `
      import { SharedCancellationToken } from "@hother/cancelable/threads";
      SharedCancellationToken.attach(data).cancel();
    `,
      waitAsync,
    );
    const [first, second, ...tokens] = Array.from({ length: 4_000 }, () => new SharedCancellationToken());
    if (first === undefined || second === undefined) throw new Error("there are two");
    const { memory } = first.handle;
    expect(second.handle.memory).toBe(memory);
    const others = tokens.filter(({ handle }) => handle.memory !== memory);
    expect(others.length).toBeGreaterThan(2_500);
    const told = first.waitForCancel();
    first.onCancel(() => {
      for (const token of others) token.onCancel(() => {});
    });
    await new Thread(module, first.handle).ended;
    await told;
    const toldAgain = second.waitForCancel();
    await new Thread(module, second.handle).ended;
    await toldAgain;
    for (const token of [first, second, ...tokens]) token.close();
  });

  test("waits, callbacks and signals keep no process alive (THR-06)", async () => {
    const { code, output, errors } = await runScript(`
      ${prelude}
      import { LinkedCancellationToken } from "@hother/cancelable";
      import { SharedCancellationToken } from "@hother/cancelable/threads";
      const token = new SharedCancellationToken();
      const copy = SharedCancellationToken.attach(structuredClone(token.handle));
      for (const one of [token, copy]) {
        one.onCancel(() => console.log("cancelled"));
        one.waitForCancel().then(() => console.log("cancelled"));
        one.signal.addEventListener("abort", () => console.log("aborted"));
        new LinkedCancellationToken().link(one);
      }
      console.log("end");
    `);
    expect({ code, output: output.trim(), errors }).toEqual({ code: 0, output: "end", errors: "" });
  });

  test("waits keep no thread alive (THR-06)", async () => {
    const module = await threadModule(
      `
      import { SharedCancellationToken } from "@hother/cancelable/threads";
      const token = SharedCancellationToken.attach(data);
      token.onCancel(() => send("cancelled"));
      token.waitForCancel().then(() => send("cancelled"));
      token.signal.addEventListener("abort", () => send("aborted"));
    `,
      waitAsync,
    );
    using token = new SharedCancellationToken();
    expect(await new Thread(module, token.handle).ended).toBe(0);
    expect(token.isCancelled).toBe(false);
  });

  test("a cancel in the thread that waits needs nothing that keeps the loop alive (THR-05)", async () => {
    const { code, output, errors } = await runScript(`
      ${prelude}
      import { SharedCancellationToken } from "@hother/cancelable/threads";
      const token = new SharedCancellationToken();
      token.onCancel(() => console.log("callback"));
      token.waitForCancel().then(() => console.log("wait"));
      token.signal.addEventListener("abort", () => console.log("signal"));
      setTimeout(() => token.cancel(), 50);
    `);
    expect({ code, output: output.trim().split("\n"), errors }).toEqual({
      code: 0,
      output: ["signal", "callback", "wait"],
      errors: "",
    });
  });

  test("waits that were given up leave nothing in a living token (THR-08)", async () => {
    const { code, output, errors } = await runScript(
      `
      ${prelude}
      import { getEventListeners } from "node:events";
      import { Cancellable, LinkedCancellationToken, race, sleep } from "@hother/cancelable";
      import { SharedCancellationToken } from "@hother/cancelable/threads";
      process.on("warning", (warning) => console.log(warning.name));
      const heap = () => { gc(); gc(); return process.memoryUsage().heapUsed; };
      const token = SharedCancellationToken.attach(structuredClone(new SharedCancellationToken().handle));
      const round = async () => {
        for (let i = 0; i < 10_000; i++) {
          token.onCancel(() => {})[Symbol.dispose]();
          new LinkedCancellationToken().link(token)[Symbol.dispose]();
          await race([() => new Cancellable({ token }).run((op) => op.sleep(60_000)), () => sleep(0)]);
        }
      };
      await round();
      const before = heap();
      await round();
      const calls = Array.from({ length: 100 }, () => new Cancellable({ signal: token.signal }).start());
      const during = getEventListeners(token.signal, "abort").length;
      for (const call of calls) await call[Symbol.asyncDispose]();
      const after = getEventListeners(token.signal, "abort").length;
      await new Promise(setImmediate);
      console.log(JSON.stringify({ grown: heap() - before, during, after }));
    `,
      ["--expose-gc"],
    );
    expect(errors).toBe("");
    expect(code).toBe(0);
    const { grown, during, after } = JSON.parse(output);
    expect([during, after]).toEqual([1, 0]);
    // A callback, a link and an operation take some hundred bytes.
    expect(grown / 10_000).toBeLessThan(150);
  }, 60_000);
});

test("threads that change tokens all the time do not keep this one from its events", async () => {
  const waitAsync = original.value as (...args: unknown[]) => unknown;
  let looks = 0;
  // As if another thread had rung during each of the first looks.
  atomics.waitAsync = (...args: unknown[]) =>
    ++looks < 1_000 ? { async: false, value: "not-equal" } : waitAsync.apply(Atomics, args);
  try {
    using token = new SharedCancellationToken();
    token.onCancel(() => {});
    await new Promise(setImmediate);
    expect(looks).toBeGreaterThan(0);
    expect(looks).toBeLessThan(100);
    const module = await threadModule(`
      import { SharedCancellationToken } from "@hother/cancelable/threads";
      SharedCancellationToken.attach(data).cancel();
    `);
    const told = token.waitForCancel();
    await new Thread(module, token.handle).ended;
    await told;
  } finally {
    Object.defineProperty(Atomics, "waitAsync", original);
  }
});
