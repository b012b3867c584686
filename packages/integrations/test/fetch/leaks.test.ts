import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { Cancellable } from "@hother/cancelable";
import { expect, test } from "vitest";
import { fetch } from "../../src/fetch/index.ts";
import { rejection, serve, stall, until } from "./server.ts";

/** Collects garbage, on every host. */
function collect(): void {
  const { Bun } = globalThis as { readonly Bun?: { gc(wait: boolean): void } };
  if (Bun !== undefined) return Bun.gc(true);
  setFlagsFromString("--expose-gc");
  (runInNewContext("gc") as () => void)();
}

/** A signal that counts all its listeners, on every host. */
function counted(signal: AbortSignal): () => number {
  const listeners = new Set<unknown>();
  const { addEventListener, removeEventListener } = signal;
  signal.addEventListener = ((name: string, listener: EventListener, options: never) => {
    listeners.add(listener);
    addEventListener.call(signal, name, listener, options);
  }) as typeof addEventListener;
  signal.removeEventListener = ((name: string, listener: EventListener, options: never) => {
    listeners.delete(listener);
    removeEventListener.call(signal, name, listener, options);
  }) as typeof removeEventListener;
  return () => listeners.size;
}

test("1,000 calls in one operation leave no listener, no warning and no memory (HOUT-06)", async () => {
  await using server = await serve((_request, response) => response.end("x".repeat(1_000)));
  const warnings: Error[] = [];
  const warned = (warning: Error): void => void warnings.push(warning);
  process.on("warning", warned);
  const { signal } = new AbortController();
  const count = counted(signal);
  try {
    await new Cancellable().run(async (op) => {
      const countOwn = counted(op.signal);
      const heap: number[] = [];
      // The first 1,000 calls fill the caches of the engine.
      for (let n = 1; n <= 2_000; n++) {
        await (await fetch(server.url, { signal })).text();
        expect([count(), countOwn()]).toEqual([0, 0]);
        if (n % 1_000 !== 0) continue;
        server.requests.length = 0;
        await new Promise((resolve) => setImmediate(resolve));
        collect();
        heap.push(process.memoryUsage().heapUsed);
      }
      // A response that is kept takes about 10,000 bytes, and 1,000 of them five times this bound.
      expect((heap[1] as number) - (heap[0] as number)).toBeLessThan(2_000_000);
    });
    expect(warnings).toEqual([]);
  } finally {
    process.off("warning", warned);
  }
}, 60_000);

test("50 calls at the same time on one signal cause no warning, and leave no listener (HOUT-06)", async () => {
  await using server = await serve(stall);
  const warnings: Error[] = [];
  const warned = (warning: Error): void => void warnings.push(warning);
  process.on("warning", warned);
  try {
    const controller = new AbortController();
    const count = counted(controller.signal);
    const reason = new Error("enough");
    const reading = await new Cancellable().run(async () => {
      const responses = await Promise.all(
        Array.from({ length: 50 }, () => fetch(server.url, { signal: controller.signal })),
      );
      expect(count()).toBe(1);
      const reads = responses.map((response) => rejection(response.text()));
      controller.abort(reason);
      return Promise.all(reads);
    });
    expect(new Set(reading)).toEqual(new Set([reason]));
    expect(count()).toBe(0);
    await server.allClosed();
    expect(warnings).toEqual([]);
  } finally {
    process.off("warning", warned);
  }
});

test("a response that no code holds is released when it is collected", async () => {
  await using server = await serve(stall);
  await new Cancellable().run(async () => {
    for (let n = 0; n < 5; n++) await fetch(server.url);
    while (server.sockets.size > 0) {
      // A timer, because Deno looks at its sockets in one of about 50 turns that are made of immediates.
      await new Promise((resolve) => setTimeout(resolve, 1));
      collect();
    }
  });
});

test("a response that the code holds is kept, also without a reader, and so is a body alone", async () => {
  await using server = await serve((_request, response) => {
    response.write("a");
    server.requests.at(-1)?.once("go", () => response.end("b"));
  });
  const response = await fetch(server.url);
  const { body } = await fetch(server.url);
  for (let n = 0; n < 10; n++) {
    await new Promise((resolve) => setImmediate(resolve));
    collect();
  }
  for (const request of server.requests) request.emit("go");
  expect(await response.text()).toBe("ab");
  expect(await new Response(body).text()).toBe("ab");
  await until(() => server.sockets.size <= 2);
});
