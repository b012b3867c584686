import { expect, test } from "vitest";
import {
  CancelScope,
  checkpoint,
  LagError,
  moveOnAfter,
  QueueClosedError,
  shield,
  sleep,
  type Task,
  taskGroup,
} from "../../src/index.ts";
import {
  Broadcast,
  LagError as LagErrorOfSync,
  type SubscribeOptions,
  type Subscription,
} from "../../src/sync/index.ts";
import { describeEverywhere, inVirtualTime, rejection } from "../backends.ts";
import { runScript } from "../child.ts";
import { expectThrows, wrong } from "../refusals.ts";
import { until, usage } from "../until.ts";

const closed = expect.objectContaining(usage("ERR_CLOSED"));

/** The items that a loop over the subscription gets. */
async function read<T>(subscription: Subscription<T>): Promise<T[]> {
  const seen: T[] = [];
  for await (const item of subscription) seen.push(item);
  return seen;
}

describeEverywhere("Broadcast", (everywhere) => {
  everywhere("every subscriber gets every item, in the order of publish", async () => {
    const news = new Broadcast<number>();
    await taskGroup(async (group) => {
      const readers = [0, 1, 2].map(() => {
        const subscription = news.subscribe({ scope: group.scope });
        return group.startSoon(() => read(subscription));
      });
      for (let i = 0; i < 40; i++) await news.publish(i);
      news.close();
      const all = Array.from({ length: 40 }, (_, i) => i);
      expect(await Promise.all(readers)).toEqual([all, all, all]);
    });
  });

  everywhere("without subscribers publish resolves at once, after a checkpoint", async () => {
    const news = new Broadcast<number>();
    await news.publish(1);
    news.publishNowait(2);
    expect(news.subscribe().size).toBe(0);
    const scope = new CancelScope();
    await scope.run(async () => {
      scope.cancel();
      await news.publish(3);
    });
    expect(scope.cancelledCaught).toBe(true);
  });

  everywhere("publish waits for the slowest subscriber, and no subscriber sees the item before", async () => {
    const news = new Broadcast<number>();
    const [quick, slow] = [news.subscribe(), news.subscribe({ capacity: 1 })];
    await taskGroup(async (group) => {
      await news.publish(1);
      const waiting = group.startSoon(() => news.publish(2));
      await until(() => news.waiting === 1);
      expect(() => news.publishNowait(3)).toThrow(expect.objectContaining(usage("ERR_WOULD_BLOCK")));
      expect([quick.size, slow.size]).toEqual([1, 1]);
      expect(await slow.get()).toBe(1);
      expect([quick.size, slow.size, news.waiting]).toEqual([2, 1, 0]);
      await waiting;
    });
  });

  everywhere("without capacity an item is handed to a waiting get", async () => {
    const news = new Broadcast<number>();
    const [direct, buffered] = [news.subscribe({ capacity: 0 }), news.subscribe()];
    await taskGroup(async (group) => {
      const first = group.startSoon(() => news.publish(1));
      await until(() => news.waiting === 1);
      expect([await direct.get(), buffered.size]).toEqual([1, 1]);
      await first;
      const getter = group.startSoon(() => direct.get());
      await until(() => direct.waiting === 1);
      news.publishNowait(2);
      expect(() => news.publishNowait(3)).toThrow(expect.objectContaining(usage("ERR_WOULD_BLOCK")));
      expect([await getter, direct.size, buffered.size]).toEqual([2, 0, 2]);
    });
  });

  everywhere(
    "a wave that ends a full subscriber and the get of another one leaves the item where it was",
    async () => {
      const news = new Broadcast<number>();
      const scope = new CancelScope();
      await taskGroup(async (group) => {
        news.subscribe({ capacity: 1, scope });
        await news.publish(1);
        const direct = news.subscribe({ capacity: 0 });
        group.startSoon(() => scope.run(() => direct.get()));
        await until(() => direct.waiting === 1);
        const publishing = group.startSoon(() => news.publish(2));
        await until(() => news.waiting === 1);
        scope.cancel();
        expect([news.waiting, direct.size]).toEqual([1, 0]);
        expect(await direct.get()).toBe(2);
        await publishing;
      });
    },
  );

  everywhere(
    "a second get of a subscription without capacity waits for the slow subscribers too",
    async () => {
      const news = new Broadcast<number>();
      const [direct, slow] = [news.subscribe({ capacity: 0 }), news.subscribe({ capacity: 0 })];
      await taskGroup(async (group) => {
        for (const item of [1, 2]) group.startSoon(() => news.publish(item));
        await until(() => news.waiting === 2);
        const got = [direct.get(), direct.get()];
        expect([direct.waiting, news.waiting]).toEqual([2, 2]);
        expect([await slow.get(), await slow.get()]).toEqual([1, 2]);
        expect(await Promise.all(got)).toEqual([1, 2]);
      });
    },
  );

  everywhere("a disposed broadcast is closed", async () => {
    const news = new Broadcast<number>();
    const subscription = news.subscribe();
    {
      using open = news;
      open.publishNowait(1);
    }
    expect(await read(subscription)).toEqual([1]);
    expect(() => news.publishNowait(2)).toThrow(expect.objectContaining({ name: "QueueClosedError" }));
  });

  everywhere("a subscription without callbacks counts the items that it drops", async () => {
    const news = new Broadcast<number>();
    const [oldest, newest] = [
      news.subscribe({ capacity: 1, lag: "drop-oldest" }),
      news.subscribe({ capacity: 1, lag: "drop-newest" }),
    ];
    for (const item of [1, 2]) news.publishNowait(item);
    expect([await oldest.get(), oldest.missed, await newest.get(), newest.missed]).toEqual([2, 1, 1, 1]);
  });

  for (const [lag, kept, missed] of [
    ["drop-oldest", [3, 4], [0, 1, 2]],
    ["drop-newest", [0, 1], [2, 3, 4]],
  ] as const) {
    everywhere(`${lag} goes on without an error, counts and tells (SYNC-27)`, async () => {
      const news = new Broadcast<number>();
      const told: unknown[] = [];
      const subscription = news.subscribe({
        capacity: 2,
        lag,
        onLag: (count) => told.push(count),
        onUndelivered: (item, why) => told.push([item, why]),
      });
      for (let i = 0; i < 5; i++) await news.publish(i);
      news.close();
      expect([await read(subscription), subscription.missed]).toEqual([kept, 3]);
      expect(told).toEqual(missed.flatMap((item, i) => [[item, "overflow"], i + 1]));
    });
  }

  everywhere(
    "fail gives the items that are there, then a LagError, and ends the subscription (SYNC-27)",
    async () => {
      const news = new Broadcast<number>();
      const told: number[] = [];
      const options: SubscribeOptions<number> = { capacity: 2, lag: "fail", onLag: (n) => told.push(n) };
      const subscription = news.subscribe(options);
      for (let i = 0; i < 5; i++) await news.publish(i);
      expect([subscription.missed, told]).toEqual([3, [1]]);
      const seen: number[] = [];
      const error = await rejection(
        (async () => {
          for await (const item of subscription) seen.push(item);
        })(),
      );
      expect(seen).toEqual([0, 1]);
      expect(error).toBeInstanceOf(LagError);
      expect(error).toMatchObject({
        name: "LagError",
        code: "ERR_LAG",
        missed: 3,
        message: "The subscription was read too slowly: it was full, and has missed 3 items",
      });
      const other = news.subscribe(options);
      for (let i = 0; i < 3; i++) news.publishNowait(i);
      expect([await other.get(), await other.get()]).toEqual([0, 1]);
      news.close();
      expect(await rejection(other.get())).toMatchObject({
        missed: 1,
        message: expect.stringMatching(/1 item$/),
      });
      expect(await rejection(other.get())).toBeInstanceOf(LagError);
      expect(LagErrorOfSync).toBe(LagError);
    },
  );

  everywhere("a subscription that has come to its end leaves its scope and its broadcast", async () => {
    const news = new Broadcast<number>();
    const scope = new CancelScope();
    await scope.run(async () => {
      const slow = news.subscribe({ capacity: 1, lag: "fail" });
      for (const item of [1, 2]) await news.publish(item);
      const quick = news.subscribe();
      news.close();
      const late = news.subscribe();
      await slow.get();
      scope.cancel();
      await shield(async () => {
        // A subscription that was still in the scope has the error of the scope.
        expect(await rejection(slow.get())).toBeInstanceOf(LagError);
        for (const one of [quick, late]) expect(await rejection(one.get())).toBeInstanceOf(QueueClosedError);
      });
    });
  });

  everywhere(
    "close() ends a waiting subscriber and rejects a waiting publisher, in that turn (SYNC-28)",
    async () => {
      const news = new Broadcast<number>();
      const [full, empty] = [news.subscribe({ capacity: 1 }), news.subscribe()];
      await news.publish(1);
      expect(await empty.get()).toBe(1);
      await taskGroup(async (group) => {
        const reader = group.startSoon(() => read(empty));
        const publisher = group.startSoon(() => rejection(news.publish(2)));
        await until(() => news.waiting === 1 && empty.waiting === 1);
        news.close();
        expect([news.waiting, empty.waiting, news.isClosed]).toEqual([0, 0, true]);
        expect(await reader).toEqual([]);
        expect(await publisher).toMatchObject({ message: "The broadcast was closed by its sender" });
      });
      news.close();
      expect(await read(full)).toEqual([1]);
      expect(await rejection(news.publish(3))).toMatchObject({ code: "ERR_CLOSED", by: "sender" });
      expect(() => news.publishNowait(3)).toThrow(QueueClosedError);
    },
  );

  everywhere(
    "when a full subscriber is closed, the waiting publisher goes on in that turn (SYNC-29)",
    async () => {
      const news = new Broadcast<number>();
      const told: unknown[] = [];
      const other = news.subscribe();
      await taskGroup(async (group) => {
        const full = news.subscribe({ capacity: 1, onUndelivered: (item, why) => told.push([item, why]) });
        await news.publish(1);
        const waiting = group.startSoon(() => news.publish(2));
        await until(() => news.waiting === 1);
        full.close();
        full[Symbol.dispose]();
        expect([news.waiting, other.size, full.size]).toEqual([0, 2, 0]);
        await waiting;
        expect(told).toEqual([[1, "closed"]]);
        expect(await rejection(full.get())).toEqual(closed);
      });
    },
  );

  everywhere(
    "when the scope of a full subscriber is cancelled, the waiting publisher goes on in that turn (SYNC-29)",
    async () => {
      const news = new Broadcast<number>();
      const told: unknown[] = [];
      const other = news.subscribe();
      const scope = new CancelScope();
      await taskGroup(async (group) => {
        let full: Subscription<number> | undefined;
        const reader = group.startSoon(() =>
          scope.run(async () => {
            full = news.subscribe({ capacity: 1, onUndelivered: (item, why) => told.push([item, why]) });
            await sleep({ hours: 1 });
          }),
        );
        await until(() => full !== undefined);
        await news.publish(1);
        const waiting = group.startSoon(() => news.publish(2));
        await until(() => news.waiting === 1);
        scope.cancel();
        expect([news.waiting, other.size, full?.size]).toEqual([0, 2, 0]);
        await Promise.all([reader, waiting]);
        expect(told).toEqual([[1, "closed"]]);
        expect(await rejection((full as Subscription<number>).get())).toBe(scope.error);
      });
    },
  );

  everywhere("a subscription ends with its scope, and a get that waits elsewhere is told", async () => {
    const news = new Broadcast<number>();
    await taskGroup(async (group) => {
      let getter: Task<unknown> | undefined;
      await new CancelScope().run(async () => {
        const subscription = news.subscribe();
        getter = group.startSoon(() => rejection(subscription.get()));
        await until(() => subscription.waiting === 1);
      });
      expect(await getter).toMatchObject({
        code: "ERR_CLOSED",
        message: "The subscription is closed (its scope has ended).",
      });
    });
  });

  everywhere("a get in the cancelled scope rejects with the error of that scope", async () => {
    const news = new Broadcast<number>();
    const outer = new CancelScope();
    let error: unknown;
    await taskGroup(async (group) => {
      group.startSoon(() =>
        outer.run(async () => {
          const subscription = news.subscribe();
          error = await rejection(read(subscription));
          await checkpoint();
        }),
      );
      await sleep(0);
      outer.cancel("shutdown");
    });
    expect([error, outer.cancelledCaught]).toEqual([outer.error, true]);
  });

  everywhere("subscribe() in a cancelled scope throws the error of the scope", async () => {
    const news = new Broadcast<number>();
    const scope = new CancelScope();
    await scope.run(() => {
      scope.cancel();
      expect(() => news.subscribe({ scope })).toThrow(scope.error);
      news.subscribe();
    });
    expect(scope.cancelledCaught).toBe(true);
  });

  everywhere("a subscriber that joins while a publish waits gets that item, once (SYNC-30)", async () => {
    const news = new Broadcast<number>();
    await taskGroup(async (group) => {
      const full = news.subscribe({ capacity: 1 });
      await news.publish(1);
      group.startSoon(() => news.publish(2));
      await until(() => news.waiting === 1);
      const late = news.subscribe();
      expect(await full.get()).toBe(1);
      news.close();
      expect([await read(full), await read(late)]).toEqual([[2], [2]]);
    });
  });

  everywhere("leaving a loop closes the subscription, also while it waits", async () => {
    const news = new Broadcast<number>();
    const told: number[] = [];
    const subscription = news.subscribe({ capacity: 2, onUndelivered: (item) => told.push(item) });
    await news.publish(1);
    await news.publish(2);
    for await (const item of subscription) {
      expect(item).toBe(1);
      break;
    }
    for (let i = 3; i < 6; i++) news.publishNowait(i);
    expect([told, subscription.size]).toEqual([[2], 0]);

    const loop = news.subscribe()[Symbol.asyncIterator]();
    const waiting = loop.next();
    expect(await loop.return(undefined)).toEqual({ done: true, value: undefined });
    expect(await waiting).toEqual({ done: true, value: undefined });
    await news.whenIdle();
  });

  everywhere("a subscription that is closed by another task ends its loop, and its gets reject", async () => {
    const news = new Broadcast<number>();
    const [looped, got] = [news.subscribe(), news.subscribe()];
    await taskGroup(async (group) => {
      const reader = group.startSoon(() => read(looped));
      const getter = group.startSoon(() => rejection(got.get()));
      await until(() => looped.waiting === 1 && got.waiting === 1);
      looped.close();
      got.close();
      expect([await reader, await getter]).toEqual([[], closed]);
    });
  });

  everywhere("a new subscriber gets the latest items first, and then all others", async () => {
    const news = new Broadcast<number>({ replay: 2 });
    for (let i = 0; i < 4; i++) await news.publish(i);
    const early = news.subscribe();
    await news.publish(4);
    news.close();
    expect([await read(early), await read(news.subscribe())]).toEqual([
      [2, 3, 4],
      [3, 4],
    ]);
  });

  everywhere(
    "replayed items above the capacity are kept, and the publisher waits until they are taken",
    async () => {
      const news = new Broadcast<number>({ replay: Number.POSITIVE_INFINITY });
      for (let i = 0; i < 3; i++) await news.publish(i);
      const subscription = news.subscribe({ capacity: 1 });
      await taskGroup(async (group) => {
        const waiting = group.startSoon(() => news.publish(3));
        await until(() => news.waiting === 1);
        for (let i = 0; i < 3; i++) {
          expect(news.waiting).toBe(1);
          expect(await subscription.get()).toBe(i);
        }
        expect(news.waiting).toBe(0);
        await waiting;
      });
    },
  );

  everywhere("callbacks may use the broadcast, and their errors go to the reporter", async ({ reported }) => {
    const news = new Broadcast<number>();
    const failure = new Error("in a callback");
    const subscription = news.subscribe({
      capacity: 1,
      lag: "drop-oldest",
      onLag: () => subscription.close(),
      onUndelivered: () => {
        news.subscribe().close();
        throw failure;
      },
    });
    for (let i = 0; i < 2; i++) news.publishNowait(i);
    await until(() => reported.length === 2);
    expect(reported.splice(0)).toEqual([failure, failure]);
    expect(await rejection(subscription.get())).toEqual(closed);
  });

  everywhere("rejectWaiters sends publishers or subscribers away, and all goes on (SYNC-03)", async () => {
    const news = new Broadcast<number>();
    const full = news.subscribe({ capacity: 1 });
    const empty = news.subscribe({ capacity: 0 });
    const failure = new Error("go away");
    await taskGroup(async (group) => {
      const getter = group.startSoon(() => rejection(empty.get()));
      await until(() => empty.waiting === 1);
      empty.rejectWaiters(failure);
      expect(await getter).toBe(failure);
      const publishers = [0, 1, 2].map((item) => group.startSoon(() => rejection(news.publish(item))));
      await until(() => news.waiting === 3);
      news.rejectWaiters(failure);
      expect(await Promise.all(publishers)).toEqual([failure, failure, failure]);
      const next = group.startSoon(() => news.publish(7));
      expect([await empty.get(), await full.get()]).toEqual([7, 7]);
      await next;
    });
  });

  everywhere("whenIdle waits until every subscriber has taken everything, also after close()", async () => {
    const news = new Broadcast<number>();
    await news.whenIdle();
    const subscription = news.subscribe();
    await news.publish(1);
    news.close();
    await taskGroup(async (group) => {
      const idle = group.startSoon(() => news.whenIdle());
      const subscriptionIdle = group.startSoon(() => subscription.whenIdle());
      await sleep(0);
      expect([idle.status, subscriptionIdle.status]).toEqual(["running", "running"]);
      await subscription.get();
    });
  });

  everywhere("wrong arguments are refused", async () => {
    const news = new Broadcast<number>();
    const count = "a whole number of at least 0, or Infinity";
    for (const n of [-1, 1.5, Number.NaN]) {
      expectThrows("RangeError", [
        [() => new Broadcast({ replay: n }), "options.replay", count, String(n)],
        [() => news.subscribe({ capacity: n }), "options.capacity", count, String(n)],
      ]);
    }
    for (const lag of ["drop-oldest", "drop-newest"] as const)
      expectThrows("RangeError", [
        [
          () => news.subscribe({ capacity: 0, lag }),
          "options.capacity",
          `at least 1 with the rule "${lag}"`,
          "0",
        ],
      ]);
    const words = '"wait", "drop-oldest", "drop-newest" or "fail"';
    expectThrows("TypeError", [
      [() => new Broadcast(wrong(1)), "options", "an object", "1"],
      [() => new Broadcast({ replay: wrong("1") }), "options.replay", "a number", '"1"'],
      [() => news.subscribe(wrong(1)), "options", "an object", "1"],
      [() => news.subscribe({ capacity: wrong(null) }), "options.capacity", "a number", "null"],
      [() => news.subscribe({ lag: wrong("drop") }), "options.lag", words, '"drop"'],
      [() => news.subscribe({ onLag: wrong(1) }), "options.onLag", "a function", "1"],
      [() => news.subscribe({ onUndelivered: wrong(1) }), "options.onUndelivered", "a function", "1"],
      [() => news.subscribe({ scope: wrong(1) }), "options.scope", "a Cancellable or a CancelScope", "1"],
    ]);
    const ended = new CancelScope();
    await ended.run(() => {});
    expect(() => news.subscribe({ scope: ended })).toThrow(
      expect.objectContaining(usage("ERR_PARENT_ENDED")),
    );
    await news.publish(1); // there is no subscription
  });
});

