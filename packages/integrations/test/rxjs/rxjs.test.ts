import {
  Cancellable,
  CancellationToken,
  currentOperation,
  LagError,
  moveOnAfter,
  setReporter,
  sleep,
  sleepForever,
} from "@hother/cancelable";
import { liveScopes } from "@hother/cancelable/inspect";
import {
  concatMap,
  EMPTY,
  EmptyError,
  firstValueFrom,
  from,
  interval,
  lastValueFrom,
  mergeMap,
  NEVER,
  Observable,
  type Observer,
  of,
  Subject,
  switchMap,
  take,
  takeUntil,
  throwError,
  toArray,
} from "rxjs";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { fromStream, fromTask, fromToken, takeUntilCancelled, toStream } from "../../src/rxjs/index.ts";

/** An observer that records its notifications. */
function record<T>(): { readonly seen: unknown[]; readonly observer: Observer<T> } {
  const seen: unknown[] = [];
  return {
    seen,
    observer: {
      next: (value) => void seen.push(value),
      error: (error: unknown) => void seen.push(["error", error]),
      complete: () => void seen.push("complete"),
    },
  };
}

/** The number of callbacks on a token. */
function watched(): { readonly token: CancellationToken; readonly count: () => number } {
  const token = new CancellationToken();
  const add = token.onCancel.bind(token);
  let count = 0;
  token.onCancel = (callback) => {
    const listening = add(callback);
    count += 1;
    return {
      [Symbol.dispose]() {
        count -= 1;
        listening[Symbol.dispose]();
      },
    };
  };
  return { token, count: () => count };
}

const waitsIn = (op: Cancellable): number => liveScopes(op).reduce((sum, { waits }) => sum + waits, 0);

const reported: unknown[] = [];
let before: ReturnType<typeof setReporter>;
beforeEach(() => {
  before = setReporter((error) => void reported.push(error));
});
afterEach(() => {
  setReporter(before);
  expect(reported.splice(0)).toEqual([]);
});

describe("fromToken()", () => {
  test("emits the error of the token once, and completes", () => {
    const token = new CancellationToken();
    const { seen, observer } = record();
    fromToken(token).subscribe(observer);
    expect(seen).toEqual([]);
    token.cancel("quota");
    expect(seen).toEqual([token.error, "complete"]);
    const late = record();
    fromToken(token).subscribe(late.observer);
    expect(late.seen).toEqual([token.error, "complete"]);
  });

  test("follows an operation by op.token", async () => {
    const op = new Cancellable();
    const error = op.run(() => firstValueFrom(fromToken(op.token)).then((reason) => Promise.reject(reason)));
    op.cancel("shutdown");
    expect(await error.catch((reason: unknown) => reason)).toBe(op.error);
  });

  test("leaves no listener on the token (TEL-05)", () => {
    const { token, count } = watched();
    const subscription = fromToken(token).subscribe();
    expect(count()).toBe(1);
    subscription.unsubscribe();
    expect(count()).toBe(0);
    fromToken(token).subscribe();
    of(1)
      .pipe(takeUntil(fromToken(token)))
      .subscribe();
    expect(count()).toBe(1);
    token.cancel();
    expect(count()).toBe(0);
  });

  test("refuses something that is no token", () => {
    expect(() => fromToken({} as never)).toThrow(
      "token must be a CancellationToken, such as op.token; got {}",
    );
  });
});

