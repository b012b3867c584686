import { expect, test } from "vitest";
import { SharedCancellationToken } from "../../src/threads/index.ts";
import { runScript } from "../child.ts";
import { Thread, threadModule } from "./thread.ts";

test("a reader that comes late sees the cancellation, and later ended, and never another token's state (THR-11, rule 51)", async () => {
  const module = await threadModule(`
    import { SharedCancellationToken } from "@hother/cancelable/threads";
    send(data.map((handle) => {
      const token = SharedCancellationToken.attach(handle);
      const before = [token.reason, token.message];
      const won = token.cancel("quota", "late");
      return [...before, won, token.reason];
    }));
  `);
  const ask = (handles: readonly unknown[]): Promise<unknown> => new Thread(module, handles).next();
  const ended = "The shared token was closed by the thread that created it";
  const [open, cancelled] = [new SharedCancellationToken(), new SharedCancellationToken()];
  const handles = [open.handle, cancelled.handle];
  cancelled.cancel("shutdown", "mine");
  open[Symbol.dispose]();
  cancelled[Symbol.dispose]();
  expect(cancelled.message).toBe("mine");
  expect(await ask(handles)).toEqual([
    ["ended", ended, false, "ended"],
    ["shutdown", "mine", false, "shutdown"],
  ]);
  // Until both slots belong to other tokens.
  const places = new Set(handles.map(({ slot }) => slot));
  const others: SharedCancellationToken[] = [];
  for (let i = 0; i < 2_000 && places.size > 0; i++) {
    const other = new SharedCancellationToken();
    const { memory, slot } = other.handle;
    if (memory === handles[0]?.memory && places.delete(slot)) {
      other.cancel("condition", "of another token");
      others.push(other);
    } else other[Symbol.dispose]();
  }
  expect(others).toHaveLength(2);
  expect(await ask(handles)).toEqual(Array(2).fill(["ended", ended, false, "ended"]));
  expect(others.map(({ message }) => message)).toEqual(Array(2).fill("of another token"));
  for (const other of others) other[Symbol.dispose]();
});

test("the handle of an ended token does not part the tokens of the newer one in its slot (THR-05)", () => {
  const old = new SharedCancellationToken();
  const stale = old.handle;
  old.close();
  const isInItsSlot = ({ handle }: SharedCancellationToken): boolean =>
    handle.memory === stale.memory && handle.slot === stale.slot;
  let token = new SharedCancellationToken();
  for (let i = 0; i < 2_000 && !isInItsSlot(token); i++) {
    token.close();
    token = new SharedCancellationToken();
  }
  expect(isInItsSlot(token)).toBe(true);
  const reasons: unknown[] = [];
  token.onCancel(({ reason }) => reasons.push(reason));
  expect(SharedCancellationToken.attach(stale).reason).toBe("ended");
  SharedCancellationToken.attach(token.handle).cancel("quota");
  expect(reasons).toEqual(["quota"]);
  token.close();
});

test("10,000 tokens use ten pieces of memory (THR-11)", () => {
  const tokens = Array.from({ length: 10_000 }, () => new SharedCancellationToken());
  const memories = new Set(tokens.map(({ handle }) => handle.memory));
  expect(memories.size).toBeLessThanOrEqual(11);
  for (const token of tokens) token[Symbol.dispose]();
  for (let i = 0; i < 10_000; i++) {
    using token = new SharedCancellationToken();
    memories.add(token.handle.memory);
  }
  expect(memories.size).toBeLessThanOrEqual(11);
});

test("1,000,000 tokens in turn leave the memory where it was (THR-11)", async () => {
  const { code, output, errors } = await runScript(
    `
    import { Cancellable } from "@hother/cancelable";
    import { SharedCancellationToken } from "@hother/cancelable/threads";
    const memories = new Set();
    const rest = () => new Promise(setImmediate);
    const use = (token, i) => {
      const copy = SharedCancellationToken.attach(structuredClone(token.handle));
      if (i % 2 === 0) copy.onCancel(() => {});
      if (i % 3 === 0) copy.cancel("quota", "message " + i);
    };
    const round = async (count) => {
      for (let i = 0; i < count; i++) {
        const token = new SharedCancellationToken();
        if (i % 10 === 0) use(token, i);
        memories.add(token.handle.memory);
        token[Symbol.dispose]();
        if (i % 1_000 === 0) await rest();
      }
    };
    const used = () => { gc(); gc(); const { rss, heapUsed, arrayBuffers } = process.memoryUsage(); return { rss, heapUsed, arrayBuffers }; };
    await round(100_000);
    const before = used();
    await round(900_000);
    await rest();
    const after = used();
    console.log(JSON.stringify({
      slabs: memories.size,
      rss: after.rss - before.rss,
      heap: after.heapUsed - before.heapUsed,
      buffers: after.arrayBuffers - before.arrayBuffers,
    }));
  `,
    ["--expose-gc"],
  );
  expect(errors).toBe("");
  expect(code).toBe(0);
  const { slabs, rss, heap, buffers } = JSON.parse(output);
  expect(slabs).toBeLessThanOrEqual(2);
  expect(heap).toBeLessThan(2_000_000);
  expect(buffers).toBeLessThan(2_000_000);
  expect(rss).toBeLessThan(100_000_000);
}, 120_000);

test("forgotten tokens are collected with their memory (THR-11)", async () => {
  const { code, output, errors } = await runScript(
    `
    import { SharedCancellationToken } from "@hother/cancelable/threads";
    let collected = 0;
    const registry = new FinalizationRegistry(() => collected++);
    let created = 0;
    const forget = () => {
      let memory;
      for (let i = 0; i < 1_024; i++) {
        const token = new SharedCancellationToken();
        if (token.handle.memory !== memory) {
          memory = token.handle.memory;
          registry.register(memory);
          created++;
        }
        token.onCancel(() => {})[Symbol.dispose]();
        token.cancel();
      }
    };
    for (let i = 0; i < 100; i++) forget();
    while (collected < created - 2) {
      gc();
      await new Promise(setImmediate);
    }
    console.log(created);
  `,
    ["--expose-gc"],
  );
  expect(errors).toBe("");
  expect({ code, output: output.trim() }).toEqual({ code: 0, output: "100" });
}, 60_000);
