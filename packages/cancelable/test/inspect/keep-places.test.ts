import { expect } from "vitest";
import {
  Cancellable,
  type CancellationError,
  CancelScope,
  CapacityLimiter,
  cancellationOf,
  failAfter,
  type Lease,
  Lock,
  moveOnAfter,
  sleep,
  sleepForever,
  taskGroup,
} from "../../src/index.ts";
import { keepPlaces, liveScopes } from "../../src/inspect/index.ts";
import { type Case, describeEverywhere, inVirtualTime, rejection } from "../backends.ts";
import { expectThrows, wrong } from "../refusals.ts";

/** Runs a test with places kept. */
const kept =
  (body: (t: Case) => Promise<unknown>) =>
  async (t: Case): Promise<void> => {
    const before = keepPlaces(true);
    try {
      await body(t);
    } finally {
      keepPlaces(before);
    }
  };

const here = /keep-places\.test\.ts/;

async function cancellationIn(promise: Promise<unknown>): Promise<CancellationError> {
  return cancellationOf(await rejection(promise)) as CancellationError;
}

describeEverywhere("the place where a scope was made", (everywhere) => {
  everywhere(
    "is in the error of a timeout, and is the only frame of its stack",
    kept(async () => {
      const error = await cancellationIn(
        // Not a tail call: JavaScriptCore drops its frame.
        (async function loadUsers() {
          await failAfter(1, () => sleepForever());
        })(),
      );
      expect(error.place).toMatch(/^loadUsers \(.*keep-places\.test\.ts.*:\d+:\d+\)$/);
      expect(error.stack).toBe(`TimeoutError: ${error.message}\n    at ${error.place}`);
    }),
  );

  everywhere(
    "is in the error of an operation, with the name and the id",
    kept(async () => {
      class Job extends Cancellable {}
      for (const make of [
        () => new Cancellable({ name: "load" }),
        () => new Job({ name: "load" }),
        () => Job.withTimeout(10_000, { name: "load" }),
      ]) {
        const error = await cancellationIn(
          make().run((op) => {
            op.cancel();
            return op.sleep(1);
          }),
        );
        expect(error.operation?.name).toBe("load");
        expect(error.place).toMatch(here);
      }
    }),
  );

  everywhere(
    "is that of the cancelled scope, in an error that reaches the scopes below and the operations below",
    kept(async () => {
      const outer = new CancelScope({ name: "outer" });
      let error: CancellationError | undefined;
      let ofOperation: CancellationError | undefined;
      await outer.run(async () => {
        outer.cancel();
        error = await cancellationIn(new CancelScope().run(() => sleep(1)));
        ofOperation = await cancellationIn(new Cancellable().run(() => sleep(1)));
      });
      expect(error).toBe(outer.error);
      expect(error?.place).toMatch(here);
      expect(ofOperation?.place).toMatch(here);
      expect(ofOperation?.place).not.toBe(error?.place);
      expect(ofOperation?.stack).toContain(`\n    at ${ofOperation?.place}`);
    }),
  );

  everywhere(
    "is in liveScopes, for operations, groups, tasks and plain scopes",
    kept(async () => {
      await new Cancellable().run((op) =>
        taskGroup(async (group) => {
          group.startSoon(async () => {
            await moveOnAfter(null, () => sleepForever());
          });
          await sleep(1);
          const scopes = liveScopes(op);
          expect(scopes.map(({ kind }) => kind)).toEqual(["operation", "scope", "task", "scope"]);
          for (const { place } of scopes) expect(place).toMatch(here);
          expect(new Set(scopes.map(({ place }) => place)).size).toBe(4);
          group.cancel();
        }),
      );
    }),
  );

  everywhere("is not kept by default, and from then on when it is switched on", async () => {
    const early = new Cancellable({ name: "early" });
    expect(keepPlaces(true)).toBe(false);
    try {
      expect(liveScopes(early)[0]?.place).toBeUndefined();
      expect(liveScopes(new Cancellable())[0]?.place).toMatch(here);
    } finally {
      expect(keepPlaces(false)).toBe(true);
    }
    expect(liveScopes(new Cancellable())[0]?.place).toBeUndefined();
    early.cancel();
    expect(early.error).toMatchObject({ place: undefined });
    expect((await cancellationIn(failAfter(1, () => sleepForever()))).stack ?? "").not.toMatch(/\n\s+at /);
  });

  everywhere("keepPlaces takes true or false", () => {
    expectThrows("TypeError", [[() => keepPlaces(wrong("yes")), "on", "true or false", '"yes"']]);
  });

  everywhere("is left out of the JSON of an error: it is a path of this machine", () => {
    keepPlaces(true);
    const op = new Cancellable();
    keepPlaces(false);
    op.cancel();
    expect(op.error?.place).toMatch(here);
    expect(JSON.stringify(op.error)).not.toMatch(here);
  });

  everywhere("is read from a stack in the notation of other engines", () => {
    const before = Object.getOwnPropertyDescriptor(Error, "prepareStackTrace");
    const value = (): string =>
      "load@http://host/app/users.js:12:9\n@http://host/app/main.js:1:2\n[native code]";
    Object.defineProperty(Error, "prepareStackTrace", { value, configurable: true });
    keepPlaces(true);
    try {
      expect(liveScopes(new Cancellable())[0]?.place).toBe("load (http://host/app/users.js:12:9)");
      Object.defineProperty(Error, "prepareStackTrace", {
        value: () => "@http://host/app/main.js:1:2",
        configurable: true,
      });
      expect(liveScopes(new Cancellable())[0]?.place).toBe("http://host/app/main.js:1:2");
    } finally {
      keepPlaces(false);
      delete (Error as { prepareStackTrace?: unknown }).prepareStackTrace;
      if (before !== undefined) Object.defineProperty(Error, "prepareStackTrace", before);
    }
  });

  everywhere("is undefined where the stack is not text", () => {
    const before = Object.getOwnPropertyDescriptor(Error, "prepareStackTrace");
    Object.defineProperty(Error, "prepareStackTrace", { value: () => [], configurable: true });
    try {
      keepPlaces(true);
      expect(liveScopes(new Cancellable())[0]?.place).toBeUndefined();
    } finally {
      keepPlaces(false);
      delete (Error as { prepareStackTrace?: unknown }).prepareStackTrace;
      if (before !== undefined) Object.defineProperty(Error, "prepareStackTrace", before);
    }
  });
});

