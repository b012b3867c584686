import { EventEmitter } from "node:events";
import { describe, expect } from "vitest";
import { Cancellable, CancelScope, LagError, on, sleep, taskGroup } from "../../src/index.ts";
import { describeEverywhere, rejection } from "../backends.ts";
import { cancelledAtEveryTurn } from "../every-turn.ts";
import { expectThrows, wrong } from "../refusals.ts";

/** The number of listeners of an emitter. */
const listenersOf = (emitter: EventEmitter): number =>
  emitter.eventNames().reduce((sum, name) => sum + emitter.listenerCount(name), 0);

/** Reads everything, and then the error, if any. */
async function readAll<T>(events: AsyncIterable<T>): Promise<unknown[]> {
  const found: unknown[] = [];
  try {
    for await (const event of events) found.push(event);
  } catch (error) {
    found.push(error);
  }
  return found;
}

const done = { done: true, value: undefined };

describeEverywhere("on", (everywhere) => {
  everywhere("the events before an error or an end come first (VERB-12)", async () => {
    const boom = new Error("boom");
    for (const reading of ["before", "after"] as const) {
      const emitter = new EventEmitter();
      const failing = on(emitter, "value");
      const ending = on(emitter, "value", { end: ["end"], reject: [] });
      const early = reading === "before" ? [readAll(failing), readAll(ending)] : undefined;
      await sleep(1);
      emitter.emit("value", 1);
      emitter.emit("value", 2);
      emitter.emit("end");
      emitter.emit("error", boom);
      expect(listenersOf(emitter)).toBe(0);
      const found = await Promise.all(early ?? [readAll(failing), readAll(ending)]);
      expect(found).toEqual([
        [[1], [2], boom],
        [[1], [2]],
      ]);
    }
  });

  everywhere("events before the first read are there (VERB-13)", async () => {
    const target = new EventTarget();
    const events = on(target, "tick");
    target.dispatchEvent(new globalThis.Event("tick"));
    await sleep(1);
    expect(await events.next()).toMatchObject({ done: false, value: { type: "tick" } });
    expect(await events.return(undefined)).toEqual(done);
  });

  everywhere("a full buffer is read to its end, and then LagError comes (VERB-13)", async () => {
    const emitter = new EventEmitter();
    const undelivered: unknown[] = [];
    const events = on(emitter, "n", { onUndelivered: (args) => undelivered.push(args) });
    for (let n = 0; n < 1_001; n++) emitter.emit("n", n);
    expect(listenersOf(emitter)).toBe(0);
    const found = await readAll(events);
    expect(found.length).toBe(1_001);
    expect(found[999]).toEqual([999]);
    expect(found[1_000]).toBeInstanceOf(LagError);
    expect(found[1_000]).toMatchObject({ name: "LagError", code: "ERR_LAG", missed: 1 });
    expect(undelivered).toEqual([[1_000]]);
  });

  everywhere("the rules that drop go on, and report the dropped events (VERB-13)", async () => {
    for (const [overflow, kept, dropped] of [
      ["drop-oldest", [[2], [3]], [[0], [1]]],
      ["drop-newest", [[0], [1]], [[2], [3]]],
    ] as const) {
      const emitter = new EventEmitter();
      const told: unknown[] = [];
      const events = on(emitter, "n", {
        capacity: 2,
        overflow,
        end: ["end"],
        onUndelivered: (args) => told.push(args),
      });
      for (let n = 0; n < 4; n++) emitter.emit("n", n);
      emitter.emit("end");
      expect([await readAll(events), told]).toEqual([kept, dropped]);
    }
  });

  everywhere("with capacity 0 an event goes to a read that waits (VERB-13)", async () => {
    const emitter = new EventEmitter();
    const events = on(emitter, "n", { capacity: 0 });
    const read = events.next();
    await sleep(1);
    emitter.emit("n", 1);
    expect(await read).toEqual({ done: false, value: [1] });
    emitter.emit("n", 2);
    expect(await rejection(events.next())).toBeInstanceOf(LagError);
  });

  everywhere("a cancellation removes the listeners before cancel() returns (VERB-14)", async () => {
    for (const isReading of [true, false]) {
      const emitter = new EventEmitter();
      const scope = new CancelScope();
      await scope.run(async () => {
        const events = on(emitter, "value");
        const read = isReading ? rejection(events.next()) : undefined;
        await sleep(1);
        expect(listenersOf(emitter)).toBe(2);
        scope.cancel();
        expect(listenersOf(emitter)).toBe(0);
        expect(() => emitter.emit("error", new Error("late"))).toThrow("late");
        expect(await (read ?? rejection(events.next()))).toBe(scope.error);
        expect(await events.next()).toEqual(done);
      });
    }
  });

  everywhere("an event in the turn of a cancellation is delivered (VERB-14)", async () => {
    const emitter = new EventEmitter();
    const scope = new CancelScope();
    await scope.run(async () => {
      const events = on(emitter, "value");
      const read = events.next();
      await sleep(1);
      emitter.emit("value", 1);
      scope.cancel();
      expect(await read).toEqual({ done: false, value: [1] });
      expect(await rejection(events.next())).toBe(scope.error);
    });
  });

  everywhere(
    "a reader that is cancelled leaves the rest to onUndelivered, once and in order (VERB-38)",
    async () => {
      const emitter = new EventEmitter();
      const undelivered: unknown[] = [];
      const scope = new CancelScope();
      let read = 0;
      await scope.run(async () => {
        const events = on<[number]>(emitter, "n", {
          end: ["end"],
          onUndelivered: ([n]) => undelivered.push(n),
        });
        for (let n = 0; n < 1_000; n++) emitter.emit("n", n);
        emitter.emit("end");
        for await (const _ of events) if (++read === 400) scope.cancel();
      });
      expect(scope.cancelledCaught).toBe(true);
      expect(undelivered).toEqual(Array.from({ length: 600 }, (_, index) => 400 + index));
    },
  );

  everywhere("a filter that returns a promise is refused, because a promise counts as true", async () => {
    const target = new EventTarget();
    const filter = (async () => false) as unknown as () => boolean;
    const ended = rejection(on(target, "n", { filter }).next());
    target.dispatchEvent(new globalThis.Event("n"));
    expect(await ended).toMatchObject({
      name: "TypeError",
      message: expect.stringMatching(/^options\.filter must be a function that returns no promise/),
    });
  });

  everywhere("a filter that throws ends the iteration, and emit() does not throw (VERB-15)", async () => {
    const emitter = new EventEmitter();
    const boom = new Error("boom");
    let seen = 0;
    const events = on(emitter, "n", {
      filter: () => {
        if (++seen === 3) throw boom;
        return seen === 1;
      },
    });
    for (let n = 0; n < 4; n++) emitter.emit("n", n);
    expect(listenersOf(emitter)).toBe(0);
    expect(await readAll(events)).toEqual([[0], boom]);
  });

  everywhere(
    "a target that refuses a listener is told by the first read, or reported, and the others are removed",
    async (t) => {
      const emitter = new EventEmitter();
      const boom = new Error("boom");
      const refusing = {
        on(name: string, listener: () => void) {
          if (name === "error") throw boom;
          emitter.on(name, listener);
        },
        off: (name: string, listener: () => void) => void emitter.off(name, listener),
      };
      const events = on(refusing, "n");
      expect(listenersOf(emitter)).toBe(0);
      expect(await rejection(events.next())).toBe(boom);
      expect(await events.next()).toEqual(done);
      await on(refusing, "n").return(undefined);
      expect(t.reported.splice(0)).toEqual([boom]);
    },
  );

  everywhere("a filter that ends the iteration by an event of its own takes nothing more", async () => {
    const emitter = new EventEmitter();
    const events = on(emitter, "n", {
      end: ["end"],
      filter: () => {
        emitter.emit("end");
        return true;
      },
    });
    emitter.emit("n", 1);
    expect(await readAll(events)).toEqual([]);
  });

  everywhere("of an event in `end` and in `reject` the first counts", async () => {
    const emitter = new EventEmitter();
    const events = on(emitter, "n", { end: ["x"], reject: ["x"] });
    emitter.emit("x", new Error("late"));
    expect(await readAll(events)).toEqual([]);
  });

  everywhere("a read that was cancelled takes no event that comes before the reader runs", async () => {
    const emitter = new EventEmitter();
    const undelivered: unknown[] = [];
    const target = {
      on: (name: string, listener: () => void) => void emitter.on(name, listener),
      // Does not remove at once, as a broken emitter.
      off: (name: string, listener: () => void) => void queueMicrotask(() => emitter.off(name, listener)),
    };
    const scope = new CancelScope();
    await scope.run(async () => {
      const events = on(target, "n", { onUndelivered: (args) => undelivered.push(args) });
      const read = rejection(events.next());
      await sleep(1);
      scope.cancel();
      emitter.emit("n", 1);
      expect(await read).toBe(scope.error);
    });
    expect(undelivered).toEqual([[1]]);
  });

  everywhere("dispose and break remove the listeners", async () => {
    const emitter = new EventEmitter();
    const undelivered: unknown[] = [];
    {
      using events = on(emitter, "n", { onUndelivered: (args) => undelivered.push(args) });
      expect(events).toBeDefined();
      emitter.emit("n", 1);
    }
    expect(listenersOf(emitter)).toBe(0);
    await sleep(1);
    expect(undelivered).toEqual([[1]]);
    const events = on(emitter, "n");
    emitter.emit("n", 1);
    for await (const _ of events) break;
    expect([listenersOf(emitter), await events.next()]).toEqual([0, done]);
    const unread = on(emitter, "n");
    await unread[Symbol.asyncDispose]();
    expect(listenersOf(emitter)).toBe(0);
  });

  everywhere("a subscription without a reader ends with its scope (rule 49)", async () => {
    const emitter = new EventEmitter();
    await new Cancellable().run(() => void on(emitter, "n"));
    expect(listenersOf(emitter)).toBe(0);
    await taskGroup((group) => {
      const events = on(emitter, "n", { end: ["end"] });
      group.startSoon(async () => {
        setImmediate(() => emitter.emit("end"));
        expect(await readAll(events)).toEqual([]);
      });
    });
  });

  everywhere("in a cancelled scope nothing listens (rule 41)", async () => {
    const emitter = new EventEmitter();
    const scope = new CancelScope();
    scope.cancel();
    await scope.run(async () => {
      const events = on(emitter, "n");
      expect(listenersOf(emitter)).toBe(0);
      expect(await rejection(events.next())).toBe(scope.error);
      await on(emitter, "n").return(undefined);
    });
  });

  everywhere("a limit ends the iteration", async (t) => {
    const emitter = new EventEmitter();
    expect(await rejection(on(emitter, "n", { timeout: 10 }).next())).toMatchObject({
      name: "TimeoutError",
    });
    t.expectElapsed(10);
    expect(listenersOf(emitter)).toBe(0);
  });

  everywhere("bad arguments throw at once, and nothing listens", async () => {
    const emitter = new EventEmitter();
    const count = "a whole number of at least 0, or Infinity";
    expectThrows("TypeError", [
      [() => on(wrong(5), "n"), "target", "an EventTarget or an EventEmitter", "5"],
      [() => on(emitter, wrong(5)), "event", "a string", "5"],
      [() => on(emitter, "n", { end: wrong("end") }), "options.end", "an array of event names", '"end"'],
      [
        () => on(emitter, "n", { overflow: wrong("drop") }),
        "options.overflow",
        '"fail", "drop-oldest" or "drop-newest"',
        '"drop"',
      ],
      [() => on(emitter, "n", { onUndelivered: wrong(1) }), "options.onUndelivered", "a function", "1"],
    ]);
    expectThrows("RangeError", [
      [() => on(emitter, "n", { capacity: -1 }), "options.capacity", count, "-1"],
      [() => on(emitter, "n", { capacity: 1.5 }), "options.capacity", count, "1.5"],
      [() => on(emitter, "n", { capacity: Number.NaN }), "options.capacity", count, "NaN"],
      [
        () => on(emitter, "n", { capacity: 0, overflow: "drop-oldest" }),
        "options.capacity",
        "at least 1 with a rule that drops",
        "0",
      ],
    ]);
    expect(() => on(emitter, "n", { timeout: Number.NaN })).toThrow(RangeError);
    expect(listenersOf(emitter)).toBe(0);
  });
});

