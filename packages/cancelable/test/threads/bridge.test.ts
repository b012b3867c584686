import { expect, test } from "vitest";
import {
  Cancellable,
  CancelScope,
  currentScope,
  Event,
  moveOnAfter,
  run,
  sleep,
  taskGroup,
} from "../../src/index.ts";
import { BridgeCaller, ThreadBridge, type ThreadWork } from "../../src/threads/index.ts";
import { deferred, everywhere, rejection } from "../backends.ts";
import { runScript } from "../child.ts";
import { moduleFile } from "./module-file.ts";
import { Thread, threadModule } from "./thread.ts";

const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

/** A thread with a caller of `bridge`. The source has `caller`, `data`, `send` and `atGate`. */
async function threadOf(bridge: ThreadBridge, source: string, data: object = {}): Promise<Thread> {
  const module = await threadModule(`
    import { BridgeCaller } from "@hother/cancelable/threads";
    const caller = BridgeCaller.attach(data.bridge);
    ${source}
  `);
  const handle = bridge.connect();
  return new Thread(module, { ...data, bridge: handle }, undefined, [handle.port]);
}

everywhere(
  "a call from a thread runs its handler in the loop, whether it is sync or async (PAR-THC-01, CONF-P08)",
  async () => {
    const got: unknown[] = [];
    const bridge = new ThreadBridge({
      sync: (payload: unknown) => void got.push(payload),
      async async(payload: unknown) {
        await sleep(1);
        got.push(payload);
      },
      double: (n: number) => n * 2,
      async fail() {
        await sleep(1);
        throw Object.assign(new RangeError("too far", { cause: new Error("why") }), { code: "E_FAR" });
      },
    });
    bridge.start();
    const thread = await threadOf(
      bridge,
      `
    caller.callSoon("sync", { deep: [1n] });
    caller.callSoon("async", "second");
    send(await caller.call("double", 21));
    const error = await caller.call("fail").catch((error) => error);
    send([error instanceof RangeError, error.message, error.code, error.cause.message]);
  `,
    );
    expect(await thread.next()).toBe(42);
    expect(await thread.next()).toEqual([true, "too far", "E_FAR", "why"]);
    await thread.ended;
    await bridge.stop();
    expect(got).toEqual([{ deep: [1n] }, "second"]);
  },
);

test("calls before, during and after the start run in the order of their thread, and none is lost (THR-31, PAR-BRG-02, PAR-BRG-03, CONF-P16, rule 53)", async () => {
  const threads = 4;
  const calls = 10_000;
  const next = Array<number>(threads).fill(0);
  let outOfOrder = 0;
  const bridge = new ThreadBridge(
    {
      count([thread, n]: readonly [number, number]) {
        if (next[thread] === n) next[thread]++;
        else outOfOrder++;
      },
    },
    { capacity: calls + 1 },
  );
  const running = [];
  for (let i = 0; i < threads; i++) {
    running.push(
      await threadOf(
        bridge as unknown as ThreadBridge,
        `
        for (let n = 0; n < 10; n++) caller.callSoon("count", [data.i, n]);
        send("before");
        atGate();
        for (let n = 10; n < ${calls}; n++) caller.callSoon("count", [data.i, n]);
        send(await caller.call("count", [data.i, ${calls}]));
      `,
        { i },
      ),
    );
  }
  for (const thread of running) expect(await thread.next()).toBe("before");
  await sleep(1);
  expect(next).toEqual([0, 0, 0, 0]);
  for (const thread of running) thread.open();
  bridge.start();
  for (const thread of running) {
    expect(await thread.next()).toBe(undefined);
    await thread.ended;
  }
  await bridge.stop();
  expect(next).toEqual(Array(threads).fill(calls + 1));
  expect([outOfOrder, bridge.pending]).toEqual([0, 0]);
});

test("a call wakes a loop that has only a timer of 10 s (THR-31)", async () => {
  const { code, output, errors } = await runScript(`
    import { Worker } from "node:worker_threads";
    import { ThreadBridge } from "@hother/cancelable/threads";
    const timer = setTimeout(() => console.log("the timer was first"), 10_000);
    const bridge = new ThreadBridge({ called() { clearTimeout(timer); console.log("called"); } });
    bridge.start();
    const source = ${JSON.stringify(
      (
        await threadModule(`
      import { BridgeCaller } from "@hother/cancelable/threads";
      BridgeCaller.attach(data).callSoon("called");
    `)
      ).href,
    )};
    const handle = bridge.connect();
    new Worker(new URL(source), { workerData: { data: handle }, transferList: [handle.port] }).unref();
  `);
  expect({ code, output, errors }).toEqual({ code: 0, output: "called\n", errors: "" });
});

