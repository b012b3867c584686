// @ts-check
// A loop that never yields, in a worker thread. A message would never reach it, but a token in shared memory does.
import { createHash } from "node:crypto";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { Cancellable, isCancellation, once } from "@hother/cancelable";
import { checkEvery, SharedCancellationToken } from "@hother/cancelable/threads";

/** The thread: looks for a text whose sha256 is zero, and would never find one. */
function search() {
  const check = checkEvery(100, SharedCancellationToken.attach(workerData));
  parentPort?.postMessage("the thread searches");
  try {
    for (let n = 0; ; n++) {
      check(); // throws a CancellationError
      if (/^0+$/.test(createHash("sha256").update(`${n}`).digest("hex"))) return n;
    }
  } catch (error) {
    if (!isCancellation(error)) throw error;
    // A thread that was terminated would not come to this line.
    parentPort?.postMessage(`the thread cleans up: ${error.message}`);
    return undefined;
  }
}

/** @param {SharedCancellationToken} token */
function startThread(token) {
  const worker = new Worker(new URL(import.meta.url), { workerData: token.handle });
  worker.on("message", (text) => console.log(text));
  return worker;
}

async function main() {
  // 1. Cancelled with a token.
  const token = new SharedCancellationToken();
  const worker = startThread(token);
  await once(worker, "message");
  token.cancel("quota", "the quota is used up");
  await once(worker, "exit");
  token.close();

  // 2. Cancelled with an operation, by its time limit. A shield waits for the thread.
  const operation = Cancellable.withTimeout(300, { name: "search" });
  const outcome = await operation.settle(async (op) => {
    const linked = new SharedCancellationToken();
    linked.link(op.token, { preserveReason: true });
    await op.shield(() => once(startThread(linked), "exit"), { timeout: { seconds: 5 } });
    linked.close();
    op.check();
  });
  console.log(operation.label, outcome.status, operation.context.cancelReason);
}

if (isMainThread) await main();
else search();

// prints:
// the thread searches
// the thread cleans up: the quota is used up
// the thread searches
// the thread cleans up: operation "search" timed out after 300 ms
// operation "search" cancelled timeout
