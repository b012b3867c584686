import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { expect, vi } from "vitest";
import { Cancellable, type OperationSnapshot, sleep, sleepForever } from "../../src/index.ts";
import { describeEverywhere } from "../backends.ts";

interface Message {
  readonly type: "started" | "progress" | "cancelling" | "ended";
  readonly operation: OperationSnapshot;
}

/** The messages that are published while `body` runs and in the turn after it. */
async function published(body: () => unknown): Promise<Message[]> {
  const messages: Message[] = [];
  const listener = (message: unknown): void => void messages.push(message as Message);
  subscribe("cancelable:operation", listener);
  try {
    await body();
    await sleep(0);
  } finally {
    unsubscribe("cancelable:operation", listener);
  }
  return messages;
}

const summary = (messages: readonly Message[]): string[] =>
  messages.map(({ type, operation }) => `${type} ${operation.name} ${operation.status}`);

describeEverywhere("the channel cancelable:operation", (everywhere) => {
  everywhere("the channel publishes start, progress and end", async () => {
    const messages = await published(() =>
      new Cancellable({ name: "work", id: "id-1", metadata: { user: 7 } }).run((op) =>
        op.reportProgress({ current: 1, total: 2 }),
      ),
    );
    expect(summary(messages)).toEqual([
      "started work running",
      "progress work running",
      "ended work completed",
    ]);
    expect(messages[1]?.operation).toMatchObject({
      id: "id-1",
      metadata: { user: 7 },
      progress: { current: 1, total: 2 },
    });
    expect(messages[0]?.operation.endTime).toBeUndefined();
    expect(messages[2]?.operation.duration).toBeGreaterThanOrEqual(0);
  });

  everywhere("a cancellation is published with its reason and message", async () => {
    const messages = await published(() =>
      new Cancellable({ name: "work" }).settle(async (op) => {
        op.cancel("shutdown", "going down");
        await sleepForever();
      }),
    );
    expect(summary(messages)).toEqual([
      "started work running",
      "cancelling work running",
      "ended work cancelled",
    ]);
    for (const { type, operation } of messages) {
      if (type === "started") continue;
      expect(operation).toMatchObject({ cancelReason: "shutdown", cancelMessage: "going down" });
    }
  });

  everywhere("a failure is published with the error's message", async () => {
    const messages = await published(() =>
      new Cancellable({ name: "work" }).settle(() => Promise.reject(new Error("broken"))),
    );
    expect(summary(messages)).toEqual(["started work running", "ended work failed"]);
    expect(messages[1]?.operation.errorMessage).toBe("broken");
  });

  everywhere("handles are published, and operations below them with the parent's id", async () => {
    const messages = await published(async () => {
      const outer = new Cancellable({ name: "outer", id: "outer-id" }).start();
      await new Cancellable({ name: "inner", parent: outer }).run(() => {});
      await outer[Symbol.asyncDispose]();
    });
    expect(summary(messages)).toEqual([
      "started outer running",
      "started inner running",
      "ended inner completed",
      "ended outer completed",
    ]);
    expect(messages[1]?.operation.parentId).toBe("outer-id");
  });

  everywhere("a message is a snapshot: later events do not change it", async () => {
    const messages = await published(async () => {
      const op = new Cancellable({ name: "work", metadata: { step: 1 } });
      await op.run(() => {
        op.context.metadata.step = 2;
      });
    });
    expect(messages.map(({ operation }) => operation.metadata.step)).toEqual([1, 2]);
  });

  everywhere("a subscriber may cancel the operation at its start", async () => {
    const op = new Cancellable({ name: "work" });
    const body = vi.fn();
    const stop = (message: unknown): void => {
      if ((message as Message).type === "started") op.cancel("manual", "not this one");
    };
    subscribe("cancelable:operation", stop);
    try {
      expect(await op.settle(body)).toMatchObject({ status: "cancelled" });
    } finally {
      unsubscribe("cancelable:operation", stop);
    }
    expect(body).not.toHaveBeenCalled();
  });
});
