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

/** A foreign thenable. Promises follow their rules, thenables need not. */
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

/** Every function that takes a body or a task, called with a function that returns a thenable. */
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

describeEverywhere("a body that returns a thenable instead of a promise", (everywhere) => {
  everywhere("a then() that throws is a failure with that error in every function", async () => {
    for (const [name, enter] of Object.entries(entrances)) {
      const error = new Error(`from then, in ${name}`);
      expect(await rejection(enter(() => throwing(error)))).toBe(error);
    }
    const error = new Error("from then");
    expect(await rejection(any([() => throwing(error)]))).toMatchObject({ errors: [error] });
  });

  everywhere("a thenable that resolves with a rejected promise is a failure with that error", async () => {
    for (const [name, enter] of Object.entries(entrances)) {
      const error = new Error(`inner, in ${name}`);
      expect(await rejection(enter(() => resolvingWithRejected(error)))).toBe(error);
    }
  });

  everywhere("a thenable that calls back several times has ended once, with the first value", async () => {
    for (const [name, enter] of Object.entries(entrances)) {
      const value = await enter(resolvingTwice);
      // Some functions give the body's value, some a list.
      expect([
        name,
        [undefined, 1, "1"].includes(Array.isArray(value) ? String(value) : (value as number)),
      ]).toEqual([name, true]);
    }
    expect(await new Cancellable().settle(resolvingTwice)).toEqual({ status: "completed", value: 1 });
  });

  everywhere(
    "a child whose thenable calls back twice counts once, and its siblings are waited for",
    async (t) => {
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
    },
  );

  everywhere(
    "waitFor never throws synchronously, and a cancelled wait causes no unhandled rejection",
    async (t) => {
      const result = await moveOnAfter(null, async (scope) => {
        let waiting: Promise<number> | undefined;
        const error = new Error("from then");
        expect(() => {
          waiting = waitFor(throwing(error));
        }).not.toThrow();
        expect(await rejection(waiting as Promise<number>)).toBe(error);
        // This thenable calls back after the wait was given up.
        let late: ((error: unknown) => void) | undefined;
        scope.deadline = t.backend.now() + 20;
        try {
          await waitFor(thenable((_, reject) => void (late = reject)));
        } finally {
          late?.(new Error("late"));
        }
      });
      expect(result).toBeUndefined();
      t.expectElapsed(20);
    },
  );

  everywhere("in a cancelled scope the given thenable causes no unhandled rejection", async () => {
    const scope = new CancelScope();
    await scope.run(async () => {
      scope.cancel();
      await waitFor(resolvingWithRejected(new Error("nobody waits")));
    });
    expect(scope.cancelledCaught).toBe(true);
  });
});
