import { expect } from "vitest";
import {
  all,
  Cancellable,
  CancelScope,
  failAfter,
  map,
  moveOnAfter,
  run,
  shield,
  type TaskHandle,
  taskGroup,
  waitFor,
} from "../../src/index.ts";
import { describeEverywhere, rejection } from "../backends.ts";
import { FrameBackend } from "../frame-backend.ts";

const broken = new Error("cannot read then");

/** Makes an object whose `then` throws when it is read. */
function unreadable(): PromiseLike<never> {
  return Object.defineProperty({}, "then", {
    get() {
      throw broken;
    },
  }) as PromiseLike<never>; // a thenable without a readable `then`
}

/** Makes a proxy that throws at every use. */
function revoked(): PromiseLike<never> {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy as PromiseLike<never>; // for `await` a value like any other
}

describeEverywhere("a value whose `then` cannot be read", (everywhere) => {
  const verbs: Record<string, (make: () => PromiseLike<never>) => Promise<unknown>> = {
    "a child of a group": (make) => taskGroup((group) => void group.startSoon(make)),
    "a child of group.start": (make) => taskGroup((group) => group.start(make)),
    "the body of a group": (make) => taskGroup(make),
    moveOnAfter: (make) => moveOnAfter(60_000, make),
    failAfter: (make) => failAfter(60_000, make),
    shield: (make) => shield(make),
    "CancelScope.run": (make) => new CancelScope().run(make),
    "Cancellable.run": (make) => new Cancellable().run(make),
    waitFor: (make) => waitFor(make),
    all: (make) => all([make]),
    map: (make) => map([1], make),
  };
  for (const [name, verb] of Object.entries(verbs)) {
    everywhere(`is a rejection of ${name}, and the scope around ends`, async () => {
      const around = new CancelScope();
      await around.run(async () => {
        expect(await rejection(verb(unreadable))).toBe(broken);
        expect(await rejection(verb(revoked))).toBeInstanceOf(TypeError);
      });
      expect(around.node.phase).toBe("closed");
    });
  }
});

describeEverywhere("a backend that cannot start a child", (everywhere) => {
  class Full extends FrameBackend {
    override spawn<T>(): TaskHandle<T> {
      throw new Error("no task left");
    }
  }

  everywhere("fails the group with its error, and the group ends", async () => {
    const backend = new Full();
    const starts = [
      () => taskGroup((group) => group.startSoon(() => 1)),
      () => taskGroup((group) => group.start((started) => started(1))),
      () => all([() => 1]),
    ];
    for (const start of starts) {
      expect(await rejection(run(start, { backend }))).toMatchObject({ message: "no task left" });
    }
  });
});
