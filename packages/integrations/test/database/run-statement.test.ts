import {
  Cancellable,
  type CancellationError,
  CancelScope,
  currentScope,
  isCancellation,
  setReporter,
  shield,
} from "@hother/cancelable";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { runStatement } from "../../src/database/run-statement.ts";
import type { Statement } from "../../src/database/statement.ts";

class StoppedByServer extends Error {}

/** A statement of a stand-in server: the test ends the statement and the requests to stop it. */
class TestStatement implements Statement<string> {
  readonly what = "a statement of the test";
  readonly steps: string[] = [];
  readonly requests: Array<{ end(): void; fail(error: Error): void }> = [];
  finish!: (value: string) => void;
  fail!: (error: unknown) => void;

  send(): Promise<string> {
    this.steps.push("sent");
    return new Promise((resolve, reject) => {
      this.finish = resolve;
      this.fail = reject;
    });
  }

  cancel(): Promise<void> {
    this.steps.push("asked");
    return new Promise((resolve, reject) => {
      this.requests.push({ end: resolve, fail: reject });
    });
  }

  isCancelled(error: unknown): boolean {
    return error instanceof StoppedByServer;
  }

  destroy(): void {
    this.steps.push("destroyed");
  }
}

const asked = (statement: TestStatement, times: number): Promise<void> =>
  vi.waitFor(() => expect(statement.requests.length).toBe(times), { timeout: 10_000 });
/** All microtasks and one turn of the event loop. */
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Runs a statement in a scope, and catches the error in the scope. */
function start(statement: TestStatement, cancelTimeout = 60_000) {
  const scope = new CancelScope();
  const result: { value?: string; error?: unknown; own?: CancellationError | undefined } = {};
  const ending = scope.run(async () => {
    try {
      result.value = await runStatement(statement, cancelTimeout);
    } catch (error) {
      result.error = error;
    }
    result.own = currentScope().error;
    statement.steps.push("settled");
  });
  return { scope, result, ending };
}

