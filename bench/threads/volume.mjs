// Many tokens, and many calls.
import { once } from "node:events";
import { PiscinaPool, runInThread, SharedCancellationToken } from "@hother/cancelable/threads";
import { shared, thread } from "./hosts.mjs";

/** All threads cancel all tokens at the same time. */
async function race(/** @type {number} */ threads, /** @type {number} */ count) {
  const tokens = Array.from({ length: count }, () => new SharedCancellationToken());
  const handles = tokens.map(({ handle }) => handle);
  const gate = shared(1);
  const code = `
    const tokens = data.handles.map((handle) => SharedCancellationToken.attach(handle));
    post("ready");
    Atomics.wait(data.gate, 0, 0);
    // The reason of a cancellation has letters only.
    const name = "thread-" + String.fromCharCode(97 + (data.number >> 4), 97 + (data.number & 15));
    let won = 0;
    for (let i = 0; i < tokens.length; i++) if (tokens[i].cancel(name, name + " cancels " + i)) won++;
    const read = tokens.map((token) => token.reason + "|" + token.message);
    post({ won, read });
  `;
  const began = performance.now();
  const workers = Array.from({ length: threads }, (_, number) => thread(code, { handles, gate, number }));
  await Promise.all(workers.map((worker) => once(worker, "message")));
  const ready = performance.now();
  const results = workers.map((worker) => once(worker, "message"));
  Atomics.store(gate, 0, 1);
  Atomics.notify(gate, 0);
  let [winners, disagree] = [0, 0];
  const mine = tokens.map((token) => `${token.reason}|${token.message}`);
  for (const result of results) {
    const [{ won, read }] = await result;
    winners += won;
    for (let i = 0; i < count; i++) {
      // This thread can have looked before the cancellation.
      if (mine[i]?.startsWith("undefined")) mine[i] = `${tokens[i]?.reason}|${tokens[i]?.message}`;
      if (read[i] !== mine[i] || read[i] !== expected(read[i], i)) disagree++;
    }
  }
  const ended = performance.now();
  for (const token of tokens) token.close();
  return {
    "threads × tokens": `${threads} × ${count}`,
    winners,
    "reads that disagree": disagree,
    "start of the threads, ms": Math.round(ready - began),
    "race and reads, ms": Math.round(ended - ready),
  };
}

/** The message that belongs to a reason. */
function expected(/** @type {string} */ read, /** @type {number} */ i) {
  const name = read.slice(0, read.indexOf("|"));
  return `${name}|${name} cancels ${i}`;
}

/** Many calls, and the things that could be left of them. */
async function calls(/** @type {number} */ count) {
  const pool = new PiscinaPool({ threads: 4 });
  const memories = new Set();
  const used = () => {
    const token = new SharedCancellationToken();
    memories.add(token.handle.memory);
    token.close();
    return memories.size;
  };
  const add = (/** @type {number} */ a, /** @type {number} */ b) => a + b;
  let wrong = 0;
  const round = async (/** @type {number} */ calls) => {
    for (let i = 0; i < calls; i += 100) {
      const sums = await Promise.all(
        Array.from({ length: 100 }, (_, j) => runInThread(add, [i, j], { pool })),
      );
      for (const [j, sum] of sums.entries()) if (sum !== i + j) wrong++;
    }
  };
  await round(2_000);
  const before = await heap();
  const listenersBefore = listeners();
  const began = performance.now();
  used();
  await round(count);
  const took = performance.now() - began;
  const slabs = used();
  const grown = (await heap()) - before;
  const whileOpen = resources();
  await pool.close();
  await new Promise((resolve) => setTimeout(resolve, 50));
  return {
    calls: count,
    "wrong results": wrong,
    "ms a call, 100 at a time": (took / count).toPrecision(2),
    "heap, bytes a call": globalThis.gc === undefined ? "run with --expose-gc" : (grown / count).toFixed(1),
    "slabs of 1,024 tokens": slabs,
    "ports and workers before close()": whileOpen,
    "after close()": resources(),
    "listeners of the process more than before": listeners() - listenersBefore,
  };
}

const listeners = () => process.eventNames().reduce((sum, name) => sum + process.listenerCount(name), 0);

async function heap() {
  for (let i = 0; i < 3; i++) {
    await new Promise((resolve) => setImmediate(resolve));
    globalThis.gc?.();
  }
  return process.memoryUsage().heapUsed;
}

/** The ports and threads of this process, where the host tells them. */
function resources() {
  const kinds = process.getActiveResourcesInfo?.() ?? [];
  const found = kinds.filter((kind) => /MessagePort|Worker/i.test(kind));
  return found.length === 0 ? "none" : found.join();
}

/** Prints the tables. */
export async function measureVolumes() {
  console.log("all threads cancel all tokens");
  console.table(await race(64, 10_000));
  console.log("calls in threads");
  console.table(await calls(10_000));
}