everywhere(
  "a full queue throws in the caller, is counted, and takes calls again later (THR-32, PAR-BRG-04)",
  async () => {
    const started: unknown[] = [];
    const release = new Event();
    const bridge = new ThreadBridge(
      {
        async wait(n: number) {
          started.push(n);
          await release.wait();
        },
      },
      { capacity: 4, name: "small" },
    );
    bridge.start();
    const source = `
    for (let n = 0; n < 4; n++) caller.callSoon("wait", n);
    for (const from of [4, 5]) {
      try { caller.callSoon("wait", from); } catch (error) { send([error.code, error.message]); }
    }
    atGate();
    caller.callSoon("wait", "again");
    await caller.call("wait", "answered");
    send("ended");
  `;
    const thread = await threadOf(bridge, source);
    const full = [
      "ERR_FULL",
      'The bridge "small" is full: too many calls have not ended. Call again later, or give it a greater capacity (its capacity is 4).',
    ];
    expect([await thread.next(), await thread.next()]).toEqual([full, full]);
    expect([bridge.pending, bridge.refused]).toEqual([4, 2]);
    release.set();
    while (bridge.pending > 0) await turn();
    thread.open();
    expect(await thread.next()).toBe("ended");
    await thread.ended;
    for (let n = 0; n < 4; n++) bridge.callSoon("wait", n);
    expect(() => bridge.callSoon("wait", 4)).toThrow(expect.objectContaining({ code: "ERR_FULL" }));
    await bridge.stop();
    expect(started).toEqual([0, 1, 2, 3, "again", "answered", 0, 1, 2, 3]);
    expect([bridge.pending, bridge.refused]).toEqual([0, 3]);
  },
);

everywhere(
  "a bridge can be stopped and started again, and refuses calls in between by name (THR-33, CONF-P11)",
  async () => {
    const got: number[] = [];
    const words = new Int32Array(new SharedArrayBuffer(4));
    const bridge = new ThreadBridge({ take: (n: number) => void got.push(n) }, { name: "main" });
    const thread = await threadOf(
      bridge,
      `
    const sab = data.words;
    for (let n = 0; n < 100; n++) {
      Atomics.wait(sab, 0, 2 * n);
      caller.callSoon("take", n);
      send("called");
      Atomics.wait(sab, 0, 2 * n + 1);
      try { caller.callSoon("take", -1); } catch (error) { send(error.message); }
    }
  `,
      { words },
    );
    const advance = (): void => {
      Atomics.add(words, 0, 1);
      Atomics.notify(words, 0);
    };
    for (let n = 0; n < 100; n++) {
      bridge.start();
      advance();
      expect(await thread.next()).toBe("called");
      await bridge.stop();
      // The call was taken before the stop, so it has run.
      expect(got.length).toBe(n + 1);
      expect(() => bridge.callSoon("take", -1)).toThrow('The bridge "main" is closed (it was stopped).');
      advance();
      expect(await thread.next()).toBe('The bridge "main" is closed (it was stopped).');
    }
    await thread.ended;
    expect(got).toEqual(Array.from({ length: 100 }, (_, n) => n));
  },
);
everywhere(
  "starting twice is starting once, and stopping is safe before the start and again (PAR-BRG-05, PAR-BRG-07)",
  async () => {
    const got: unknown[] = [];
    const bridge = new ThreadBridge({ take: (n: number) => void got.push(n) });
    await bridge.stop();
    expect(bridge.isStarted).toBe(false);
    bridge.callSoon("take", 1);
    bridge.start();
    bridge.start();
    expect(bridge.isStarted).toBe(true);
    bridge.callSoon("take", 2);
    const stopping = bridge.stop();
    expect(bridge.isStarted).toBe(false);
    await bridge.stop();
    await stopping;
    expect(got).toEqual([1, 2]);
    {
      await using again = bridge;
      again.start();
      again.callSoon("take", 3);
    }
    expect(got).toEqual([1, 2, 3]);
    void bridge;
  },
);

everywhere("a start during a stop goes on with the calls, in order", async () => {
  const got: unknown[] = [];
  const release = new Event();
  const bridge = new ThreadBridge({
    take: (n: number) => void got.push(n),
    wait: () => release.wait(),
  });
  bridge.start();
  bridge.callSoon("wait");
  for (let n = 0; n < 3; n++) bridge.callSoon("take", n);
  const stopping = bridge.stop();
  bridge.start();
  for (let n = 3; n < 6; n++) bridge.callSoon("take", n);
  while (got.length < 6) await turn();
  release.set();
  await stopping;
  expect([got, bridge.isStarted]).toEqual([[0, 1, 2, 3, 4, 5], true]);
  bridge.callSoon("take", 6);
  await bridge.stop();
  expect(got).toEqual([0, 1, 2, 3, 4, 5, 6]);
});