inVirtualTime(
  "2,000 random programs: all see one order, nothing of a cut-off publish, all of the others (SYNC-26)",
  async ({ backend }) => {
    const draw = (n: number): number => Math.floor(backend.random() * n);
    const totals = { published: 0, cut: 0, cutGets: 0 };
    for (let program = 0; program < 2_000; program++) {
      const news = new Broadcast<number>({ replay: draw(2) });
      const published: number[] = [];
      const cut: number[] = [];
      const seen: number[][] = [[], [], []];
      const leaver = { got: [] as number[], left: [] as number[] };
      await taskGroup(async (readers) => {
        for (const mine of seen) {
          const subscription = news.subscribe({ capacity: draw(3), scope: readers.scope });
          readers.startSoon(async () => {
            for (;;) {
              if (draw(2) === 0) await sleep(draw(3));
              const limit = new CancelScope({ timeout: 1 + draw(3) });
              try {
                await limit.run(async () => void mine.push(await subscription.get()));
              } catch (error) {
                if (error instanceof QueueClosedError) return;
                throw error;
              }
              if (limit.cancelledCaught) totals.cutGets++;
            }
          });
        }
        const leaving = new CancelScope({ timeout: draw(8) });
        readers.startSoon(() =>
          leaving.run(async () => {
            const onUndelivered = (item: number): void => void leaver.left.push(item);
            const subscription = news.subscribe({ capacity: draw(3), onUndelivered });
            for await (const item of subscription) {
              leaver.got.push(item);
              await sleep(draw(3));
            }
          }),
        );
        await taskGroup((publishers) => {
          for (let publisher = 0; publisher < 3; publisher++) {
            publishers.startSoon(async () => {
              for (let i = 0; i < 4; i++) {
                const item = publisher * 10 + i;
                const limit = new CancelScope({ timeout: 1 + draw(4) });
                await limit.run(() => news.publish(item).then(() => void published.push(item)));
                if (limit.cancelledCaught) cut.push(item);
                if (draw(3) === 0) await sleep(draw(3));
              }
            });
          }
        });
        news.close();
      });
      totals.published += published.length;
      totals.cut += cut.length;
      expect([seen[1], seen[2]]).toEqual([seen[0], seen[0]]);
      expect([...published].sort()).toEqual([...(seen[0] as number[])].sort());
      expect(published.length + cut.length).toBe(12);
      // The subscriber that left has seen a part of the order without a gap.
      const part = [...leaver.got, ...leaver.left];
      const from = Math.max(0, (seen[0] as number[]).indexOf(part[0] as number));
      expect(seen[0]?.slice(from, from + part.length)).toEqual(part);
      expect([news.waiting, backend]).toEqual([0, expect.objectContaining({ timerCount: 0 })]);
    }
    // The programs cut off enough to mean something.
    expect(totals.published).toBeGreaterThan(5_000);
    expect(totals.cut).toBeGreaterThan(2_000);
    expect(totals.cutGets).toBeGreaterThan(2_000);
  },
);

