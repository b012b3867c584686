// How long a cancellation takes from one thread to another, in both directions, beside the other ways. The thread that
// cancels measures until the other one has set a word in shared memory, because on some hosts each thread has a clock of
// its own.
import { once } from "node:events";
import { CancellationToken } from "@hother/cancelable";
import {
  PiscinaPool,
  runInThread,
  SharedCancellationToken,
  settleInThread,
} from "@hother/cancelable/threads";
import { Piscina } from "piscina";
import { percentiles, rest, shared, spin, stopsThreads, thread, untilSet } from "./hosts.mjs";

const runs = Number(process.env.RUNS ?? 1_000);

/** From the main thread to a thread that checks in a loop, or waits. */
async function toThread(/** @type {string} */ wait) {
  const tokens = Array.from({ length: runs }, () => new SharedCancellationToken());
  const words = shared(2); // the run that waits, and the run that has seen its cancellation
  const worker = thread(
    `
    const tokens = data.handles.map((handle) => SharedCancellationToken.attach(handle));
    parentPort.on("message", () => {});
    for (let i = 0; i < tokens.length; i++) {
      const token = tokens[i];
      Atomics.store(data.words, 0, i + 1);
      ${wait}
      Atomics.store(data.words, 1, i + 1);
    }
    post("end");
    parentPort.close?.(); // not on Deno
  `,
    { handles: tokens.map(({ handle }) => handle), words },
  );
  const ended = once(worker, "message");
  const took = [];
  for (const [i, token] of tokens.entries()) {
    await untilSet(words, 0, i + 1);
    await rest(1); // the thread is in its loop or in its wait
    const start = performance.now();
    token.cancel("quota", "measured");
    spin(words, 1, i + 1);
    took.push(performance.now() - start);
    token.close();
  }
  await ended;
  return percentiles(took);
}

/** From a thread to the main thread. `receive` gets each token and a function for the moment when it was seen. */
async function toMain(
  /** @type {(token: SharedCancellationToken, seen: () => void) => void | Promise<void>} */ receive,
) {
  const tokens = Array.from({ length: runs }, () => new SharedCancellationToken());
  const words = shared(2);
  const worker = thread(
    `
    const tokens = data.handles.map((handle) => SharedCancellationToken.attach(handle));
    const took = [];
    for (let i = 0; i < tokens.length; i++) {
      while (Atomics.load(data.words, 0) !== i + 1);
      for (const end = performance.now() + 1; performance.now() < end;); // the main thread is in its loop or in its wait
      const start = performance.now();
      tokens[i].cancel("quota", "measured");
      while (Atomics.load(data.words, 1) !== i + 1);
      took.push(performance.now() - start);
    }
    post(took);
  `,
    { handles: tokens.map(({ handle }) => handle), words },
  );
  const result = once(worker, "message");
  for (const [i, token] of tokens.entries()) {
    const reached = receive(token, () => Atomics.store(words, 1, i + 1));
    Atomics.store(words, 0, i + 1);
    if (reached === undefined) {
      // A busy loop: the thread is told first, because this loop does not end before.
      while (!token.isCancelled);
      Atomics.store(words, 1, i + 1);
    } else await reached;
    token.close();
  }
  const [took] = await result;
  return percentiles(took);
}

/** How many of 100 messages a busy loop sees. */
async function messagesSeen() {
  const words = shared(2);
  const worker = thread(
    `
    let seen = 0;
    parentPort.on("message", () => seen++);
    Atomics.store(data.words, 0, 1);
    while (Atomics.load(data.words, 1) === 0);
    post(seen);
    parentPort.close?.(); // not on Deno
  `,
    { words },
  );
  const result = once(worker, "message");
  await untilSet(words, 0);
  for (let i = 0; i < 100; i++) {
    worker.postMessage("cancel");
    await rest(2);
  }
  Atomics.store(words, 1, 1);
  return `${(await result)[0]} of 100`;
}

