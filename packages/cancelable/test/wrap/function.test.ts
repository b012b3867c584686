import { expect, expectTypeOf, vi } from "vitest";
import {
  Cancellable,
  cancellable,
  currentOperation,
  OperationRegistry,
  registry,
  sleep,
  TimeoutSource,
  withCancellable,
} from "../../src/index.ts";
import { deferred, describeEverywhere, rejection } from "../backends.ts";
import { thrown } from "../refusals.ts";

describeEverywhere("cancellable(options, fn)", (everywhere) => {
  everywhere("the options can be left out", async () => {
    const load = cancellable(async function load(path: string) {
      return `${currentOperation()?.name} ${path}`;
    });
    expect(await load("a")).toBe("load a");
    expect([load.name, load.length, load.cancellableOptions]).toEqual([
      "load",
      1,
      { name: "load", inject: false },
    ]);
    expect(await cancellable()(load)("b")).toBe("load b");
    expect(await cancellable(undefined, () => currentOperation() !== undefined)()).toBe(true);
  });

  everywhere(
    "a generator function is refused, because its items would run outside the operation",
    async () => {
      async function* items(): AsyncGenerator<number> {
        yield 1;
      }
      const op = new Cancellable();
      for (const call of [
        () => cancellable({ timeout: 5 }, items),
        () => cancellable(items),
        () => cancellable({})(items),
        () => withCancellable(op, items),
        () => cancellable(function* list() {}),
      ]) {
        expect(thrown(call)).toMatchObject({
          name: "TypeError",
          message: expect.stringMatching(
            /^fn must be no generator function: cancellableStream limits its items; got/,
          ),
        });
      }
    },
  );

  everywhere("arguments, this and the result pass through (PAR-DEC-01)", async () => {
    const counter = {
      base: 10,
      add: cancellable({ timeout: 5_000 }, async function (this: { base: number }, a: number, b = 1) {
        return this.base + a + b;
      }),
    };
    expect(await counter.add(1, 2)).toBe(13);
    expect(await counter.add(1)).toBe(12);
    expectTypeOf(counter.add).parameters.toEqualTypeOf<[a: number, b?: number | undefined]>();
    expectTypeOf(counter.add).thisParameter.toEqualTypeOf<{ base: number }>();
    expectTypeOf(counter.add).returns.toEqualTypeOf<Promise<number>>();
  });

  everywhere("cancellable(options) returns a wrapper for any number of functions (PAR-DEC-01)", async () => {
    const limited = cancellable({ timeout: 5_000 });
    const wrapped = [async () => 1, async () => 2].map((fn) => limited(fn));
    expect(await Promise.all(wrapped.map((fn) => fn()))).toEqual([1, 2]);
    expectTypeOf(limited((text: string) => text.length)).returns.toEqualTypeOf<Promise<number>>();
  });

  everywhere("a synchronous function returns a promise, and its error is a rejection", async () => {
    const length = cancellable({}, (text: string) => text.length);
    const result: Promise<number> = length("four");
    expect(result).toBeInstanceOf(Promise);
    expect(await result).toBe(4);
    const error = new Error("thrown at once");
    const thrower = cancellable({}, (): number => {
      throw error;
    });
    expect(await rejection(thrower())).toBe(error);
  });

  everywhere("type parameters and overloads of async functions are kept", async () => {
    const same = cancellable({}, async <T>(value: T): Promise<T> => value);
    const three: Promise<3> = same<3>(3);
    expect(await three).toBe(3);
  });

  everywhere("name and length of the function are kept (PAR-DEC-03)", () => {
    async function loadUser(_id: number, _deep: boolean): Promise<void> {}
    const wrapped = cancellable({ name: "other" }, loadUser);
    expect([wrapped.name, wrapped.length]).toEqual(["loadUser", 2]);
    const injected = cancellable({ inject: true }, async function job(_id: number, _op: Cancellable) {});
    expect([injected.name, injected.length]).toEqual(["job", 1]);
  });

  everywhere("each call is a named operation below the ambient one (PAR-DEC-01)", async () => {
    const seen: Cancellable[] = [];
    const look = (): void => void seen.push(currentOperation() as Cancellable);
    const named = cancellable({}, async function lookAround() {
      look();
    });
    await new Cancellable({ name: "outer" }).run(async (outer) => {
      await Promise.all([named(), named(), cancellable({ name: "given" }, look)()]);
      expect(seen.map((op) => op.parent)).toEqual([outer, outer, outer]);
    });
    await cancellable({}, (() => look) as () => void)();
    await cancellable({}, () => look())();
    expect(seen.map((op) => op.name)).toEqual(["lookAround", "lookAround", "given", undefined]);
    expect(new Set(seen.map((op) => op.id)).size).toBe(4);
    expect(seen.map((op) => op.status)).toEqual(["completed", "completed", "completed", "completed"]);
  });

  everywhere("metadata, parent, id and grace come from the options", async (t) => {
    const metadata = { user: 7 };
    const parent = new Cancellable({ name: "parent" }).start();
    const wrapped = cancellable({ metadata, parent, id: "fixed", inject: true }, async (op: Cancellable) => {
      op.context.metadata.own = true;
      return op;
    });
    const first = await wrapped();
    const second = await wrapped();
    expect([first.id, first.parent, first.context.metadata]).toEqual([
      "fixed",
      parent,
      { user: 7, own: true },
    ]);
    expect(second.context.metadata).not.toBe(first.context.metadata);
    expect(metadata).toEqual({ user: 7 });
    await parent[Symbol.asyncDispose]();
    expect(await rejection(wrapped())).toMatchObject({ code: "ERR_PARENT_ENDED" });

    const stuck = deferred();
    const stubborn = cancellable({ grace: 5, parent: null }, () => {
      currentOperation()?.addSource(new TimeoutSource(5));
      return stuck.promise;
    });
    expect(await rejection(stubborn())).toMatchObject({ reason: "timeout" });
    t.expectElapsed(10);
    stuck.reject(new Error("late, and nobody's"));
    await sleep(0);
  });

  everywhere("register puts running calls into a registry (PAR-DEC-01)", async () => {
    const own = new OperationRegistry();
    for (const [register, known] of [
      [true, registry],
      [own, own],
    ] as const) {
      const wrapped = cancellable({ register, id: "known" }, async () => known.get("known")?.status);
      expect(await wrapped()).toBe("running");
    }
    expect(await cancellable({ id: "unknown" }, async () => registry.get("unknown"))()).toBeUndefined();
    registry.clear();
  });

  everywhere("parent: null detaches the calls from the ambient operation", async () => {
    const alone = cancellable({ parent: null, inject: true }, async (op: Cancellable) => op.parent);
    await new Cancellable().run(async () => expect(await alone()).toBeUndefined());
  });

  everywhere("wrapped functions nest, and errors come out unchanged (PAR-DEC-11)", async () => {
    const error = new TypeError("mine");
    const inner = cancellable({ name: "inner" }, async (fail: boolean) => {
      if (fail) throw error;
      return currentOperation()?.parent?.name;
    });
    const outer = cancellable({ name: "outer", timeout: 5_000 }, (fail: boolean) => inner(fail));
    const twice = cancellable({ name: "twice" }, outer);
    expect(await twice(false)).toBe("outer");
    expect(await rejection(twice(true))).toBe(error);
  });

  everywhere("a cancellation from above reaches the call, and the call waits for its function", async () => {
    const cleanedUp = vi.fn();
    const wrapped = cancellable({}, async () => {
      try {
        await sleep(60_000);
      } finally {
        cleanedUp();
      }
    });
    const outcome = await new Cancellable().settle(async (op) => {
      const call = wrapped();
      await sleep(0);
      op.cancel("shutdown", "going down");
      expect(await rejection(call)).toMatchObject({ reason: "parent", cause: op.error });
      expect(cleanedUp).toHaveBeenCalledOnce();
      await call;
    });
    expect(outcome).toMatchObject({ status: "cancelled", error: { reason: "shutdown" } });
  });
});
