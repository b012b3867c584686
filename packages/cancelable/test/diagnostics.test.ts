import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import {
  Cancellable,
  CancellationToken,
  type OperationSnapshot,
  setReporter,
  sleep,
  sleepForever,
} from "../src/index.ts";
import { describeEverywhere, rejection } from "./backends.ts";

interface Message {
  readonly type: "started" | "progress" | "cancelling" | "ended";
  readonly operation: OperationSnapshot;
}

/** What is published while `body` runs, and in the turn after it. */
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
  everywhere("tells of start, progress and end", async () => {
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

  everywhere("tells of a cancellation, with its reason and message", async () => {
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

  everywhere("tells of a failure, with the error's message", async () => {
    const messages = await published(() =>
      new Cancellable({ name: "work" }).settle(() => Promise.reject(new Error("broken"))),
    );
    expect(summary(messages)).toEqual(["started work running", "ended work failed"]);
    expect(messages[1]?.operation.errorMessage).toBe("broken");
  });

  everywhere("tells of the handle form, and of operations below with their parent", async () => {
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

  everywhere("what it tells is a snapshot: later events do not change it", async () => {
    const messages = await published(async () => {
      const op = new Cancellable({ name: "work", metadata: { step: 1 } });
      await op.run(() => {
        op.context.metadata.step = 2;
      });
    });
    expect(messages.map(({ operation }) => operation.metadata.step)).toEqual([1, 2]);
  });

  everywhere("a subscriber that cancels the operation at its start is heard", async () => {
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

describe("the reporter", () => {
  beforeEach(() => {
    vi.spyOn(console, "error").mockImplementation(() => {});
  });
  afterEach(() => {
    setReporter(null);
    vi.restoreAllMocks();
  });

  /** An error that has no caller: a token's callback throws it. */
  function throwInCallback(error: unknown): void {
    const token = new CancellationToken();
    token.onCancel(() => {
      throw error;
    });
    token.cancel();
  }

  test("by default an error goes to the console, once per distinct error", () => {
    const [first, second] = [new Error("first"), new Error("second")];
    for (const error of [first, first, second, first]) throwInCallback(error);
    expect(vi.mocked(console.error).mock.calls.map((call) => call[1])).toEqual([first, second]);
    expect(vi.mocked(console.error).mock.calls[0]?.[0]).toContain("@hother/cancelable");
  });

  test("things that are no objects are written each time: nobody can tell them apart", () => {
    for (let i = 0; i < 2; i++) throwInCallback("text");
    expect(console.error).toHaveBeenCalledTimes(2);
  });

  test("one that was set is told every time, with where it happened", async () => {
    const told: Array<[unknown, string]> = [];
    setReporter((error, source) => void told.push([error, source]));
    const error = new Error("again");
    throwInCallback(error);
    throwInCallback(error);
    await new Cancellable()
      .onComplete(() => {
        throw error;
      })
      .run(() => {});
    expect(told.map(([what]) => what)).toEqual([error, error, error]);
    expect(told[2]?.[1]).toContain("onComplete");
    expect(console.error).not.toHaveBeenCalled();
  });

  test("setReporter gives back the one before, and null puts the default back", () => {
    const mine = vi.fn();
    const byDefault = setReporter(mine);
    expect(setReporter(byDefault)).toBe(mine);
    throwInCallback(new Error("default again"));
    expect(console.error).toHaveBeenCalledTimes(1);
    setReporter(mine);
    expect(setReporter(null)).toBe(mine);
    throwInCallback(new Error("and again"));
    expect(console.error).toHaveBeenCalledTimes(2);
    expect(mine).not.toHaveBeenCalled();
    expect(() => setReporter("loud" as never)).toThrow(TypeError);
  });

  test("one that throws itself never reaches the caller: both errors go to the console", () => {
    const [own, error] = [new Error("reporter"), new Error("reported")];
    setReporter(() => {
      throw own;
    });
    throwInCallback(error);
    expect(vi.mocked(console.error).mock.calls.map((call) => call[1])).toEqual([own, error]);
  });

  test("a console that throws is survived", async () => {
    vi.mocked(console.error).mockImplementation(() => {
      throw new Error("no console");
    });
    throwInCallback(new Error("nobody to tell"));
    const op = new Cancellable().onError(() => Promise.reject(new Error("nor of this")));
    expect(await rejection(op.run(() => Promise.reject(new Error("mine"))))).toMatchObject({
      message: "mine",
    });
  });
});