test("subscriptions that are closed leave no memory behind in their scope", async () => {
  const { code, output, errors } = await runScript(
    `
    import { Broadcast } from "@hother/cancelable/sync";
    const heap = () => { gc(); gc(); return process.memoryUsage().heapUsed; };
    const news = new Broadcast();
    const use = async (count) => {
      for (let i = 0; i < count; i++) {
        const subscription = news.subscribe();
        news.publishNowait(i);
        await subscription.get();
        subscription.close();
      }
    };
    await use(10_000);
    const before = heap();
    await use(100_000);
    console.log(Math.round((heap() - before) / 1024));
    `,
    ["--expose-gc"],
  );
  expect([code, errors]).toEqual([0, ""]);
  // A subscription takes some hundred bytes: 100,000 of them would be 30 MB or more.
  expect(Number(output)).toBeLessThan(3_000);
});

inVirtualTime("a get that is cut off loses nothing, whatever the rule", async () => {
  const news = new Broadcast<number>();
  for (const lag of ["wait", "drop-oldest", "drop-newest", "fail"] as const) {
    const subscription = news.subscribe({ lag, capacity: 1 });
    const got = await moveOnAfter(null, async (scope) => {
      const getting = subscription.get();
      news.publishNowait(1);
      scope.cancel();
      return getting;
    });
    expect([got, subscription.missed]).toEqual([1, 0]);
    expect(await moveOnAfter(5, () => subscription.get())).toBeUndefined();
    news.publishNowait(2);
    expect([subscription.waiting, await subscription.get()]).toEqual([0, 2]);
    subscription.close();
  }
});