everywhere("a handler that waits holds up no cancellation and no other call", async () => {
  const ended: string[] = [];
  const op = new Cancellable();
  const running = op.settle(() => new Event().wait());
  const bridge = new ThreadBridge({
    async slow() {
      try {
        await new Event().wait();
      } finally {
        ended.push("slow");
      }
    },
    cancel: (message: string) => op.cancel("quota", message),
  });
  bridge.start();
  const thread = await threadOf(
    bridge,
    `
    import { moveOnAfter } from "@hother/cancelable";
    const slow = moveOnAfter(60_000, (scope) => {
      queueMicrotask(async () => {
        send(await caller.call("cancel", "from the thread"));
        scope.cancel();
      });
      return caller.call("slow");
    });
    await slow;
    send("left");
  `,
  );
  expect(await thread.next()).toBe(true);
  expect(await running).toMatchObject({
    status: "cancelled",
    error: { reason: "quota", message: "from the thread" },
  });
  // The caller has waited for the handler that it gave up.
  expect(await thread.next()).toBe("left");
  expect(ended).toEqual(["slow"]);
  await thread.ended;
  await bridge.stop();
});

everywhere("a call that its caller gives up before the start is not started", async () => {
  const got: string[] = [];
  const bridge = new ThreadBridge({ take: (text: string) => void got.push(text) });
  using caller = BridgeCaller.attach(bridge.connect());
  const scope = new CancelScope();
  const call = scope.run(() => caller.call("take" as never, "given up" as never));
  expect(bridge.pending).toBe(1);
  scope.cancel();
  await call;
  const kept = caller.call("take" as never, "kept" as never);
  bridge.start();
  await kept;
  expect([got, scope.cancelledCaught]).toEqual([["kept"], true]);
  await bridge.stop();
});

everywhere(
  "the error of a handler goes to the reporter, and the next call runs (PAR-THC-05, PAR-BRG-06)",
  async ({ reported }) => {
    const got: string[] = [];
    const bridge = new ThreadBridge({
      fail(text: string) {
        throw new Error(text);
      },
      async reject(text: string) {
        await sleep(0);
        throw new Error(text);
      },
      take: (text: string) => void got.push(text),
    });
    bridge.start();
    bridge.callSoon("fail", "sync");
    bridge.callSoon("reject", "async");
    bridge.callSoon("take", "after both");
    await bridge.stop();
    expect(got).toEqual(["after both"]);
    expect(reported.splice(0).map((error) => (error as Error).message)).toEqual(["sync", "async"]);
  },
);

everywhere(
  "handlers run in the scope that started the bridge, and end with it (CONF-P09, CONF-P15)",
  async ({ reported }) => {
    const seen: unknown[] = [];
    const bridge = new ThreadBridge(
      {
        async wait(name: string) {
          seen.push(name);
          try {
            await sleep(60_000);
          } finally {
            seen.push(`${name} ended`);
          }
        },
      },
      { name: "inner" },
    );
    using caller = BridgeCaller.attach<{ wait(name: string): Promise<void> }>(bridge.connect());
    const op = new Cancellable();
    let answered!: Promise<unknown>;
    const outcome = await op.settle(async () => {
      bridge.start();
      bridge.callSoon("wait", "one");
      answered = run(() => rejection(caller.call("wait", "two")), { parent: null });
      while (seen.length < 2) await turn();
      op.cancel("quota", "enough");
      bridge.callSoon("wait", "too late to start");
    });
    expect(outcome.status).toBe("completed");
    expect([...seen].sort()).toEqual(["one", "one ended", "two", "two ended"]);
    expect(await answered).toMatchObject({ name: "AbortError", reason: "quota" });
    expect(bridge.isStarted).toBe(false);
    expect(() => bridge.callSoon("wait", "late")).toThrow('The bridge "inner" is closed');
    expect(reported.splice(0)).toEqual([
      expect.objectContaining({
        code: "ERR_CLOSED",
        message: expect.stringContaining("stopped before the call"),
      }),
    ]);
    const cancelled = new CancelScope();
    await cancelled.run(() => {
      cancelled.cancel();
      expect(() => bridge.start()).toThrow(currentScope().error);
    });
  },
);