/** Acquires twice in one task, which is cancelled after 6 s. */
function acquireTwice(acquire: () => Promise<Lease>): Promise<unknown> {
  return taskGroup((group) => {
    group.startSoon(() =>
      moveOnAfter(6_000, async function work() {
        using _first = await acquire();
        using _second = await acquire();
      }),
    );
  });
}

inVirtualTime("the report of a task that waits for its own lock names both places (SYNC-02)", async (t) => {
  await acquireTwice(async function acquiring() {
    return new Lock().acquire();
  });
  const lock = new Lock();
  await acquireTwice(() => lock.acquire());
  const [withoutPlaces] = t.reported.splice(0) as Error[];
  expect(withoutPlaces?.message).toMatch(/for 5 s at .*keep-places.test.ts.*\)\.$/);
  expect(withoutPlaces?.message).not.toContain("it acquired");
  await kept(async () => {
    for (const lender of [new Lock(), new CapacityLimiter(1)]) {
      await acquireTwice(() => lender.acquire());
      // The lease that a waiter was given has the place where it began to wait.
      const first = await lender.acquire();
      const second = acquireTwice(() => lender.acquire());
      await sleep(1);
      first.release();
      await second;
    }
  })(t);
  const messages = (t.reported.splice(0) as Error[]).map(({ message }) => message);
  expect(messages).toHaveLength(2); // one for each lender
  for (const message of messages)
    expect(message).toMatch(/for 5 s at .*keep-places.*; it acquired the lease at .*keep-places.*\)\.$/);
});

inVirtualTime("a lease that was waited for from before places were kept has none", async (t) => {
  const lock = new Lock();
  const held = await lock.acquire();
  const before = keepPlaces(false);
  try {
    await taskGroup(async (group) => {
      group.startSoon(() => acquireTwice(() => lock.acquire()));
      await sleep(1);
      keepPlaces(true);
      held.release();
    });
  } finally {
    keepPlaces(before);
  }
  expect(t.reported.splice(0)).toMatchObject([
    { message: expect.not.stringMatching(/acquired the lease at/) },
  ]);
});