describeEverywhere("on an EventTarget", (everywhere) => {
  const send = (target: EventTarget, ...names: readonly string[]): void => {
    for (const name of names) target.dispatchEvent(new globalThis.Event(name));
  };

  everywhere("the events come in order, and the end after them (VERB-12)", async () => {
    const target = new EventTarget();
    const events = on(target, "tick", { end: ["close"] });
    send(target, "tick", "tick", "close", "tick");
    const types: string[] = [];
    for await (const { type } of events) types.push(type);
    expect(types).toEqual(["tick", "tick"]);
  });

  everywhere("an error event is an event like others, unless it is to reject (VERB-12)", async () => {
    const target = new EventTarget();
    const lenient = on(target, "tick", { end: ["close"] });
    const strict = on(target, "tick", { reject: ["error"] });
    send(target, "tick", "error", "close");
    expect((await readAll(lenient)).length).toBe(1);
    expect(await readAll(strict)).toMatchObject([{ type: "tick" }, { type: "error" }]);
  });

  everywhere("after a cancellation no event is taken (VERB-14)", async () => {
    const target = new EventTarget();
    const seen: string[] = [];
    const scope = new CancelScope();
    const filter = ({ type }: Event): boolean => seen.push(type) > 0;
    const events = await scope.run(() => Promise.resolve([on(target, "tick", { parent: scope, filter })]));
    expect(events).toBeDefined();
    send(target, "tick");
    expect(seen).toEqual([]);
  });
});

describe("on in a scope that is cancelled at every turn", () => {
  const found: unknown[] = [];
  const emitter = new EventEmitter();

  cancelledAtEveryTurn(
    "every event is delivered or given to onUndelivered, and no listener is left (rule 42, rule 26)",
    async () => {
      let sent = 0;
      const emitting = (async () => {
        for (; sent < 5; sent++) {
          emitter.emit("n", sent);
          await sleep(2);
        }
      })();
      const events = on<[number]>(emitter, "n", { onUndelivered: ([n]) => found.push(n) });
      try {
        for await (const [n] of events) {
          found.push(n);
          await sleep(3);
          if (n === 4) break;
        }
      } finally {
        await emitting.catch(() => {});
      }
    },
    {
      times: [0, 2, 4, 8, 11],
      after() {
        expect(emitter.eventNames()).toEqual([]);
        // In order, and without a gap.
        const first = Number(found[0] ?? 0);
        expect(found).toEqual(found.map((_, index) => first + index));
        found.length = 0;
      },
    },
  );
});