describe("takeUntilCancelled()", () => {
  test("errors with the error of the operation, where takeUntil completes (TEL-05)", async () => {
    const op = new Cancellable();
    const error = op.run(() => firstValueFrom(NEVER.pipe(takeUntilCancelled())));
    op.cancel("quota");
    expect(await error.catch((reason: unknown) => reason)).toBe(op.error);

    const other = new Cancellable();
    const completed = other.run(() => firstValueFrom(NEVER.pipe(takeUntil(fromToken(other.token)))));
    other.cancel();
    expect(await completed.catch((reason: unknown) => reason)).toBeInstanceOf(EmptyError);
  });

  test("completes when the source completes, and passes its error on (TEL-05)", async () => {
    const op = new Cancellable();
    await op.run(async () => {
      expect(await lastValueFrom(of(1, 2).pipe(takeUntilCancelled(), toArray()))).toEqual([1, 2]);
      const { seen, observer } = record();
      EMPTY.pipe(takeUntilCancelled()).subscribe(observer);
      const failure = new Error("broken");
      throwError(() => failure)
        .pipe(takeUntilCancelled())
        .subscribe(observer);
      expect(seen).toEqual(["complete", ["error", failure]]);
    });
  });

  test("passes no value on after the cancellation, also in the same turn", async () => {
    const op = new Cancellable();
    const source = new Subject<number>();
    const { seen, observer } = record<number>();
    await op.settle(async () => {
      source.pipe(takeUntilCancelled()).subscribe(observer);
      source.next(1);
      op.cancel();
      source.next(2);
      source.complete();
    });
    expect(seen).toEqual([1, ["error", op.error]]);
    expect(source.observed).toBe(false);
  });

  test("an end of the source in the turn of the cancellation is no completion", async () => {
    const op = new Cancellable();
    const source = new Subject<number>();
    const { seen, observer } = record<number>();
    await op.settle(async () => {
      source.pipe(takeUntilCancelled()).subscribe(observer);
      op.cancel();
      source.complete();
    });
    expect(seen).toEqual([["error", op.error]]);
  });

  test("unsubscribes the source, and leaves no listener, however it ends (TEL-05)", async () => {
    let open = 0;
    const source = new Observable<number>((subscriber) => {
      open += 1;
      subscriber.next(1);
      return () => {
        open -= 1;
      };
    });
    const { token, count } = watched();
    const op = new Cancellable();
    const ending = op.settle(async () => {
      const quiet = waitsIn(op);
      const limited = source.pipe(takeUntilCancelled(token));
      limited.pipe(take(1)).subscribe();
      limited.subscribe().unsubscribe();
      await sleep(1);
      expect([open, count(), waitsIn(op)]).toEqual([0, 0, quiet]);
      const { seen, observer } = record();
      limited.subscribe(observer);
      expect([open, count()]).toEqual([1, 1]);
      op.cancel();
      await Promise.resolve();
      await Promise.resolve();
      expect(seen).toEqual([1, ["error", op.error]]);
      expect([open, count()]).toEqual([0, 0]);
    });
    await ending;
    expect(await ending).toMatchObject({ status: "completed" });
  });

  test("subscribes nothing in a cancelled operation, and with a cancelled token", async () => {
    const never = new Observable(() => expect.unreachable());
    const op = new Cancellable();
    const { seen, observer } = record();
    const token = new CancellationToken();
    token.cancel("shutdown");
    never.pipe(takeUntilCancelled(token)).subscribe(observer);
    await op.settle(() => {
      op.cancel();
      never.pipe(takeUntilCancelled()).subscribe(observer);
    });
    expect(seen).toEqual([
      ["error", token.error],
      ["error", op.error],
    ]);
  });

  test("ends with the token that is given, outside of every scope too", () => {
    const token = new CancellationToken();
    const { seen, observer } = record();
    NEVER.pipe(takeUntilCancelled(token)).subscribe(observer);
    token.cancel("disconnect");
    expect(seen).toEqual([["error", token.error]]);
  });

  test("reports a teardown that throws, and the observer has its error before", async () => {
    const failure = new Error("teardown");
    const broken = new Observable(() => () => {
      throw failure;
    });
    const { seen, observer } = record();
    const op = new Cancellable();
    await op.settle(async () => {
      broken.pipe(takeUntilCancelled()).subscribe(observer);
      op.cancel();
      await Promise.resolve();
    });
    await expect.poll(() => reported.splice(0)).toMatchObject([{ errors: [failure] }]);
    expect(seen).toEqual([["error", op.error]]);
  });

  test("belongs to the scope in which it is subscribed, not to the one in which it is made", async () => {
    const ticks = interval(1).pipe(takeUntilCancelled());
    const value = await moveOnAfter(15, () => lastValueFrom(ticks));
    expect(value).toBe(undefined);
  });

  test("refuses something that is no token", () => {
    expect(() => takeUntilCancelled(1 as never)).toThrow("token must be a CancellationToken");
  });
});

