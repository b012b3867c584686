// @ts-check
// One registry for all threads: the main thread lists the operations of a thread, and cancels one of them.
import { isMainThread, Worker, workerData } from "node:worker_threads";
import { Cancellable, OperationRegistry, once, registry, sleep } from "@hother/cancelable";
import { RegistryClient, RegistryHost } from "@hother/cancelable/threads";

/** The thread: its operations are added to the registry of the main thread. */
async function work() {
  const main = RegistryClient.attach(workerData);
  new OperationRegistry({ store: main }).registerAll();
  await Promise.all(
    ["resize", "encode"].map((name) =>
      new Cancellable({ name }).settle(async (op) => {
        op.reportProgress({ current: 1, total: 4 });
        await sleep(name === "encode" ? 1 : 3_600_000);
      }),
    ),
  );
  await main.synced();
}

async function main() {
  const handle = new RegistryHost().connect();
  const events = registry.watch();
  const worker = new Worker(new URL(import.meta.url), { workerData: handle, transferList: [handle.port] });
  const exit = once(worker, "exit");

  let ended = 0;
  for await (const { type, operation } of events) {
    if (type === "started")
      console.log(
        "started:",
        operation.name,
        "- in the thread:",
        operation.metadata.thread === worker.threadId,
      );
    if (type !== "ended") continue;
    console.log("ended:", operation.name, operation.status, "-", operation.cancelMessage ?? "by itself");
    if (operation.name === "encode")
      for (const { id } of registry.list({ status: "running" })) registry.cancel(id, "manual", "not needed");
    if (++ended === 2) break;
  }
  await exit;
  console.log("running:", registry.size);
}

if (isMainThread) await main();
else await work();

// prints:
// started: resize - in the thread: true
// started: encode - in the thread: true
// ended: encode completed - by itself
// ended: resize cancelled - not needed
// running: 0