/** `terminate()` of a busy loop. */
async function terminating() {
  const count = stopsThreads ? Math.min(runs, 100) : 3;
  const took = [];
  let cleaned = 0;
  for (let i = 0; i < count; i++) {
    const words = shared(2);
    const worker = thread(
      "Atomics.store(data.words, 0, 1); try { for (;;); } finally { Atomics.store(data.words, 1, 1); }",
      { words },
    );
    await untilSet(words, 0);
    const start = performance.now();
    await worker.terminate();
    took.push(performance.now() - start);
    cleaned += Atomics.load(words, 1);
  }
  return { ended: percentiles(took), cleaned: `${cleaned} of ${count}`, next: "–" };
}

const module = new URL("./work.mjs", import.meta.url);

/** Piscina's own abort: it terminates the thread. */
async function piscina() {
  const count = stopsThreads ? Math.min(runs, 100) : 3;
  const pool = new Piscina({ filename: module.href, minThreads: 1, maxThreads: 1 });
  const [ended, next] = [[], []];
  let cleaned = 0;
  for (let i = 0; i < count; i++) {
    const words = shared(2);
    const abort = new AbortController();
    const call = pool.run(words, { name: "spin", signal: abort.signal });
    await untilSet(words, 0);
    const start = performance.now();
    abort.abort();
    await call.catch(() => {});
    ended.push(performance.now() - start);
    await pool.run(undefined, { name: "nothing" });
    next.push(performance.now() - start);
    cleaned += Atomics.load(words, 1);
  }
  if (stopsThreads) await pool.destroy();
  return { ended: percentiles(ended), cleaned: `${cleaned} of ${count}`, next: percentiles(next) };
}

/** `settleInThread`, whose call checks. */
async function cooperative() {
  const pool = new PiscinaPool({ threads: 1 });
  const [ended, next] = [[], []];
  let cleaned = 0;
  for (let i = 0; i < runs; i++) {
    const words = shared(2);
    const token = new CancellationToken();
    const call = settleInThread({ module, export: "obey" }, [words], { pool, token });
    await untilSet(words, 0);
    const start = performance.now();
    token.cancel("quota");
    await call;
    ended.push(performance.now() - start);
    await runInThread({ module, export: "nothing" }, [], { pool });
    next.push(performance.now() - start);
    cleaned += Atomics.load(words, 1);
  }
  await pool.close();
  return { ended: percentiles(ended), cleaned: `${cleaned} of ${runs}`, next: percentiles(next) };
}

/** Prints the tables. */
export async function measureCancellation() {
  console.log(`from cancel() to the other thread, ${runs} runs, p50 / p99`);
  console.table({
    "main to a busy loop: check()": await toThread("try { for (;;) token.check(); } catch {}"),
    "main to a waiting thread: waitForCancel()": await toThread("await token.waitForCancel();"),
    "thread to busy main: isCancelled": await toMain(() => {}),
    "thread to idle main: waitForCancel()": await toMain((token, seen) => token.waitForCancel().then(seen)),
    "thread to idle main: signal": await toMain(
      (token, seen) =>
        new Promise((resolve) => {
          token.signal.addEventListener("abort", () => {
            seen();
            resolve();
          });
          waitingKeepsNothingAlive(token);
        }),
    ),
    "main to a busy loop: postMessage": `seen: ${await messagesSeen()}`,
  });
  console.log(
    "a busy loop in a thread: from the cancel to its end, and to the end of the next call on the pool",
  );
  console.table({
    "runInThread, the loop checks": await cooperative(),
    "Piscina's signal": await piscina(),
    "worker.terminate()": await terminating(),
  });
}

/** A signal keeps no process alive, so that something else must. */
function waitingKeepsNothingAlive(/** @type {SharedCancellationToken} */ token) {
  const timer = setInterval(() => {}, 1_000);
  token.onCancel(() => clearInterval(timer));
}
