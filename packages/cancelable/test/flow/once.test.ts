import { EventEmitter } from "node:events";
import { describe, expect } from "vitest";
import { CancelScope, once, sleep } from "../../src/index.ts";
import { describeEverywhere, rejection } from "../backends.ts";
import { cancelledAtEveryTurn } from "../every-turn.ts";
import { expectRejects, wrong } from "../refusals.ts";

/** The number of listeners of an emitter. */
const listenersOf = (emitter: EventEmitter): number =>
  emitter.eventNames().reduce((sum, name) => sum + emitter.listenerCount(name), 0);

/** An `EventTarget` that counts its listeners. */
class CountingTarget extends EventTarget {
  listeners = 0;
  override addEventListener(...args: Parameters<EventTarget["addEventListener"]>): void {
    this.listeners++;
    super.addEventListener(...args);
  }
  override removeEventListener(...args: Parameters<EventTarget["removeEventListener"]>): void {
    this.listeners--;
    super.removeEventListener(...args);
  }
}

const dispatch = (target: EventTarget, name: string): boolean =>
  target.dispatchEvent(new globalThis.Event(name));

describeEverywhere("once", (everywhere) => {
  everywhere("an EventTarget gives the event, and an emitter the array of arguments", async () => {
    const target = new CountingTarget();
    const event = once(target, "open");
    expect(target.listeners).toBe(1);
    dispatch(target, "open");
    expect(target.listeners).toBe(0);
    expect((await event).type).toBe("open");
    const emitter = new EventEmitter();
    const args = once(emitter, "open");
    emitter.emit("open", 1, 2);
    expect(listenersOf(emitter)).toBe(0);
    expect(await args).toEqual([1, 2]);
  });

  everywhere("an error event of an emitter rejects, unless the caller waits for this event", async () => {
    const emitter = new EventEmitter();
    const boom = new Error("boom");
    const failed = rejection(once(emitter, "open"));
    const error = once(emitter, "error");
    emitter.emit("error", boom);
    expect([await failed, await error, listenersOf(emitter)]).toEqual([boom, [boom], 0]);
    const target = new EventTarget();
    const rejected = rejection(once(target, "open", { reject: ["close", "broken"] }));
    dispatch(target, "close");
    expect(await rejected).toMatchObject({ type: "close" });
    const broken = rejection(once(target, "open", { reject: ["broken"] }));
    target.dispatchEvent(Object.assign(new globalThis.Event("broken"), { error: boom }));
    expect(await broken).toBe(boom);
  });

  everywhere("the name of an event can be a symbol", async () => {
    const emitter = new EventEmitter();
    const name = Symbol("ready");
    const event = once(emitter, name);
    emitter.emit(name, 1);
    expect(await event).toEqual([1]);
  });

  everywhere("the filter chooses the event", async () => {
    const emitter = new EventEmitter();
    const even = once<[number]>(emitter, "n", { filter: ([n]) => n % 2 === 0 });
    for (const n of [1, 2, 3]) emitter.emit("n", n);
    expect(await even).toEqual([2]);
  });

  everywhere("a filter that returns a promise is refused, because a promise counts as true", async () => {
    const target = new EventTarget();
    const filter = (async () => false) as unknown as () => boolean;
    const ended = rejection(once(target, "n", { filter }));
    target.dispatchEvent(new globalThis.Event("n"));
    expect(await ended).toMatchObject({
      name: "TypeError",
      message: expect.stringMatching(/^options\.filter must be a function that returns no promise/),
    });
  });

  everywhere(
    "a filter that throws in the third event rejects, and emit() does not throw (VERB-15)",
    async () => {
      const emitter = new EventEmitter();
      const boom = new Error("boom");
      let seen = 0;
      const waiting = rejection(
        once(emitter, "n", {
          filter: () => {
            if (++seen === 3) throw boom;
            return false;
          },
        }),
      );
      for (let n = 0; n < 4; n++) emitter.emit("n");
      expect([await waiting, seen, listenersOf(emitter)]).toEqual([boom, 3, 0]);
    },
  );

  everywhere("a cancellation removes the listeners before cancel() returns (VERB-14)", async () => {
    const emitter = new EventEmitter();
    const scope = new CancelScope();
    await scope.run(async () => {
      const waiting = rejection(once(emitter, "open"));
      await sleep(1);
      expect(listenersOf(emitter)).toBe(2);
      scope.cancel();
      expect(listenersOf(emitter)).toBe(0);
      // As if no code had ever listened.
      expect(() => emitter.emit("error", new Error("late"))).toThrow("late");
      expect(await waiting).toBe(scope.error);
    });
  });

  everywhere("an event in the turn of a cancellation is delivered (VERB-14)", async () => {
    const emitter = new EventEmitter();
    const scope = new CancelScope();
    await scope.run(async () => {
      const waiting = once(emitter, "open");
      emitter.emit("open", 1);
      scope.cancel();
      expect(await waiting).toEqual([1]);
    });
  });

  everywhere("in a cancelled scope nothing listens (rule 41)", async () => {
    const emitter = new EventEmitter();
    const scope = new CancelScope();
    scope.cancel();
    await scope.run(async () => {
      const waiting = rejection(once(emitter, "open"));
      expect(listenersOf(emitter)).toBe(0);
      expect(await waiting).toBe(scope.error);
    });
  });

  everywhere("a limit ends the wait", async (t) => {
    const emitter = new EventEmitter();
    const waiting = rejection(once(emitter, "open", { timeout: 10 }));
    expect(await waiting).toMatchObject({ name: "TimeoutError" });
    t.expectElapsed(10);
    expect(listenersOf(emitter)).toBe(0);
  });

  everywhere("a target that refuses a listener rejects, and the first listeners are removed", async (t) => {
    const emitter = new EventEmitter();
    const boom = new Error("boom");
    const refusing = {
      on(name: string, listener: () => void) {
        if (name === "error") throw boom;
        emitter.on(name, listener);
      },
      off(name: string, listener: () => void) {
        emitter.off(name, listener);
        throw boom;
      },
    };
    expect(await rejection(once(refusing, "open"))).toBe(boom);
    expect([listenersOf(emitter), t.reported.splice(0)]).toEqual([0, [boom]]);
  });

  everywhere("bad arguments reject, and nothing listens", async () => {
    const emitter = new EventEmitter();
    await expectRejects("TypeError", [
      [() => once(wrong({}), "open"), "target", "an EventTarget or an EventEmitter", "{}"],
      [() => once(wrong(null), "open"), "target", "an EventTarget or an EventEmitter", "null"],
      [() => once(emitter, wrong(undefined)), "event", "a string", "null"],
      [() => once(emitter, "open", { filter: wrong(1) }), "options.filter", "a function", "1"],
      [
        () => once(emitter, "open", { reject: wrong("error") }),
        "options.reject",
        "an array of event names",
        '"error"',
      ],
      [() => once(emitter, "open", { reject: wrong([1]) }), "options.reject[0]", "a string", "1"],
    ]);
    const parent = new CancelScope();
    await parent.run(() => {});
    expect(await rejection(once(emitter, "open", { parent }))).toMatchObject({ code: "ERR_PARENT_ENDED" });
    expect(await rejection(once(emitter, "open", { timeout: Number.NaN }))).toBeInstanceOf(RangeError);
    expect(listenersOf(emitter)).toBe(0);
  });
});

describe("once in a scope that is cancelled at every turn", () => {
  const emitter = new EventEmitter();

  cancelledAtEveryTurn(
    "no listener is left (rule 42)",
    async () => {
      const waiting = once(emitter, "open", { timeout: 50 });
      await Promise.all([waiting, sleep(5).then(() => emitter.emit("open", 1))]);
    },
    { times: [0, 5], after: () => expect(emitter.eventNames()).toEqual([]) },
  );
});