describe("fromTask()", () => {
  test("emits the value of the function, or its error, once for each subscriber", async () => {
    let calls = 0;
    const task = fromTask(async (signal) => {
      expect(signal.aborted).toBe(false);
      calls += 1;
      return calls;
    });
    expect(await Promise.all([lastValueFrom(task), lastValueFrom(task)])).toEqual([1, 2]);
    const failure = new Error("broken");
    await expect(lastValueFrom(fromTask(() => Promise.reject(failure)))).rejects.toBe(failure);
  });

  test("is cancelled by unsubscribing, where a promise in mergeMap would run on", async () => {
    const steps: string[] = [];
    const work = async (n: number) => {
      try {
        await sleep(n === 3 ? 1 : 60_000);
        steps.push(`done ${n}`);
      } finally {
        steps.push(`ended ${n}`);
      }
      return n;
    };
    const op = new Cancellable();
    await op.run(async () => {
      const latest = from([1, 2, 3]).pipe(switchMap((n) => fromTask(() => work(n))));
      expect(await lastValueFrom(latest)).toBe(3);
      expect(await firstValueFrom(of(4, 3).pipe(mergeMap((n) => fromTask(() => work(n)))))).toBe(3);
    });
    // The operation has waited for all of them.
    expect(steps.filter((step) => step.startsWith("done"))).toEqual(["done 3", "done 3"]);
    expect(steps.filter((step) => step.startsWith("ended")).sort()).toEqual(
      ["ended 1", "ended 2", "ended 3", "ended 3", "ended 4"].sort(),
    );
  });

  test("gives the error of a cancelled operation, and calls nothing in one", async () => {
    const op = new Cancellable({ name: "search" });
    const { seen, observer } = record();
    const outcome = await op.settle(async () => {
      fromTask(() => {
        expect(currentOperation()).toBe(op);
        return sleepForever();
      }).subscribe(observer);
      op.cancel("quota");
      fromTask(() => expect.unreachable()).subscribe(observer);
      await lastValueFrom(fromTask(() => expect.unreachable()));
    });
    expect(outcome.status).toBe("cancelled");
    expect(seen).toEqual([
      ["error", op.error],
      ["error", op.error],
    ]);
  });

  test("reports an error after the unsubscription, which no observer gets", async () => {
    const failure = new Error("clean-up failed");
    await new Cancellable()
      .run(() => {
        const subscription = fromTask(async () => {
          try {
            await sleepForever();
          } finally {
            throw failure;
          }
        }).subscribe();
        subscription.unsubscribe();
      })
      .catch(() => {});
    await expect.poll(() => reported.splice(0)).toEqual([failure]);
  });

  test("refuses something that is no function", () => {
    expect(() => fromTask(Promise.resolve() as never)).toThrow(
      "fn must be a function, such as () => promise",
    );
  });
});

describe("fromStream()", () => {
  test("reads the next item when the observer has returned, and never ahead", async () => {
    const steps: string[] = [];
    function* numbers() {
      for (let n = 1; n <= 3; n++) {
        steps.push(`read ${n}`);
        yield n;
      }
    }
    await lastValueFrom(
      new Observable((subscriber) =>
        fromStream(numbers).subscribe({
          next: (n) => void steps.push(`got ${n}`),
          complete: () => subscriber.complete(),
        }),
      ),
      { defaultValue: undefined },
    );
    expect(steps).toEqual(["read 1", "got 1", "read 2", "got 2", "read 3", "got 3"]);
  });

  test("closes the stream when it is unsubscribed, also while it waits for an item", async () => {
    let closed = 0;
    async function* waiting() {
      try {
        yield 1;
        await sleepForever();
      } finally {
        closed += 1;
      }
    }
    await new Cancellable().run(async () => {
      expect(await firstValueFrom(fromStream(waiting))).toBe(1);
      const subscription = fromStream(waiting).subscribe();
      await sleep(5);
      subscription.unsubscribe();
    });
    expect(closed).toBe(2); // the operation has waited
  });

  test("gives the error of the stream, and that of a cancelled operation", async () => {
    const failure = new Error("the line is dead");
    async function* broken() {
      yield 1;
      throw failure;
    }
    const { seen, observer } = record();
    await new Cancellable().run(() => void fromStream(broken).subscribe(observer));
    expect(seen).toEqual([1, ["error", failure]]);
    const op = new Cancellable();
    const error = op.run(() =>
      lastValueFrom(
        fromStream(async function* () {
          yield 1;
          op.cancel("quota");
          await sleepForever();
        }),
      ),
    );
    expect(await error.catch((reason: unknown) => reason)).toBe(op.error);
  });

  test("opens the stream for each subscriber, and gives an error of opening", async () => {
    const stream = fromStream(() => [1, 2]);
    expect(
      await lastValueFrom(
        stream.pipe(
          concatMap(() => stream),
          toArray(),
        ),
      ),
    ).toEqual([1, 2, 1, 2]);
    await expect(lastValueFrom(fromStream(() => 7 as never))).rejects.toThrow(TypeError);
    expect(() => fromStream([1] as never)).toThrow("open must be a function");
  });
});

