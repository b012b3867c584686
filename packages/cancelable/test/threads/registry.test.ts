import { expect, test } from "vitest";
import { Cancellable, OperationRegistry } from "../../src/index.ts";
import { RegistryClient, RegistryHost, ThreadBridge } from "../../src/threads/index.ts";
import { everywhere, rejection } from "../backends.ts";
import { runScript } from "../child.ts";
import { Thread, threadModule } from "./thread.ts";

/** A thread with the registry of the host as `main`. The source has `data`, `send` and `atGate`. */
async function threadOf(host: RegistryHost, source: string, data: object = {}): Promise<Thread> {
  const module = await threadModule(`
    import { RegistryClient } from "@hother/cancelable/threads";
    const main = RegistryClient.attach(data.registry);
    ${source}
  `);
  const handle = host.connect();
  return new Thread(module, { ...data, registry: handle }, undefined, [handle.port]);
}

/** A registry with 8 operations that run, of which 3 are exports, and 5 that have ended. */
async function filled(): Promise<{ readonly registry: OperationRegistry; end(): Promise<void> }> {
  const registry = new OperationRegistry();
  for (let i = 0; i < 5; i++) {
    const op = new Cancellable({ id: `ended ${i}` });
    registry.register(op);
    await op.run(() => {});
  }
  const ended = Array.from({ length: 8 }, (_, i) => {
    const op = new Cancellable({ id: `op ${i}`, name: i < 3 ? `export ${i}` : "import", metadata: { i } });
    registry.register(op);
    return op.settle((o) => new Promise((_resolve, reject) => o.token.onCancel(() => reject(o.error))));
  });
  return {
    registry,
    async end() {
      registry.cancelAll();
      await Promise.all(ended);
    },
  };
}

/** A snapshot without the duration, which grows between two looks. */
const still = ({ duration: _, ...rest }: { readonly duration: unknown }): object => rest;

everywhere("a thread reads the operations of the registry (PAR-REG-10, PAR-TRG-01, PAR-TRG-02)", async () => {
  const { registry, end } = await filled();
  const thread = await threadOf(
    new RegistryHost(registry),
    `
    send(await main.list());
    send((await main.list({ name: "export" })).map(({ id }) => id));
    send(await main.list({ name: /^import$/, metadata: { i: 4 } }));
    send([await main.get("op 1"), await main.get("none")]);
    send(await main.history({ limit: 3 }));
    send(await main.statistics());
    send(await main.list({ nme: "x" }).catch((error) => [error instanceof TypeError, error.message]));
  `,
  );
  expect(((await thread.next()) as never[]).map(still)).toEqual(registry.list().map(still));
  expect(await thread.next()).toEqual(["op 0", "op 1", "op 2"]);
  expect(await thread.next()).toMatchObject([{ id: "op 4", metadata: { i: 4 } }]);
  expect(await thread.next()).toMatchObject([{ id: "op 1", status: "running" }, undefined]);
  expect(await thread.next()).toEqual(registry.history({ limit: 3 }));
  expect(await thread.next()).toEqual(registry.statistics());
  expect(await thread.next()).toEqual([true, "filter.nme is not an option of a filter; did you mean name?"]);
  await thread.ended;
  await end();
});

test("many threads at once get their answers, and no error (PAR-TRG-03)", async () => {
  const { registry, end } = await filled();
  const host = new RegistryHost(registry);
  const source = `
    let answers = 0;
    for (let round = 0; round < 50; round++) {
      answers += (await main.list({ name: "export" })).length;
      answers += (await main.get("op 0")) === undefined ? 0 : 1;
      answers += (await main.statistics()).active.count;
    }
    send(answers);
  `;
  const threads = await Promise.all(Array.from({ length: 10 }, () => threadOf(host, source)));
  for (const thread of threads) {
    expect(await thread.next()).toBe(50 * (3 + 1 + 8));
    await thread.ended;
  }
  await end();
}, 30_000);

