import { expect, test } from "vitest";
import { SharedCancellationToken } from "../../src/threads/index.ts";
import { until } from "../until.ts";
import { Thread, threadModule } from "./thread.ts";

const tokens = (count: number): SharedCancellationToken[] =>
  Array.from({ length: count }, () => new SharedCancellationToken());

test("of many threads that cancel one token, one wins, and every thread reads its reason and message (THR-01, PAR-THC-03, rule 50)", async () => {
  const module = await threadModule(`
    import { SharedCancellationToken } from "@hother/cancelable/threads";
    const tokens = data.handles.map((handle) => SharedCancellationToken.attach(handle));
    send("ready");
    atGate();
    const won = [];
    for (let i = 0; i < tokens.length; i++)
      if (tokens[i].cancel(data.reason, data.reason + " " + i)) won.push(i);
    send(won);
    send(tokens.map((token) => token.reason + ": " + token.message));
  `);
  const shared = tokens(10_000);
  const handles = shared.map(({ handle }) => handle);
  const gate = new Int32Array(new SharedArrayBuffer(4));
  const reasons = [..."abcdefgh"].map((letter) => `thread-${letter}`);
  const threads = reasons.map((reason) => new Thread(module, { handles, reason }, gate));
  await Promise.all(threads.map((thread) => thread.next()));
  threads[0]?.open();
  const winners: string[] = [];
  for (const [index, thread] of threads.entries()) {
    const reason = reasons[index] as string;
    for (const i of (await thread.next()) as number[]) {
      expect(winners[i]).toBeUndefined();
      winners[i] = `${reason}: ${reason} ${i}`;
    }
  }
  expect(shared.map((token) => `${token.reason}: ${token.message}`)).toEqual(winners);
  for (const thread of threads) expect(await thread.next()).toEqual(winners);
  await Promise.all(threads.map((thread) => thread.ended));
}, 60_000);

test("a thread that sees the cancellation sees the whole message, while others are cancelled (THR-02)", async () => {
  const module = await threadModule(`
    import { SharedCancellationToken } from "@hother/cancelable/threads";
    const tokens = data.map((handle) => SharedCancellationToken.attach(handle));
    send("ready");
    const torn = [];
    for (const [i, token] of tokens.entries()) {
      while (!token.isCancelled);
      const { reason, message } = token;
      if (reason !== "quota" || message !== String.fromCodePoint(0x1f600 + i % 64).repeat(120)) torn.push(i);
    }
    send(torn);
  `);
  const shared = tokens(5_000);
  const thread = new Thread(
    module,
    shared.map(({ handle }) => handle),
  );
  await thread.next();
  for (const [i, token] of shared.entries())
    token.cancel("quota", String.fromCodePoint(0x1f600 + (i % 64)).repeat(120));
  expect(await thread.next()).toEqual([]);
  await thread.ended;
});

test("a loop that never yields sees the cancellation no later than anything that was stored after it (THR-03)", async () => {
  const module = await threadModule(`
    import { SharedCancellationToken } from "@hother/cancelable/threads";
    const tokens = data.handles.map((handle) => SharedCancellationToken.attach(handle));
    send("ready");
    let late = 0;
    for (const [i, token] of tokens.entries()) {
      for (;;) {
        const isStored = Atomics.load(data.marks, i) === 1;
        try {
          token.check();
        } catch (error) {
          if (error.reason !== "shutdown") late++;
          break;
        }
        if (isStored) {
          late++;
          break;
        }
      }
    }
    send(late);
  `);
  const shared = tokens(1_000);
  const marks = new Int32Array(new SharedArrayBuffer(4 * shared.length));
  const thread = new Thread(module, { handles: shared.map(({ handle }) => handle), marks });
  await thread.next();
  for (const [i, token] of shared.entries()) {
    token.cancel("shutdown");
    Atomics.store(marks, i, 1);
  }
  expect(await thread.next()).toBe(0);
  await thread.ended;
});

test("a thread that is terminated while it cancels holds up no other thread, and its cancellations are announced (THR-01)", async () => {
  const canceller = await threadModule(`
    import { SharedCancellationToken } from "@hother/cancelable/threads";
    const tokens = data.map((handle) => SharedCancellationToken.attach(handle));
    send("ready");
    atGate();
    for (const token of tokens) token.cancel("quota", "x".repeat(500));
  `);
  const counter = await threadModule(`
    import { SharedCancellationToken } from "@hother/cancelable/threads";
    const tokens = data.map((handle) => SharedCancellationToken.attach(handle));
    send(tokens.filter((token) => token.reason === "quota" && token.message === "x".repeat(500)).length);
  `);
  for (let round = 0; round < 10; round++) {
    const shared = tokens(2_000);
    const handles = shared.map(({ handle }) => handle);
    let called = 0;
    for (const token of shared) token.onCancel(() => called++);
    const thread = new Thread(canceller, handles);
    await thread.next();
    thread.open();
    // The busy wait chooses the moment: the thread cancels 2,000 tokens in some milliseconds.
    for (let i = 0; i < round * 20_000; i++) Atomics.load(new Int32Array(1), 0);
    await thread.worker.terminate();
    const reader = new Thread(counter, handles);
    const cancelled = (await reader.next()) as number;
    // Deno lets a terminated thread run on.
    await until(() => called >= cancelled);
    for (const token of shared) expect(token.cancel("manual", "rest")).toBe(token.message === "rest");
    expect(called).toBe(shared.length);
    for (const token of shared) token[Symbol.dispose]();
    await reader.ended;
  }
}, 60_000);
