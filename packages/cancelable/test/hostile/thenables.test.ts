import { expect } from "vitest";
import {
  all,
  any,
  Cancellable,
  CancelScope,
  failAfter,
  map,
  moveOnAfter,
  race,
  run,
  shield,
  sleep,
  taskGroup,
  waitFor,
  withTimeout,
} from "../../src/index.ts";
import { describeEverywhere, rejection } from "../backends.ts";

type Then = PromiseLike<number>["then"];

/** A foreign thenable: promises are well-behaved, these need not be. */
const thenable = (then: (resolve: (value: unknown) => void, reject: (error: unknown) => void) => void) =>
  ({ then: then as unknown as Then }) as PromiseLike<number>;

const throwing = (error: Error) =>
  thenable(() => {
    throw error;
  });
const resolvingTwice = () =>
  thenable((resolve, reject) => {
    resolve(1);
    resolve(2);
    reject(new Error("too late"));
  });
const resolvingWithRejected = (error: Error) => thenable((resolve) => resolve(Promise.reject(error)));

/** Every function that is given work, with a work that makes a thenable. */
const entrances: Readonly<Record<string, (work: () => PromiseLike<number>) => Promise<unknown>>> = {
  "a child": (work) => taskGroup((group) => void group.startSoon(work)),
  "the body of a group": (work) => taskGroup(work),
  "a child that is started": (work) =>
    taskGroup((group) =>
      group.start((started: (value: void) => void) => {
        started();
        return work();
      }),
    ),
  "an awaited child": (work) => taskGroup(async (group) => await group.startSoon(work)),
  "a scope": (work) => new CancelScope().run(work),
  "an operation": (work) => new Cancellable().run(work),
  "an operation with a grace": (work) => new Cancellable({ grace: 1_000 }).run(work),
  "a shield": (work) => shield(work),
  "a shield of an operation": (work) => new Cancellable().run((op) => op.shield(work)),
  moveOnAfter: (work) => moveOnAfter(1_000, work),
  failAfter: (work) => failAfter(1_000, work),
  "withTimeout of a function": (work) => withTimeout(1_000, work),
  "withTimeout of a thenable": (work) => withTimeout(1_000, work()),
  "waitFor of a function": (work) => waitFor(work),
  "waitFor of a thenable": (work) => waitFor(work()),
  "op.wrap": (work) => new Cancellable().run((op) => op.wrap(work)()),
  "all of a function": (work) => all([work]),
  "all of a thenable": (work) => all([work()]),
  race: (work) => race([work]),
  map: (work) => map([0], work),
  run: (work) => run(work),
};

describeEverywhere("work that gives a thenable instead of a promise", (everywhere) => {
  everywhere("whose then() throws has failed with that error, wherever it is given", async () => {
    for (const [name, enter] of Object.entries(entrances)) {
      const error = new Error(`from then, in ${name}`);
      expect(await rejection(enter(() => throwing(error)))).toBe(error);
    }
    const error = new Error("from then");
    expect(await rejection(any([() => throwing(error)]))).toMatchObject({ errors: [error] });
  });

  everywhere("that gives a rejected promise has failed with its error", async () => {
    for (const [name, enter] of Object.entries(entrances)) {
      const error = new Error(`inner, in ${name}`);
      expect(await rejection(enter(() => resolvingWithRejected(error)))).toBe(error);
    }
  });

  everywhere("that calls back several times has ended once, with the first value", async () => {
    for (const [name, enter] of Object.entries(entrances)) {
      const value = await enter(resolvingTwice);
      // Groups give their body's value, and lists a list.
      expect([
        name,
        [undefined, 1, "1"].includes(Array.isArray(value) ? String(value) : (value as number)),
      ]).toEqual([name, true]);
    }
    expect(await new Cancellable().settle(resolvingTwice)).toEqual({ status: "completed", value: 1 });
  });

  everywhere("a child that calls back twice does not count twice: its siblings are waited for", async (t) => {
    let ended = false;
    await taskGroup((group) => {
      group.startSoon(resolvingTwice);
      group.startSoon(resolvingTwice);
      group.startSoon(async () => {
        await sleep(20);
        ended = true;
      });
    });
    expect(ended).toBe(true);
    t.expectElapsed(20);
  });

  everywhere("waitFor rejects and never throws, and a cancelled one leaves nothing unhandled", async (t) => {
    const result = await moveOnAfter(20, async () => {
      let waiting: Promise<number> | undefined;
      const error = new Error("from then");
      expect(() => {
        waiting = waitFor(throwing(error));
      }).not.toThrow();
      expect(await rejection(waiting as Promise<number>)).toBe(error);
      // Neither: it calls back after the wait was given up.
      let late: ((error: unknown) => void) | undefined;
      try {
        await waitFor(thenable((_, reject) => void (late = reject)));
      } finally {
        late?.(new Error("late"));
      }
    });
    expect(result).toBeUndefined();
    t.expectElapsed(20);
  });

  everywhere("in a cancelled scope the thenable that was handed over is looked after", async () => {
    const scope = new CancelScope();
    await scope.run(async () => {
      scope.cancel();
      await waitFor(resolvingWithRejected(new Error("nobody waits")));
    });
    expect(scope.cancelledCaught).toBe(true);
  });
});

describeEverywhere("a callback that gives a thenable", (everywhere) => {
  for (const [kind, listen, end, status] of [
    ["onStart", (op, f) => op.onStart(f), () => 1, "completed"],
    ["onComplete", (op, f) => op.onComplete(f), () => 1, "completed"],
    ["onError", (op, f) => op.onError(f), () => Promise.reject(new Error("failed")), "failed"],
    ["onCancel", (op, f) => op.onCancel(f), (op) => (op.cancel(), op.check()), "cancelled"],
  ] as ReadonlyArray<
    [
      string,
      (op: Cancellable, callback: () => unknown) => Cancellable,
      (op: Cancellable) => unknown,
      "completed" | "failed" | "cancelled",
    ]
  >) {
    everywhere(`whose then() throws is reported, and stops nobody (${kind})`, async (t) => {
      const error = new Error("from a callback");
      const later: string[] = [];
      const outer = await new Cancellable().run(async () => {
        const inner = listen(new Cancellable(), () => throwing(error));
        listen(inner, () => later.push(inner.status));
        expect(await inner.settle(() => end(inner))).toMatchObject({ status });
        expect(inner.status).toBe(status);
        return "outer is done";
      });
      expect(outer).toBe("outer is done");
      expect(later).toHaveLength(1);
      expect(t.reported.splice(0)).toEqual([error]);
    });
  }
});
