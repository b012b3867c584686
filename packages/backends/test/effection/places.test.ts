import { Cancellable, detectBackend, run as runHere, sleepForever } from "@hother/cancelable";
import { fromCancellable, toCancellable } from "@hother/cancelable-backends/effection";
import { createContext, type Operation, run } from "effection";
import { describe, expect, test } from "vitest";
import { turn } from "../support.ts";

const Request = createContext<string>("test/request");

function withRequest<T>(body: () => Operation<T>): Promise<T> {
  return run(function* () {
    yield* Request.set("r-1");
    return yield* body();
  });
}

const operations: ReadonlyArray<readonly [string, () => Cancellable]> = [
  ["one without a parent", () => new Cancellable({ parent: null })],
  ["one below another operation", () => new Cancellable({ parent: new Cancellable({ name: "above" }) })],
];

describe("run() in an operation", () => {
  test("main is below the operation's scope and inherits its contexts", async () => {
    const seen = await withRequest(() =>
      fromCancellable(new Cancellable(), () => runHere(() => toCancellable(() => Request.get()))),
    );
    expect(seen).toBe("r-1");
  });
});

describe("an operation that has its place in the tree already", () => {
  for (const [name, create] of operations) {
    test(`${name}: an operation that the body returns has the caller's contexts`, async () => {
      expect(await withRequest(() => fromCancellable(create(), () => Request.expect()))).toBe("r-1");
    });

    test(`${name}: a halt cancels the operation and waits`, async () => {
      const op = create();
      const task = run(() => fromCancellable(op, () => sleepForever()));
      await turn();
      await task.halt();
      expect(op.context.status).toBe("cancelled");
      expect(op.token).toMatchObject({ reason: "parent", message: "its Effection task was halted" });
    });
  }

  test("the operation stays on the runtime of its place (difference)", async () => {
    const above = new Cancellable({ name: "above" });
    const op = new Cancellable({ parent: above });
    const seen = await run(() => fromCancellable(op, () => detectBackend().name));
    expect(seen).toBe("native");
  });
});