everywhere("cancelling the caller of stop cancels the handlers, and waits for them (CONF-P15)", async () => {
  const ended: string[] = [];
  const bridge = new ThreadBridge({
    async wait() {
      try {
        await sleep(60_000);
      } finally {
        ended.push("handler");
      }
    },
  });
  bridge.start();
  bridge.callSoon("wait");
  await moveOnAfter(5, () => bridge.stop());
  expect(ended).toEqual(["handler"]);
});

everywhere("several bridges are independent (PAR-BRG-01)", async () => {
  const got: string[] = [];
  const bridges = ["a", "b"].map((name) => new ThreadBridge({ take: () => void got.push(name) }, { name }));
  for (const bridge of bridges) bridge.callSoon("take");
  bridges[1]?.start();
  await bridges[1]?.stop();
  expect(got).toEqual(["b"]);
  bridges[0]?.start();
  await bridges[0]?.stop();
  expect(got).toEqual(["b", "a"]);
});

everywhere("thread, loop and thread nest (CONF-P12)", async () => {
  const bridge = new ThreadBridge({ double: (n: number) => inThread.call("double", n) });
  bridge.start();
  const thread = await threadOf(
    bridge as unknown as ThreadBridge,
    `
    import { parentPort } from "node:worker_threads";
    import { ThreadBridge } from "@hother/cancelable/threads";
    const own = new ThreadBridge({ double: async (n) => (n > 100 ? n : caller.call("double", 2 * n)) });
    own.start();
    const handle = own.connect();
    parentPort.postMessage(handle, [handle.port]);
    atGate();
    send(await caller.call("double", 1));
  `,
  );
  const inThread = BridgeCaller.attach<{ double(n: number): Promise<number> }>(
    (await thread.next()) as never,
  );
  thread.open();
  expect(await thread.next()).toBe(128);
  await thread.ended;
  inThread.close();
  await bridge.stop();
});

test("nothing of an idle bridge keeps the process or a thread alive", async () => {
  const { code, output, errors } = await runScript(`
    import { Worker } from "node:worker_threads";
    import { ThreadBridge } from "@hother/cancelable/threads";
    const bridge = new ThreadBridge({ log: (text) => console.log(text) });
    bridge.start();
    const source = ${JSON.stringify(
      (
        await threadModule(`
      import { BridgeCaller } from "@hother/cancelable/threads";
      const caller = BridgeCaller.attach(data);
      await caller.call("log", "answered");
      caller.callSoon("log", "not awaited");
    `)
      ).href,
    )};
    const handle = bridge.connect();
    new Worker(new URL(source), { workerData: { data: handle }, transferList: [handle.port] });
  `);
  expect({ code, output, errors }).toEqual({ code: 0, output: "answered\nnot awaited\n", errors: "" });
});

test("a thread that is terminated holds up no stop, and its calls run", async () => {
  let calls = 0;
  const some = deferred();
  const bridge = new ThreadBridge({
    count() {
      if (++calls === 100) some.resolve();
    },
    wait: () => sleep(60_000),
  });
  bridge.start();
  const thread = await threadOf(
    bridge,
    `
    caller.call("wait");
    for (;;) { try { caller.callSoon("count"); } catch {} }
  `,
  );
  await some.promise;
  await thread.worker.terminate();
  await bridge.stop();
  expect(calls).toBeGreaterThanOrEqual(100);
  expect(bridge.pending).toBe(0);
});

test("a closed caller rejects the calls that await an answer, and refuses calls by name", async () => {
  const bridge = new ThreadBridge({ wait: () => sleep(60_000) }, { name: "main" });
  bridge.start();
  const handle = bridge.connect();
  const caller = BridgeCaller.attach<{ wait(): Promise<void> }>(handle);
  expect(BridgeCaller.attach(handle)).toBe(caller);
  const call = rejection(caller.call("wait"));
  while (bridge.pending === 0) await turn();
  caller.close();
  caller.close();
  const closed = { code: "ERR_CLOSED", message: expect.stringContaining('The bridge "main" is closed') };
  expect(await call).toMatchObject(closed);
  expect(() => caller.callSoon("wait")).toThrow(expect.objectContaining(closed));
  await bridge.stop();
});

