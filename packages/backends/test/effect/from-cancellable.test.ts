import { Cancellable, type CancellationError, sleep, sleepForever } from "@hother/cancelable";
import { fromCancellable } from "@hother/cancelable-backends/effect";
import { Cause, Context, Data, Effect, Exit } from "effect";
import { describe, expect, test } from "vitest";
import { turn } from "../support.ts";

class NotFound extends Data.TaggedError("NotFound")<{ readonly id: number }> {}

const Greeting = Context.Service<{ readonly text: string }, { readonly text: string }>("Greeting");

/** The cause that a program ends with. */
async function causeOf<A, E>(program: Effect.Effect<A, E>): Promise<Cause.Cause<E>> {
  return causeIn(await Effect.runPromiseExit(program));
}

function causeIn<A, E>(exit: Exit.Exit<A, E>): Cause.Cause<E> {
  return Exit.isFailure(exit) ? exit.cause : expect.fail("it should have failed");
}

const defects = (cause: Cause.Cause<unknown>): unknown[] =>
  cause.reasons.filter(Cause.isDieReason).map((reason) => reason.defect);

describe("fromCancellable: results", () => {
  test("the value of an asynchronous or synchronous body comes out", async () => {
    const op = new Cancellable();
    expect(await Effect.runPromise(fromCancellable(op, async () => 42))).toBe(42);
    expect(op.isCompleted).toBe(true);
    expect(op.context.status).toBe("completed");
    expect(await Effect.runPromise(fromCancellable(new Cancellable(), () => "now"))).toBe("now");
  });

  test("the body gets the operation, which is ambient", async () => {
    const op = new Cancellable({ name: "download" });
    const seen = await Effect.runPromise(fromCancellable(op, (self) => self));
    expect(seen).toBe(op);
  });

  test("nothing starts before the effect runs", async () => {
    let calls = 0;
    const effect = fromCancellable(new Cancellable(), () => ++calls);
    await turn();
    expect(calls).toBe(0);
    expect(await Effect.runPromise(effect)).toBe(1);
  });

  test("a cancellation of the operation is a typed failure", async () => {
    const op = new Cancellable();
    const program = fromCancellable(op, async () => {
      op.cancel("shutdown", "the service is going down");
      await sleepForever();
    }).pipe(Effect.catch((error: CancellationError) => Effect.succeed([error.reason, error.message])));
    expect(await Effect.runPromise(program)).toEqual(["shutdown", "the service is going down"]);
  });

  test("a function that creates the operation lets the effect be evaluated several times", async () => {
    let attempts = 0;
    const program = fromCancellable(
      () => new Cancellable(),
      () => {
        if (++attempts < 3) throw new Error("not yet");
        return "third";
      },
      { catch: (error) => error },
    );
    expect(await Effect.runPromise(Effect.retry(program, { times: 3 }))).toBe("third");
    expect(await Effect.runPromise(program)).toBe("third");
    const wrong = fromCancellable(
      () => 5 as never,
      () => 1,
    );
    expect(defects(await causeOf(wrong))[0]).toMatchObject({ code: "ERR_INVALID_ARG_TYPE" });
  });

  test("a body that rejects with undefined is not taken for the cancellation", async () => {
    const program = fromCancellable(new Cancellable(), () => Promise.reject(undefined), {
      catch: (error) => ({ rejected: error }),
    });
    expect(Cause.squash(await causeOf(program))).toEqual({ rejected: undefined });
  });

  test("Effect.catchTag catches the class of a cancellation", async () => {
    const program = fromCancellable(Cancellable.withTimeout(5), () => sleepForever()).pipe(
      Effect.as(0),
      Effect.catchTag("TimeoutCancellation", (error) => Effect.succeed(error.timeoutMs ?? 0)),
      Effect.orDie,
    );
    expect(await Effect.runPromise(program)).toBe(5);
  });

  test("a timeout of the operation is a typed failure", async () => {
    const cause = await causeOf(fromCancellable(Cancellable.withTimeout(5), () => sleepForever()));
    expect(cause.reasons.map((reason) => reason._tag)).toEqual(["Fail"]);
    expect(Cause.squash(cause)).toMatchObject({ name: "TimeoutError", reason: "timeout" });
  });

  test("an operation that is cancelled before does not start its body", async () => {
    const op = new Cancellable();
    op.cancel("manual", "never mind");
    let started = false;
    const cause = await causeOf(
      fromCancellable(op, () => {
        started = true;
      }),
    );
    expect(Cause.squash(cause)).toBe(op.token.error);
    expect(cause.reasons.map((reason) => reason._tag)).toEqual(["Fail"]);
    expect(started).toBe(false);
  });

  test("other rejections and synchronous errors are defects", async () => {
    const wrong = new RangeError("wrong");
    for (const body of [
      () => Promise.reject(wrong),
      () => {
        throw wrong;
      },
    ]) {
      const cause = await causeOf(fromCancellable(new Cancellable(), body));
      expect(cause.reasons.map((reason) => reason._tag)).toEqual(["Die"]);
      expect(Cause.squash(cause)).toBe(wrong);
    }
  });

  test("`catch` turns other rejections into typed failures, and does not change cancellations", async () => {
    const options = { catch: (error: unknown) => `caught ${(error as Error).message}` };
    const failed = await causeOf(
      fromCancellable(new Cancellable(), () => Promise.reject(new Error("no disk")), options),
    );
    expect(failed.reasons).toMatchObject([{ _tag: "Fail", error: "caught no disk" }]);
    const op = new Cancellable();
    op.cancel();
    expect(Cause.squash(await causeOf(fromCancellable(op, () => 1, options)))).toBe(op.token.error);
  });

  test("a `catch` that throws is a defect, and the effect ends", async () => {
    const broken = new Error("in catch");
    const cause = await causeOf(
      fromCancellable(new Cancellable(), () => Promise.reject(new Error("no disk")), {
        catch: () => {
          throw broken;
        },
      }),
    );
    expect(defects(cause)).toEqual([broken]);
  });

  test("a second run of the effect fails, because the operation has run", async () => {
    const effect = fromCancellable(new Cancellable({ name: "once" }), () => 1);
    await Effect.runPromise(effect);
    const cause = await causeOf(effect);
    expect(defects(cause)).toMatchObject([{ code: "ERR_ALREADY_STARTED" }]);
  });

  test("wrong arguments are refused at once", () => {
    expect(() => fromCancellable({} as Cancellable, () => 1)).toThrow(
      "op must be a Cancellable, or a function that returns one; got object",
    );
    expect(() => fromCancellable(new Cancellable(), 1 as never)).toThrow(
      "body must be a function; got number",
    );
  });
});

