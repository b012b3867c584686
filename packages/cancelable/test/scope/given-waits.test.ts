import { expect } from "vitest";
import {
  Cancellable,
  CancelScope,
  CapacityLimiter,
  currentScope,
  Lock,
  Queue,
  Semaphore,
  type WaitOptions,
  waitFor,
  withTimeout,
} from "../../src/index.ts";
import { describeEverywhere, rejection } from "../backends.ts";

/** Something to take, of which there is none at first. */
interface Subject {
  take(options?: WaitOptions): Promise<unknown>;
  offer(): void;
  /** How many are free now. */
  left(): number;
  waiting(): number;
}

const subjects: Readonly<Record<string, () => Subject>> = {
  queue: () => {
    const queue = new Queue<string>();
    return {
      take: (options) => queue.get(options),
      offer: () => queue.putNowait("item"),
      left: () => queue.size,
      waiting: () => queue.waitingGetters,
    };
  },
  lock: () => {
    const lock = new Lock();
    const lease = lock.acquireNowait();
    return {
      take: (options) => lock.acquire(options),
      offer: () => lease.release(),
      left: () => (lock.isLocked ? 0 : 1),
      waiting: () => lock.waiting,
    };
  },
  semaphore: () => {
    const semaphore = new Semaphore(0);
    return {
      take: (options) => semaphore.acquire(options),
      offer: () => semaphore.release(),
      left: () => semaphore.value,
      waiting: () => semaphore.waiting,
    };
  },
  limiter: () => {
    const limiter = new CapacityLimiter(0);
    return {
      take: (options) => limiter.acquire(options),
      offer: () => void (limiter.total = 1),
      left: () => limiter.available,
      waiting: () => limiter.waiting,
    };
  },
};

interface Waiting {
  readonly result: Promise<unknown>;
  cancel(): unknown;
  close?(): Promise<void>;
}

/** Ways to give a wait to a scope that is then cancelled. */
const forms: Readonly<Record<string, (subject: Subject) => Waiting>> = {
  "waitFor, ambient": ({ take }) => {
    const scope = new CancelScope();
    return { result: scope.run(() => waitFor(() => take())), cancel: () => scope.cancel() };
  },
  "waitFor twice": ({ take }) => {
    const [outer, inner] = [new CancelScope(), new CancelScope()];
    const result = outer.run(() => inner.run(() => outer.waitFor(() => inner.waitFor(() => take()))));
    return { result, cancel: () => outer.cancel() };
  },
  "a promise, made outside": ({ take }) => {
    const scope = new CancelScope();
    const promise = take();
    return { result: scope.run(() => waitFor(promise)), cancel: () => scope.cancel() };
  },
  "a wait of another scope, explicit": ({ take }) => {
    const scope = new CancelScope();
    const outer = currentScope();
    return {
      result: scope.run((inner) => inner.waitFor(() => take({ scope: outer }))),
      cancel: () => scope.cancel(),
    };
  },
  "op.waitFor, handle": ({ take }) => {
    const op = new Cancellable().start();
    return {
      result: op.waitFor(() => take()),
      cancel: () => op.cancel(),
      close: () => op[Symbol.asyncDispose](),
    };
  },
  "withTimeout of a promise": ({ take }) => {
    const op = new Cancellable().start();
    return {
      result: withTimeout(60_000, take(), { parent: op }),
      cancel: () => op.cancel(),
      close: () => op[Symbol.asyncDispose](),
    };
  },
};

describeEverywhere("a wait that is given to another scope loses nothing (SYNC-04, rule 48)", (everywhere) => {
  for (const [name, create] of Object.entries(subjects)) {
    for (const [form, wait] of Object.entries(forms)) {
      everywhere(`${name}, ${form}: cut off first, the wait takes nothing and leaves its line`, async () => {
        const subject = create();
        const { result, cancel, close } = wait(subject);
        expect(subject.waiting()).toBe(1);
        cancel();
        expect(subject.waiting()).toBe(0);
        subject.offer();
        expect(await result.catch(() => undefined)).toBeUndefined();
        expect(subject.left()).toBe(1);
        await close?.();
      });

      everywhere(`${name}, ${form}: served and cut off in one turn, the value is delivered`, async () => {
        const subject = create();
        const { result, cancel, close } = wait(subject);
        subject.offer();
        cancel();
        expect(await result).toBeDefined();
        expect([subject.left(), subject.waiting()]).toEqual([0, 0]);
        await close?.();
      });
    }

    everywhere(`${name}: withTimeout(5, …) takes nothing after its expiry`, async (t) => {
      const subject = create();
      expect(await rejection(withTimeout(5, subject.take()))).toMatchObject({ reason: "timeout" });
      t.expectElapsed(5);
      subject.offer();
      expect([subject.left(), subject.waiting()]).toEqual([1, 0]);
    });

    everywhere(`${name}: withTimeout(0, …) delivers a value that was free`, async () => {
      const subject = create();
      subject.offer();
      expect(await withTimeout(0, subject.take())).toBeDefined();
      expect(subject.left()).toBe(0);
    });

    everywhere(`${name}: withTimeout(0, …) leaves the line at once if no value was free`, async () => {
      const subject = create();
      const before = subject.take();
      const [error] = await Promise.all([
        rejection(withTimeout(0, subject.take())),
        Promise.resolve().then(() => expect(subject.waiting()).toBe(1)),
      ]);
      expect(error).toMatchObject({ reason: "timeout" });
      subject.offer();
      expect(await before).toBeDefined();
    });

    everywhere(`${name}: a wait that was cut off has ended for all code that holds its promise`, async () => {
      const subject = create();
      const promise = subject.take();
      const error = await rejection(withTimeout(5, promise));
      expect(await rejection(promise)).toBe(error);
    });
  }

  everywhere("a wait that has ended leaves nothing in the scope that it was given to", async () => {
    const scope = new CancelScope();
    const queue = new Queue<number>();
    const outer = currentScope();
    await scope.run(async () => {
      for (let i = 0; i < 3; i++) {
        const got = scope.waitFor(() => queue.get({ scope: outer }));
        queue.putNowait(i);
        expect(await got).toBe(i);
      }
      expect(scope.node.waiters).toBeUndefined();
    });
  });

  everywhere("a place in line is kept while the wait is given from scope to scope", async () => {
    const queue = new Queue<string>();
    const first = queue.get();
    const second = queue.get();
    const given = withTimeout(1_000, withTimeout(2_000, first));
    queue.putNowait("a");
    queue.putNowait("b");
    expect([await given, await second]).toEqual(["a", "b"]);
  });

  everywhere("objects that only look like promises of this library are foreign work", async () => {
    const odd = new Proxy(Promise.resolve(), {
      get() {
        throw new Error("unreadable");
      },
    });
    expect(await rejection(waitFor(odd))).toMatchObject({ message: "unreadable" });
  });
});