describe("toStream()", () => {
  const read = async <T>(stream: AsyncIterable<T>): Promise<T[]> => {
    const values: T[] = [];
    for await (const value of stream) values.push(value);
    return values;
  };

  test("gives the values, also undefined, and ends with the observable", async () => {
    expect(await read(toStream(of(1, undefined, 3)))).toEqual([1, undefined, 3]);
    expect(await read(toStream(EMPTY))).toEqual([]);
  });

  test("gives the values before an error, and the error itself", async () => {
    const failure = new Error("broken");
    const stream = toStream(
      new Observable<number>((subscriber) => {
        subscriber.next(1);
        subscriber.error(failure);
      }),
    );
    expect(await stream.next()).toEqual({ done: false, value: 1 });
    await expect(stream.next()).rejects.toBe(failure);
    expect(await stream.next()).toEqual({ done: true, value: undefined });
  });

  test("unsubscribes when the loop is left, when it is disposed of, and when the operation is cancelled (TEL-05)", async () => {
    const source = new Subject<number>();
    for await (const value of toStream(
      new Observable<number>((subscriber) => {
        subscriber.next(7);
        return source.subscribe(subscriber);
      }),
    )) {
      expect(value).toBe(7);
      expect(source.observed).toBe(true);
      break;
    }
    expect(source.observed).toBe(false);
    {
      using stream = toStream(source);
      expect(source.observed).toBe(true);
      void stream;
    }
    expect(source.observed).toBe(false);
    const op = new Cancellable();
    const error = op.run(async () => {
      const stream = toStream(source);
      queueMicrotask(() => {
        op.cancel("quota");
        expect(source.observed).toBe(false); // at once
      });
      await stream.next();
    });
    expect(await error.catch((reason: unknown) => reason)).toBe(op.error);
  });

  test("subscribes nothing in a cancelled operation", async () => {
    const op = new Cancellable();
    const error = op.run(() => {
      op.cancel();
      return toStream(new Observable(() => expect.unreachable())).next();
    });
    expect(await error.catch((reason: unknown) => reason)).toBe(op.error);
  });

  test("fails when the reader is too slow, after the values in the buffer; other rules drop a value", async () => {
    const many = of(1, 2, 3, 4);
    const undelivered: number[] = [];
    const onUndelivered = (value: number) => void undelivered.push(value);
    const stream = toStream(many, { capacity: 2, onUndelivered });
    expect([await stream.next(), await stream.next()].map(({ value }) => value)).toEqual([1, 2]);
    await expect(stream.next()).rejects.toBeInstanceOf(LagError);
    expect(undelivered.splice(0)).toEqual([3]);
    expect(await read(toStream(many, { capacity: 2, overflow: "drop-oldest", onUndelivered }))).toEqual([
      3, 4,
    ]);
    expect(await read(toStream(many, { capacity: 2, overflow: "drop-newest", onUndelivered }))).toEqual([
      1, 2,
    ]);
    expect(undelivered).toEqual([1, 2, 3, 4]);
  });

  test("an endless observable that emits at once is cut off at the capacity", async () => {
    let emitted = 0;
    const endless = new Observable<number>((subscriber) => {
      while (!subscriber.closed && emitted < 1_000_000) subscriber.next(++emitted);
    });
    const error = await read(toStream(endless, { capacity: 10 })).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(LagError);
    expect(emitted).toBe(11);
  });

  test("goes through an observable and back", async () => {
    const source = async function* () {
      yield* [1, 2, 3];
    };
    expect(await read(toStream(fromStream(source)))).toEqual([1, 2, 3]);
  });

  test("refuses wrong arguments", () => {
    const wrong = (value: unknown): never => value as never;
    expect(() => toStream(wrong([]))).toThrow("observable must be an observable of RxJS; got []");
    expect(() => toStream(of(1), { buffer: 1 } as never)).toThrow(
      "options.buffer is not an option of toStream",
    );
    expect(() => toStream(of(1), { capacity: -1 })).toThrow("options.capacity must be a whole number");
    expect(() => toStream(of(1), { overflow: wrong("drop") })).toThrow("options.overflow must be");
    expect(() => toStream(of(1), { onUndelivered: wrong(1) })).toThrow(
      "options.onUndelivered must be a function",
    );
  });
});