everywhere(
  "a cancel from a thread is acknowledged when the operations are cancelled (PAR-TRG-04)",
  async () => {
    const { registry, end } = await filled();
    const thread = await threadOf(
      new RegistryHost(registry),
      `
    send(await main.requestCancel("op 1", "quota", "from the thread"));
    const { cancelRequested, cancelReason, cancelMessage } = (await main.get("op 1")) ?? (await main.history()).at(-1);
    send([cancelRequested, cancelReason, cancelMessage]);
    send(await main.requestCancel("op 1"));
    send(await main.requestCancel("none"));
    send(await main.cancelAll({ name: "export" }, "shutdown"));
    send(await main.requestCancel("op 4", "").catch((error) => error.message));
  `,
    );
    expect(await thread.next()).toBe(true);
    expect(await thread.next()).toEqual([true, "quota", "from the thread"]);
    expect(await thread.next()).toBe(false);
    expect(await thread.next()).toBe(false);
    expect(await thread.next()).toBe(2);
    expect(await thread.next()).toContain("reason");
    await thread.ended;
    expect(registry.list().map(({ id }) => id)).toEqual(["op 3", "op 4", "op 5", "op 6", "op 7"]);
    await end();
  },
);

test("id, status, reason and message that a thread reads are of one moment (THR-34)", async () => {
  const registry = new OperationRegistry();
  const thread = await threadOf(
    new RegistryHost(registry),
    `
    let cancelled = 0;
    let torn = 0;
    const whole = ({ id, status, cancelRequested, cancelReason, cancelMessage }) =>
      cancelRequested
        ? cancelReason === (id.endsWith("0") ? "quota" : "shutdown") && cancelMessage === "message of " + id
        : status !== "cancelled" && cancelReason === undefined && cancelMessage === undefined;
    for (let round = 0; round < 1_000; round++) {
      for (const snapshot of [...(await main.list()), ...(await main.history({ limit: 5 }))]) {
        if (snapshot.cancelRequested) cancelled++;
        if (!whole(snapshot)) torn++;
      }
    }
    send([cancelled > 0, torn]);
  `,
  );
  let isDone = false;
  const answer = thread.next().finally(() => {
    isDone = true;
  });
  for (let i = 0; !isDone; i++) {
    const op = new Cancellable({ id: `op ${i % 2}` });
    registry.register(op);
    const ended = op.settle((o) => o.sleep(60_000));
    await new Promise(setImmediate);
    registry.cancel(op.id, op.id.endsWith("0") ? "quota" : "shutdown", `message of ${op.id}`);
    await new Promise(setImmediate);
    await ended;
  }
  expect(await answer).toEqual([true, 0]);
  await thread.ended;
}, 30_000);

everywhere("operations of a thread are in the registry, with the thread in their metadata", async () => {
  const registry = new OperationRegistry();
  const events = registry.watch({ throttle: 0 });
  const thread = await threadOf(
    new RegistryHost(registry),
    `
    import { Cancellable, OperationRegistry } from "@hother/cancelable";
    using _ = new OperationRegistry({ store: main }).registerAll();
    await new Cancellable({ id: "outer", metadata: { of: () => {} } }).run(async (outer) => {
      const inner = new Cancellable({ id: "inner" });
      const outcome = await inner.settle(async (op) => {
        op.reportProgress("half");
        await main.synced();
        send("running");
        await op.sleep(60_000);
      });
      send([outcome.status, outcome.error.reason, outcome.error.message]);
    });
    await new Cancellable({ id: "failing" }).settle(() => { throw new Error("no"); });
    await main.synced();
    send("all told");
    atGate();
  `,
  );
  expect(await thread.next()).toBe("running");
  const { threadId } = thread.worker;
  expect(registry.tree()).toMatchObject([
    {
      id: "outer",
      status: "running",
      metadata: { thread: threadId, of: expect.stringContaining("function") },
      children: [
        {
          id: "inner",
          status: "running",
          parentId: "outer",
          progress: "half",
          metadata: { thread: threadId },
        },
      ],
    },
  ]);
  expect(registry.list({ metadata: { thread: threadId } }).length).toBe(2);
  expect(registry.cancel("inner", "quota", "from main")).toBe(true);
  expect(registry.cancel("inner")).toBe(false);
  expect(await thread.next()).toEqual(["cancelled", "quota", "from main"]);
  expect(await thread.next()).toBe("all told");
  expect(registry.size).toBe(0);
  expect(registry.history()).toMatchObject([
    { id: "inner", status: "cancelled", cancelReason: "quota", cancelMessage: "from main" },
    { id: "outer", status: "completed", metadata: { thread: threadId } },
    { id: "failing", status: "failed", errorMessage: "no" },
  ]);
  const types: string[] = [];
  for await (const { type, operation } of events) {
    types.push(`${operation.id} ${type}`);
    if (operation.id === "failing" && type === "ended") break;
  }
  expect(types).toEqual([
    "outer registered",
    "outer started",
    "inner registered",
    "inner started",
    "inner progress",
    "inner cancelling",
    "inner ended",
    "outer ended",
    "failing registered",
    "failing started",
    "failing ended",
  ]);
  thread.open();
  await thread.ended;
});

