/* Clients that leave before their answer is complete. */

import { Readable } from "node:stream";
import { currentOperation, OperationRegistry, sleep } from "@hother/cancelable";
import { expect } from "vitest";
import { Gate } from "./gate.ts";
import type { Host, Reply, StreamKind } from "./host.ts";
import { row } from "./row.ts";
import { serve } from "./serve.ts";

/** A stream that gives out one part, waits, and calls `closed` when its reader goes away. */
export function endlessBody(kind: StreamKind, closed: () => void): NonNullable<Reply["body"]> {
  const first = "first part ";
  if (kind === "node") {
    return new Readable({
      read() {},
      destroy(error, done) {
        closed();
        done(error);
      },
    }).on("newListener", function (this: Readable, event) {
      if (event === "data" || event === "readable" || event === "end") push(this);
    });
  }
  if (kind === "web") {
    return new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(new TextEncoder().encode(first)),
      cancel: closed,
    });
  }
  return (async function* () {
    try {
      yield first;
      await sleep({ minutes: 10 });
    } finally {
      closed();
    }
  })();

  function push(stream: Readable): void {
    if (stream.listenerCount("newListener") === 0) return;
    stream.removeAllListeners("newListener");
    stream.push(first);
  }
}

export function leftRows(host: Host): void {
  row(host, "a client that leaves before the answer cancels with our reason (HIN-11, HIN-18)", async () => {
    const registry = new OperationRegistry();
    const errors: unknown[] = [];
    const served = await serve(
      host,
      async () => {
        try {
          await sleep({ minutes: 10 });
        } catch (error) {
          errors.push(error, currentOperation()?.error);
          throw error;
        }
        return {};
      },
      { register: registry },
    );
    const request = served.client.send();
    await served.calls(1);
    const started = performance.now();
    request.leave();
    const [end] = await served.ends(1);
    expect(end).toMatchObject({
      name: "GET /things/:id",
      status: 499,
      sent: "nothing",
      reason: "disconnect",
    });
    const { error } = end?.operation ?? {};
    expect(error).toMatchObject({
      reason: "disconnect",
      message: "the client left before the answer to GET /things/:id was complete",
    });
    expect(errors).toEqual([error, error]);
    expect(end?.operation.status).toBe("cancelled");
    expect(end?.durationMs).toBeLessThanOrEqual(performance.now() - started + (end?.durationMs ?? 0));
    expect(await request.answer).toBe(undefined);
    expect(registry.list()).toEqual([]);
    expect(served.reports).toEqual([]);
    expect(served.errors).toEqual([]);
  });

  row(host, "a handler that answers after the client left gets no error (HIN-18)", async () => {
    const gate = new Gate();
    const served = await serve(host, async () => {
      await gate.opened;
      return { headers: { "x-late": "1" }, body: "late" };
    });
    const request = served.client.send();
    const [call] = await served.calls(1);
    request.leave();
    await new Promise<void>((resolve) => {
      call?.operation.signal.addEventListener("abort", () => resolve());
    });
    gate.open();
    const [end] = await served.ends(1);
    expect(end).toMatchObject({ status: 499, sent: "nothing", reason: "disconnect" });
    expect(served.reports).toEqual([]);
    expect(served.errors).toEqual([]);
  });

  for (const kind of host.streams) {
    row(host, `leaving during an answer from a stream (${kind}) cancels and closes it (HIN-05)`, async () => {
      const closed = new Gate();
      const served = await serve(host, async () => ({
        headers: { "content-type": "text/plain" },
        body: endlessBody(kind, closed.open),
      }));
      const request = served.client.send();
      await request.received("first part");
      request.leave();
      await closed.opened;
      const [end] = await served.ends(1);
      expect(end).toMatchObject({ status: 499, sent: "cut", reason: "disconnect" });
      expect(end?.operation.status).toBe("cancelled");
      expect(served.reports).toEqual([]);
      expect(served.errors).toEqual([]);
    });
  }
}