describe("fromCancellable: a body that returns an effect", () => {
  test("the effect's value comes out, and the effect has the services of the fiber", async () => {
    const program = fromCancellable(new Cancellable(), () =>
      Effect.map(Greeting, (greeting) => `${greeting.text}, world`),
    );
    const value = await Effect.runPromise(Effect.provideService(program, Greeting, { text: "hello" }));
    expect(value).toBe("hello, world");
  });

  test("typed failures and defects of the effect come out unchanged", async () => {
    const program = fromCancellable(new Cancellable(), () => Effect.fail(new NotFound({ id: 7 }))).pipe(
      Effect.catchTag("NotFound", (error) => Effect.succeed(error.id)),
      Effect.orDie,
    );
    expect(await Effect.runPromise(program)).toBe(7);
    const wrong = new Error("wrong");
    const cause = await causeOf(fromCancellable(new Cancellable(), () => Effect.die(wrong)));
    expect(cause.reasons).toMatchObject([{ _tag: "Die", defect: wrong }]);
  });

  test("`catch` does not change the effect's failures", async () => {
    const cause = await causeOf(
      fromCancellable(new Cancellable(), () => Effect.fail("typed" as const), { catch: () => "caught" }),
    );
    expect(cause.reasons).toMatchObject([{ _tag: "Fail", error: "typed" }]);
  });

  test("references are kept, and spans are children of the fiber's spans", async () => {
    const Level = Context.Reference<number>("test/Level", { defaultValue: () => 0 });
    const program = fromCancellable(new Cancellable(), () =>
      Effect.gen(function* () {
        const span = yield* Effect.currentSpan;
        return [yield* Level, span.name];
      }),
    ).pipe(Effect.withSpan("request"), Effect.provideService(Level, 3), Effect.orDie);
    expect(await Effect.runPromise(program)).toEqual([3, "request"]);
  });

  test("library code in the effect belongs to the operation", async () => {
    const op = new Cancellable();
    const program = fromCancellable(op, () =>
      Effect.promise(async () => {
        op.cancel("manual", "from inside");
        await sleep(60_000);
      }),
    );
    expect(Cause.squash(await causeOf(program))).toBe(op.token.error);
  });

  test("cancelling the operation interrupts the effect, waits for its finalizers, and is a typed failure", async () => {
    const op = new Cancellable();
    const order: string[] = [];
    const program = fromCancellable(op, () =>
      Effect.never.pipe(
        Effect.onInterrupt(() =>
          Effect.promise(async () => {
            await turn();
            order.push("finalizer");
          }),
        ),
      ),
    ).pipe(
      Effect.catch((error: CancellationError) => {
        order.push(error.reason);
        return Effect.void;
      }),
    );
    const running = Effect.runPromise(program);
    await turn();
    op.cancel("shutdown");
    await running;
    expect(order).toEqual(["finalizer", "shutdown"]);
  });

  test("an effect that interrupts itself is an interruption, and the operation ends", async () => {
    const op = new Cancellable();
    const cause = await causeOf(fromCancellable(op, () => Effect.interrupt));
    expect(Cause.hasInterruptsOnly(cause)).toBe(true);
    expect(op.isCompleted || op.isCancelled).toBe(true);
    expect(op.isRunning).toBe(false);
  });
});

describe("fromCancellable in fromCancellable", () => {
  test("an outer cancellation is the failure of the outer operation, and the inner operation is below it", async () => {
    const outer = new Cancellable();
    const inner = new Cancellable();
    const failures: unknown[] = [];
    const program = fromCancellable(outer, () =>
      fromCancellable(inner, () => sleepForever()).pipe(
        Effect.onExit((exit) => Effect.sync(() => failures.push(causeIn(exit)))),
      ),
    );
    const running = Effect.runPromiseExit(program);
    await turn();
    outer.cancel("shutdown", "going down");
    const cause = causeIn(await running);
    expect(cause.reasons).toMatchObject([{ _tag: "Fail", error: outer.token.error }]);
    expect(inner.token.error).toMatchObject({ reason: "parent" });
    expect(failures).toHaveLength(1);
  });

  test("a cancellation of the inner operation can be handled inside, and the outer operation goes on", async () => {
    const program = fromCancellable(new Cancellable(), () =>
      fromCancellable(Cancellable.withTimeout(1), () => sleepForever()).pipe(
        Effect.catch((error: CancellationError) => Effect.succeed(error.reason)),
      ),
    );
    expect(await Effect.runPromise(Effect.orDie(program))).toBe("timeout");
  });
});
