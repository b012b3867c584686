import { expect } from "vitest";
import {
  Cancellable,
  CancellationToken,
  CancelScope,
  isCancellation,
  moveOnAfter,
  shield,
  taskGroup,
} from "../../src/index.ts";
import { describeEverywhere, rejection } from "../backends.ts";

/** A group of errors that contains itself. */
function cyclic(...others: unknown[]): AggregateError {
  const error = new AggregateError(others, "cyclic");
  error.errors.push(error);
  return error;
}

/** Two groups of errors that contain each other. */
function mutual(): AggregateError {
  const inner = new AggregateError([], "inner");
  const outer = new AggregateError([inner], "outer");
  inner.errors.push(outer);
  return outer;
}

let deepest: AggregateError | undefined;

/** A group in a group in a group …, too deep for recursion. */
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

/** An object that throws at every access except the look-up of `then`, which promises do for every value. */
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

describeEverywhere("an error that cannot be inspected", (everywhere) => {
  for (const [name, make] of Object.entries(strange)) {
    everywhere(`${name} that a cancelled operation throws is a failure`, async () => {
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

    everywhere(
      `${name} that an expired scope or a child of a cancelled group throws is a failure`,
      async () => {
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
      },
    );
  }

  everywhere("the scope's own cancellation is removed from a group that contains itself", async () => {
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

  everywhere("a group whose message cannot be read comes out as it is", async () => {
    const scope = new CancelScope();
    const group = new AggregateError([new Error("real")]);
    Object.defineProperty(group, "message", { get: looking });
    const error = await rejection(
      scope.run(() => {
        scope.cancel();
        group.errors.push(scope.error);
        throw group;
      }),
    );
    expect(Object.is(error, group)).toBe(true);
  });

  everywhere("a cancellation that is its own cause is safe", () => {
    const [token, other] = [new CancellationToken(), new CancellationToken()];
    token.cancel();
    other.cancel();
    Object.assign(token.error as Error, { cause: token.error });
    expect(isCancellation(other.error, token)).toBe(false);
    expect(isCancellation(token.error, token)).toBe(true);
  });

  everywhere("isCancellation is false for each of these errors", () => {
    const token = new CancellationToken();
    token.cancel();
    for (const [name, make] of Object.entries(strange))
      expect([name, isCancellation(make()), isCancellation(make(), token)]).toEqual([name, false, false]);
  });
});

describeEverywhere("a thrown value that is no error", (everywhere) => {
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

  everywhere("operation, scope, shield and group fail with the same value (PAR-CAN-48)", async () => {
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
