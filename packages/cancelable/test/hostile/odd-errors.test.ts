import { expect } from "vitest";
import {
  Cancellable,
  CancellationToken,
  CancelScope,
  isCancellation,
  moveOnAfter,
  shield,
  sleepForever,
  taskGroup,
} from "../../src/index.ts";
import { describeEverywhere, rejection } from "../backends.ts";

/** A group of errors that has itself among its errors. */
function cyclic(...others: unknown[]): AggregateError {
  const error = new AggregateError(others, "cyclic");
  error.errors.push(error);
  return error;
}

/** Two groups of errors, each in the other. */
function mutual(): AggregateError {
  const inner = new AggregateError([], "inner");
  const outer = new AggregateError([inner], "outer");
  inner.errors.push(outer);
  return outer;
}

let deepest: AggregateError | undefined;

/** A group around a group around …, too deep for any recursion. */
function deep(): AggregateError {
  if (deepest !== undefined) return deepest;
  let error = new AggregateError([new Error("leaf")], "leaf");
  for (let i = 0; i < 30_000; i++) error = new AggregateError([error], "deep");
  deepest = error;
  return error;
}

const looking = (): never => {
  throw new Error("a getter of the error");
};
/** Throws at whatever is looked at, but for what promises look for in every value. */
const untouchable = (): object =>
  new Proxy(
    {},
    {
      get: (_, key) => (key === "then" ? undefined : looking()),
      has: looking,
      getPrototypeOf: looking,
      ownKeys: looking,
    },
  );
const brokenGroup = (): AggregateError =>
  Object.defineProperty(new AggregateError([], "broken"), "errors", { get: looking });

const strange: Readonly<Record<string, () => unknown>> = {
  "a group in itself": cyclic,
  "two groups in each other": mutual,
  "a very deep group": deep,
  "an object that throws when it is looked at": untouchable,
  "a group whose errors cannot be read": brokenGroup,
};

describeEverywhere("an error that is hard to look at is a failure, and ends what it leaves", (everywhere) => {
  for (const [name, make] of Object.entries(strange)) {
    everywhere(`${name}, thrown by a cancelled operation`, async () => {
      const error = make();
      const parent = await new Cancellable().settle(async (outer) => {
        const op = new Cancellable();
        const thrown = await rejection(
          op.run(() => {
            op.cancel();
            throw error;
          }),
        );
        expect(Object.is(thrown, error)).toBe(true);
        expect([op.status, outer.children.length]).toEqual(["failed", 0]);
        return "went on";
      });
      expect(parent).toEqual({ status: "completed", value: "went on" });
    });

    everywhere(`${name}, thrown by an expired scope and by a child of a cancelled group`, async () => {
      const error = make();
      const fail = (): never => {
        throw error;
      };
      expect(Object.is(await rejection(moveOnAfter(0, fail)), error)).toBe(true);
      const cancelled = taskGroup((group) => {
        group.startSoon(fail);
        group.cancel();
      });
      expect(Object.is(await rejection(cancelled), error)).toBe(true);
    });
  }

  everywhere("the operation's own cancellation is still taken out of a group in itself", async () => {
    const scope = new CancelScope();
    const failure = new Error("something else");
    const error = await rejection(
      scope.run(() => {
        scope.cancel();
        throw cyclic(scope.error, failure);
      }),
    );
    expect(error).toBeInstanceOf(AggregateError);
    expect((error as AggregateError).errors[0]).toBe(failure);
    expect((error as AggregateError).errors).not.toContain(scope.error);
  });

  everywhere("isCancellation says no to each of them", () => {
    const token = new CancellationToken();
    token.cancel();
    for (const [name, make] of Object.entries(strange))
      expect([name, isCancellation(make()), isCancellation(make(), token)]).toEqual([name, false, false]);
  });
});

describeEverywhere("what is thrown need not be an error", (everywhere) => {
  const values = [
    undefined,
    null,
    0,
    false,
    "",
    "text",
    Symbol("thrown"),
    10n,
    Object.freeze(new Error("frozen")),
    Object.create(null) as unknown,
    () => {},
  ];

  everywhere("operation, scope, shield and group fail with the very value (PAR-CAN-48)", async () => {
    for (const value of values) {
      const fail = (): never => {
        throw value;
      };
      const op = new Cancellable();
      const outcome = await op.settle(fail);
      expect(outcome.status).toBe("failed");
      const ends = [
        (outcome as { error: unknown }).error,
        await rejection(new CancelScope().run(fail)),
        await rejection(shield(fail)),
        await rejection(taskGroup(fail)),
        await rejection(taskGroup((group) => void group.startSoon(fail))),
        await rejection(taskGroup((group) => void group.startSoon(() => Promise.reject(value)))),
        await rejection(taskGroup((group) => group.start(() => fail()))),
      ];
      for (const end of ends) expect(Object.is(end, value)).toBe(true);
      expect(typeof op.context.errorMessage).toBe("string");
    }
  });
});

describeEverywhere("an AbortSignal may be aborted with anything", (everywhere) => {
  const broken = (): object => Object.defineProperty({}, "message", { get: looking });
  const unnamed = (): object => Object.defineProperty({}, "name", { get: looking });
  const reasons: Readonly<Record<string, () => unknown>> = {
    "a message that throws": broken,
    "a name that throws": unnamed,
    "everything that throws": untouchable,
    "no prototype": () => Object.create(null),
    null: () => null,
    "a number": () => 0,
    "a symbol": () => Symbol("reason"),
  };
  for (const [name, make] of Object.entries(reasons)) {
    everywhere(`with ${name}: the operation is cancelled, and has the reason as the cause`, async () => {
      const controller = new AbortController();
      const op = Cancellable.withAbortSignal(controller.signal);
      const outcome = op.settle(() => sleepForever());
      const token = CancellationToken.from(controller.signal);
      const reason = make();
      controller.abort(reason);
      expect(token.isCancelled).toBe(true);
      const { status, error } = (await outcome) as { status: string; error: Error };
      expect(status).toBe("cancelled");
      expect(error).toMatchObject({ reason: "manual", message: "AbortSignal was aborted" });
      expect(Object.is(error.cause, reason)).toBe(true);
      expect(Object.is(CancellationToken.from(controller.signal).error?.cause, reason)).toBe(true);
    });
  }
});
