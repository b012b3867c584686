// Facts about the built packages that hold on every host. Prints "N passed, N failed"; a worker posts the result.
import {
  Cancellable,
  currentOperation,
  failAfter,
  getBackend,
  Queue,
  run,
  sleep,
  taskGroup,
} from "@hother/cancelable";
import "@hother/cancelable-backends/effect";
import "@hother/cancelable-backends/effection";
import { VirtualBackend } from "@hother/cancelable/testing";

const inWorker = typeof WorkerGlobalScope === "function";
const inBrowser = inWorker || typeof document === "object";

/** Each gives the expected and the actual value. */
const facts = {
  "a timeout": async () => ["TimeoutError", await failAfter(5, () => sleep(60_000)).catch((e) => e.name)],
  "a cancellation": async () => {
    const operation = new Cancellable();
    const ended = operation.settle((op) => op.sleep(60_000));
    operation.cancel("shutdown");
    return ["shutdown", (await ended).error.reason];
  },
  "a queue between tasks": async () => {
    const queue = new Queue(0);
    let item;
    await taskGroup((group) => {
      group.startSoon(() => queue.put("item"));
      group.startSoon(async () => {
        item = await queue.get();
      });
    });
    return ["item", item];
  },
  "the ambient operation after an await": async () => {
    const operation = new Cancellable();
    const found = await operation.run(() => sleep(1).then(() => currentOperation() === operation));
    return [!inBrowser, found];
  },
};

const failures = [];
let passed = 0;
for (const backend of [
  getBackend("native"),
  getBackend("effect"),
  getBackend("effection"),
  new VirtualBackend(),
]) {
  for (const [title, fact] of Object.entries(facts)) {
    const [expected, actual] = await run(fact, { backend }).catch((error) => ["no error", error]);
    if (expected === actual) passed++;
    else failures.push(`${title} [${backend.name}]: expected ${expected}, got ${actual?.stack ?? actual}`);
  }
}
export const result = { passed, failures };
if (inWorker) postMessage(result);
else if (!inBrowser) {
  console.log(`${failures.join("\n")}\n${passed} passed, ${failures.length} failed`);
  process.exitCode = failures.length;
}
