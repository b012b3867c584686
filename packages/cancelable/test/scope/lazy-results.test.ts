import {
  Cancellable,
  CancelScope,
  cancellable,
  currentScope,
  failAfter,
  moveOnAfter,
  shield,
  withTimeout,
} from "@hother/cancelable";
import { expect, test } from "vitest";

/** The scope in which the `then` of a value was called. */
class Query implements PromiseLike<number> {
  deadline: number | undefined;
  isCancelled: boolean | undefined;
  then<A, B>(
    resolve?: ((value: number) => A | PromiseLike<A>) | null,
    reject?: ((error: unknown) => B | PromiseLike<B>) | null,
  ) {
    ({ deadline: this.deadline, isCancelled: this.isCancelled } = currentScope());
    return Promise.resolve(42).then(resolve, reject);
  }
}

/** As a query of postgres.js, which is a subclass of Promise. */
class PromisedQuery extends Promise<number> {
  static deadline: number | undefined;
  override then<A, B>(
    resolve?: ((value: number) => A | PromiseLike<A>) | null,
    reject?: ((error: unknown) => B | PromiseLike<B>) | null,
  ) {
    PromisedQuery.deadline ??= currentScope().deadline;
    return super.then(resolve, reject);
  }
}

const limit = 60_000;
const bodies: ReadonlyArray<readonly [string, (body: () => PromiseLike<number>) => Promise<unknown>]> = [
  ["run of an operation", (body) => new Cancellable({ timeout: limit }).run(body)],
  ["run of an operation with a grace", (body) => new Cancellable({ timeout: limit, grace: limit }).run(body)],
  ["a wrapped function", (body) => cancellable({ timeout: limit }, body)()],
  ["failAfter", (body) => failAfter(limit, body)],
  ["moveOnAfter", (body) => moveOnAfter(limit, body)],
  ["withTimeout", (body) => withTimeout(limit, body)],
  ["run of a scope", (body) => new CancelScope({ timeout: limit }).run(body)],
];

test.each(bodies)(
  "%s starts a query that its body returns without an await in its own scope",
  async (_, run) => {
    const query = new Query();
    expect(await run(() => query)).toBe(42);
    expect(query.deadline).toBeLessThan(Number.POSITIVE_INFINITY);
    PromisedQuery.deadline = undefined;
    await run(() => new PromisedQuery((resolve) => resolve(42)));
    expect(PromisedQuery.deadline).toBeLessThan(Number.POSITIVE_INFINITY);
  },
);

test("a shield protects a query that its body returns without an await", async () => {
  const query = new Query();
  const op = new Cancellable();
  await op.settle(async () => {
    op.cancel();
    await shield(() => query);
  });
  expect(query.isCancelled).toBe(false);
});