test("operations whose thread is terminated have failed", async () => {
  const registry = new OperationRegistry();
  const thread = await threadOf(
    new RegistryHost(registry),
    `
    import { Cancellable, OperationRegistry } from "@hother/cancelable";
    const own = new OperationRegistry({ store: main });
    for (const id of ["lost", "let go"]) {
      const op = new Cancellable({ id });
      own.register(op);
      void op.settle((o) => o.sleep(60_000));
    }
    await main.synced();
    send("running");
    atGate();
    own.unregister("let go");
    await main.synced();
    send("unregistered");
    setInterval(() => {}, 1_000);
  `,
  );
  expect(await thread.next()).toBe("running");
  expect(registry.list().map(({ id }) => id)).toEqual(["lost", "let go"]);
  thread.open();
  expect(await thread.next()).toBe("unregistered");
  expect(registry.list().map(({ id }) => id)).toEqual(["lost"]);
  await thread.worker.terminate();
  while (registry.size > 0) await new Promise(setImmediate);
  expect(registry.history()).toMatchObject([
    { id: "lost", status: "failed", errorMessage: "the thread of the operation has ended" },
  ]);
});

test("nothing of a registry for threads keeps the process or a thread alive", async () => {
  const module = await threadModule(`
    import { Cancellable, OperationRegistry } from "@hother/cancelable";
    import { RegistryClient } from "@hother/cancelable/threads";
    using _ = new OperationRegistry({ store: RegistryClient.attach(data) }).registerAll();
    await new Cancellable({ name: "job" }).run(() => {});
  `);
  const { code, output, errors } = await runScript(`
    import { Worker } from "node:worker_threads";
    import { registry } from "@hother/cancelable";
    import { RegistryHost } from "@hother/cancelable/threads";
    const handle = new RegistryHost().connect();
    const worker = new Worker(new URL(${JSON.stringify(module.href)}), { workerData: { data: handle }, transferList: [handle.port] });
    worker.on("exit", () => console.log(registry.history().map(({ name, status }) => name + " " + status).join()));
  `);
  expect({ code, output, errors }).toEqual({ code: 0, output: "job completed\n", errors: "" });
});

test("a closed client refuses by name, and its operations have ended for the other thread", async () => {
  const registry = new OperationRegistry();
  const handle = new RegistryHost(registry).connect();
  const client = RegistryClient.attach(handle);
  expect(RegistryClient.attach(handle)).toBe(client);
  const op = new Cancellable({ id: "op" });
  new OperationRegistry({ store: client }).register(op);
  const ended = op.settle((o) => o.sleep(60_000));
  await client.synced();
  client[Symbol.dispose]();
  while (registry.size > 0) await new Promise(setImmediate);
  expect(await rejection(client.list())).toMatchObject({ code: "ERR_CLOSED" });
  op.cancel();
  expect((await ended).status).toBe("cancelled");
});

test("a value that is neither a registry nor a handle of one is refused by name", () => {
  expect(() => new RegistryHost({} as never)).toThrow("registry must be an OperationRegistry; got {}");
  expect(() => RegistryClient.attach({} as never)).toThrow(
    "handle must be the handle of a ThreadBridge; got {}",
  );
  expect(() => RegistryClient.attach(new ThreadBridge({}).connect())).toThrow(
    "handle must be the handle of a RegistryHost",
  );
});