everywhere("bad input is refused by name, before anything is called", async () => {
  const handlers = { take: (_payload: unknown) => {}, give: (): unknown => ({ of: [() => {}] }) };
  const bridge = new ThreadBridge(handlers);
  const handle = bridge.connect();
  using caller = BridgeCaller.attach<typeof handlers>(handle);
  for (const calls of [bridge, caller]) {
    expect(() => calls.callSoon("tke" as never)).toThrow(
      'name must be a handler of the bridge: "take", "give"; got "tke"',
    );
    expect(() => calls.callSoon(1 as never)).toThrow("name must be a string; got 1");
    expect(() => calls.callSoon("take", { a: [() => {}] })).toThrow(
      "payload.a[0] cannot be sent to another thread",
    );
  }
  expect(await rejection(caller.call("take", { f: Symbol("s") }))).toMatchObject({ code: "ERR_UNCLONEABLE" });
  expect(bridge.pending).toBe(0);
  bridge.start();
  expect(await rejection(caller.call("give"))).toMatchObject({
    message:
      'the result of the handler "give".of[0] cannot be sent to another thread; got function (anonymous)',
  });
  await bridge.stop();
  expect(bridge.pending).toBe(0);

  expect(() => new ThreadBridge(null as never)).toThrow(
    "handlers must be an object with functions; got null",
  );
  expect(() => new ThreadBridge({ a: 1 } as never)).toThrow("handlers.a must be a function; got 1");
  for (const capacity of [0, -1, 1.5, Number.POSITIVE_INFINITY, 2 ** 30])
    expect(() => new ThreadBridge({}, { capacity })).toThrow(RangeError);
  expect(() => new ThreadBridge({}, { name: 1 as never })).toThrow("options.name must be a string");
  expect(() => BridgeCaller.attach({} as never)).toThrow(
    "handle must be the handle of a ThreadBridge; got {}",
  );
  expect(() => BridgeCaller.attach({ ...handle, version: 9 })).toThrow(
    expect.objectContaining({ code: "ERR_OTHER_VERSION" }),
  );
  for (const part of ["name", "handlers", "capacity", "memory", "port"])
    expect(() => BridgeCaller.attach({ ...handle, [part]: {} })).toThrow(`handle.${part} must be`);
  expect(() => BridgeCaller.attach(JSON.parse(JSON.stringify(handle)))).toThrow("handle.memory must be");
});

everywhere(
  "a backend calls handlers of the bridge that was started on it, by name (PAR-BRG-03)",
  async ({ backend }) => {
    const got: unknown[] = [];
    expect(() => backend.callSoonThreadsafe("take", 1)).toThrow(
      expect.objectContaining({ code: "ERR_NO_BRIDGE" }),
    );
    const bridge = new ThreadBridge({ take: (n: unknown) => void got.push(n) });
    bridge.start();
    backend.callSoonThreadsafe("take", 1);
    const thread = await threadOf(
      bridge,
      `
    import { getBackend } from "@hother/cancelable";
    getBackend().callSoonThreadsafe("take", "from the thread");
    caller.close();
    try { getBackend().callSoonThreadsafe("take"); } catch (error) { send(error.code); }
  `,
    );
    expect(await thread.next()).toBe("ERR_NO_BRIDGE");
    await thread.ended;
    await bridge.stop();
    expect(got).toEqual([1, "from the thread"]);
    expect(() => backend.callSoonThreadsafe("take", 1)).toThrow(
      expect.objectContaining({ code: "ERR_NO_BRIDGE" }),
    );
  },
);

const work = {
  module: moduleFile(
    "export const add = (a, b) => a + b; export const fail = () => { throw new RangeError('no'); };",
  ),
};

everywhere("a backend runs a function of a module in a thread (CONF-P01)", async ({ backend }) => {
  const add: ThreadWork<(a: number, b: number) => number> = { ...work, export: "add" };
  expect(await backend.runSyncInThread(add, 40, 2)).toBe(42);
  expect(await rejection(backend.runSyncInThread({ ...work, export: "fail" }))).toBeInstanceOf(RangeError);
});

test("a backend without threads names the module that brings them", async () => {
  const { output, errors } = await runScript(`
    import { getBackend } from "@hother/cancelable";
    await getBackend().runSyncInThread({ module: new URL("file:///x.js") }).catch((error) => console.log(error.message));
  `);
  expect({ output, errors }).toEqual({
    output: 'The backend "native" has no threads. Import @hother/cancelable/threads first.\n',
    errors: "",
  });
});

everywhere("a handler that stops its own bridge is refused, because it would wait for itself", async () => {
  const bridge: ThreadBridge = new ThreadBridge({ stop: () => bridge.stop() }, { name: "own" });
  bridge.start();
  using caller = BridgeCaller.attach(bridge.connect());
  expect(await rejection(caller.call("stop"))).toMatchObject({
    code: "ERR_WAITS_FOR_ITSELF",
    message: expect.stringContaining('stop() of the bridge "own"'),
  });
  expect(bridge.isStarted).toBe(true);
  await bridge.stop();
});
