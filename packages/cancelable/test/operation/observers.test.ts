import { AsyncLocalStorage } from "node:async_hooks";
import { expect } from "vitest";
import { Cancellable, type OperationObserver, OperationRegistry, sleep } from "../../src/index.ts";
import { describeEverywhere } from "../backends.ts";

const silent: OperationObserver = { started() {}, progress() {}, cancelling() {}, ended() {} };

/** An observer that writes its name before and after the body of an operation. */
function around(name: string, steps: string[]): OperationObserver {
  return {
    ...silent,
    around: (_operation, body) => (op) => {
      steps.push(`${name} in`);
      try {
        return body(op);
      } finally {
        steps.push(`${name} out`);
      }
    },
  };
}

describeEverywhere("an observer with around", (everywhere) => {
  everywhere("runs the body of the operation, in the scope of the operation", async () => {
    const steps: string[] = [];
    const op = new Cancellable({ register: around("observer", steps) });
    const value = await op.run((given) => {
      steps.push("body");
      expect(given).toBe(op);
      return 7;
    });
    expect(value).toBe(7);
    expect(steps).toEqual(["observer in", "body", "observer out"]);
  });

  everywhere("sets an async context for the body only", async () => {
    const storage = new AsyncLocalStorage<string>();
    const register: OperationObserver = {
      ...silent,
      around: (_operation, body) => (op) => storage.run("inside", body, op),
    };
    await new Cancellable({ register, grace: 1_000 }).run(async () => {
      await sleep(1);
      expect(storage.getStore()).toBe("inside");
    });
    expect(storage.getStore()).toBe(undefined);
  });

  everywhere("runs inside of an observer that came later, also beside those without around", async () => {
    const steps: string[] = [];
    const op = new Cancellable({ register: around("second", steps) });
    op.observe(around("first", steps));
    const all = new OperationRegistry().registerAll();
    try {
      await op.run(() => steps.push("body"));
    } finally {
      all[Symbol.dispose]();
    }
    expect(steps).toEqual(["second in", "first in", "body", "first out", "second out"]);
  });

  everywhere("has no effect on the operation when it throws: the error goes to the reporter", async (t) => {
    const failure = new Error("no context");
    const register: OperationObserver = {
      ...silent,
      around() {
        throw failure;
      },
    };
    await expect(new Cancellable({ register }).run(() => 7)).resolves.toBe(7);
    expect(t.reported.splice(0)).toEqual([failure]);
  });

  everywhere("tells the error of a failed operation: context.failure", async () => {
    const op = new Cancellable();
    expect(op.context.failure).toBe(undefined);
    await op.settle(() => Promise.reject(undefined));
    expect(op.context.failure).toEqual({ error: undefined });
  });
});

describeEverywhere("the observers of an operation that is cancelled before its start", (everywhere) => {
  everywhere("hear of the cancellation once: at once, or after the start if they came with it", async () => {
    const heard: string[] = [];
    const observer = (name: string): OperationObserver => ({
      started: () => void heard.push(`${name} started`),
      progress() {},
      cancelling: () => void heard.push(`${name} cancelling`),
      ended: () => void heard.push(`${name} ended`),
    });
    const early = observer("early");
    const both = observer("both");
    for (const register of [observer("late"), both]) {
      const op = new Cancellable({ register });
      op.observe(early);
      op.observe(both);
      op.cancel();
      await op.settle(() => heard.push("body"));
    }
    expect(heard.slice(0, 9)).toEqual([
      ...["early cancelling", "both cancelling"],
      ...["early started", "both started", "late started", "late cancelling"],
      ...["early ended", "both ended", "late ended"],
    ]);
    expect(heard.slice(9)).toEqual([
      ...[
        "early cancelling",
        "both cancelling",
        "early started",
        "both started",
        "early ended",
        "both ended",
      ],
    ]);
  });
});