describe("runStatement(statement)", () => {
  let reported: unknown[] = [];
  let before: ReturnType<typeof setReporter>;
  beforeEach(() => {
    reported = [];
    before = setReporter((error) => reported.push(error));
  });
  afterEach(() => {
    setReporter(before);
  });

  test("sends nothing in a cancelled scope, and rejects with the error of the scope", async () => {
    const statement = new TestStatement();
    const op = new Cancellable();
    await op.settle(async () => {
      op.cancel("quota");
      const error = await runStatement(statement, 100).catch((reason: unknown) => reason);
      expect(error).toBe(currentScope().error);
    });
    expect(statement.steps).toEqual([]);
  });

  test("settles when the request and the statement have ended, whichever ends last", async () => {
    for (const last of ["request", "statement"]) {
      const statement = new TestStatement();
      const { scope, ending } = start(statement);
      scope.cancel();
      await asked(statement, 1);
      const ends = [() => statement.requests[0]?.end(), () => statement.fail(new StoppedByServer("stopped"))];
      if (last === "request") ends.reverse();
      ends[0]?.();
      await turn();
      expect(statement.steps).not.toContain("settled");
      ends[1]?.();
      for (const again of statement.requests) again.end(); // of a statement that took longer than the first pause
      await ending;
      expect(statement.steps.at(-1)).toBe("settled");
    }
  });

  test("rejects with a copy of the scope's error that has the error of the server as its cause", async () => {
    const statements = [new TestStatement(), new TestStatement()];
    const op = new Cancellable();
    const errors: unknown[] = [];
    let own: CancellationError | undefined;
    const outcome = await op.settle(async () => {
      const running = statements.map((statement) =>
        runStatement(statement, 60_000).catch((error: unknown) => errors.push(error)),
      );
      op.cancel("quota", "too much");
      own = op.token.error;
      for (const statement of statements) {
        await shield(() => asked(statement, 1));
        statement.requests[0]?.end();
        statement.fail(new StoppedByServer("stopped"));
      }
      await Promise.all(running);
      throw errors[0];
    });
    expect(errors).toHaveLength(2);
    for (const error of errors) {
      expect(error).not.toBe(own);
      expect(error).toMatchObject({ reason: "quota", message: "too much", name: "AbortError" });
      expect(isCancellation(error, op)).toBe(true);
      expect((error as Error).cause).toBeInstanceOf(StoppedByServer);
    }
    expect(own?.cause).toBe(undefined);
    expect(outcome).toMatchObject({ status: "cancelled", error: own });
  });

  test("gives the value of a statement that ended well in spite of the request", async () => {
    const statement = new TestStatement();
    const { scope, result, ending } = start(statement);
    scope.cancel();
    await asked(statement, 1);
    statement.finish("a value");
    statement.requests[0]?.end();
    await ending;
    expect(result).toMatchObject({ value: "a value" });
  });

  test("keeps an error that no request of ours caused", async () => {
    const failures = [new StoppedByServer("an administrator"), new Error("unique key")];
    const first = new TestStatement();
    const running = start(first);
    first.fail(failures[0]);
    await running.ending;
    expect(running.result.error).toBe(failures[0]);
    const second = new TestStatement();
    const cancelled = start(second);
    cancelled.scope.cancel();
    await asked(second, 1);
    second.requests[0]?.end();
    second.fail(failures[1]);
    await cancelled.ending;
    expect(cancelled.result.error).toBe(failures[1]);
  });

  test("asks again while the statement runs, never twice at a time", async () => {
    const statement = new TestStatement();
    const { scope, result, ending } = start(statement);
    scope.cancel();
    await asked(statement, 1);
    statement.requests[0]?.end();
    await asked(statement, 2);
    statement.requests[1]?.fail(new Error("no route"));
    await asked(statement, 3);
    statement.requests[2]?.end();
    statement.fail(new StoppedByServer("stopped"));
    await ending;
    expect(isCancellation(result.error)).toBe(true);
    expect(reported).toEqual([]);
  });

  test("reports a request that failed for a statement that ended well, and believes no cancellation then", async () => {
    const statement = new TestStatement();
    const { scope, result, ending } = start(statement);
    const refused = new Error("refused");
    const administrator = new StoppedByServer("an administrator");
    scope.cancel();
    await asked(statement, 1);
    statement.requests[0]?.fail(refused);
    statement.fail(administrator);
    await ending;
    expect(result.error).toBe(administrator);
    expect(reported).toEqual([refused]);
  });

  test("destroys the connection of a statement that does not end, and rejects then", async () => {
    const statement = new TestStatement();
    const { scope, result, ending } = start(statement, 50);
    scope.cancel();
    await asked(statement, 1);
    statement.requests[0]?.end();
    await ending;
    expect(statement.steps.slice(-2)).toEqual(["destroyed", "settled"]);
    expect(isCancellation(result.error)).toBe(true);
    expect(String((result.error as Error).cause)).toContain("has not ended 50 ms after the cancellation");
  });

  test("destroys the connection of a request that does not end, and keeps what the statement ended with", async () => {
    const statement = new TestStatement();
    const ask = statement.cancel.bind(statement);
    statement.cancel = () => {
      statement.finish("a value");
      return ask();
    };
    const { scope, result, ending } = start(statement, 50);
    scope.cancel();
    await ending;
    expect(statement.steps).toEqual(["sent", "asked", "destroyed", "settled"]);
    expect(result.value).toBe("a value");
    expect(String(reported[0])).toContain("the request to stop a statement of the test");
  });

  test("ignores a cancellation after the end, and one outside of a shield", async () => {
    const statement = new TestStatement();
    const scope = new CancelScope();
    await scope.run(async () => {
      const running = shield(() => runStatement(statement, 1_000));
      scope.cancel();
      await turn();
      statement.finish("a value");
      expect(await running).toBe("a value");
    });
    expect(statement.steps).toEqual(["sent"]);
  });
});
