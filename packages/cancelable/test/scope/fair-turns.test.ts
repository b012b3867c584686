import { afterEach, describe, expect, test } from "vitest";
import {
  all,
  Cancellable,
  CancelScope,
  CapacityLimiter,
  cancellable,
  cancellableStream,
  checkpoint,
  chunk,
  Deferred,
  Event,
  failAfter,
  Lock,
  map,
  mapStream,
  merge,
  moveOnAfter,
  Queue,
  race,
  run,
  Semaphore,
  shield,
  taskGroup,
  waitFor,
} from "../../src/index.ts";
import { VirtualBackend } from "../../src/testing/index.ts";

/** A call that need not wait, and that a loop repeats. */
type Call = () => unknown;

function* numbers(): Generator<number> {
  for (let n = 0; ; n++) yield n;
}

async function* asyncNumbers(): AsyncGenerator<number> {
  yield* numbers();
}

const queue = new Queue<number>();
const lock = new Lock();
const semaphore = new Semaphore(1);
const limiter = new CapacityLimiter(1);
const event = new Event();
event.set();
const deferred = new Deferred<number>();
deferred.resolve(1);
const wrapped = cancellable(async (n: number) => n);
const reading = (iterable: AsyncIterable<unknown>): Call => {
  const iterator = iterable[Symbol.asyncIterator]();
  return () => iterator.next();
};

const calls: Record<string, Call> = {
  "put and get of a queue": async () => {
    await queue.put(1);
    await queue.get();
  },
  "a free lock": () => lock.run(() => 1),
  "a free semaphore": () => semaphore.run(() => 1),
  "a free limiter": () => limiter.run(() => 1),
  "a set event": () => event.wait(),
  "a settled deferred": () => deferred.wait(),
  "waitFor of a value": () => waitFor(() => 1),
  "waitFor of a promise": () => waitFor(async () => 1),
  moveOnAfter: () => moveOnAfter(60_000, () => 1),
  failAfter: () => failAfter(60_000, async () => 1),
  shield: () => shield(() => 1),
  "a scope": () => new CancelScope().run(() => 1),
  "an operation": () => new Cancellable().run(() => 1),
  "an operation that fails": () =>
    new Cancellable().settle(() => {
      throw new Error("at once");
    }),
  "a wrapped function": () => wrapped(1),
  "an empty group": () => taskGroup(() => 1),
  "a task that ends at once": () => taskGroup((group) => group.startSoon(() => 1)),
  all: () => all([() => 1]),
  race: () => race([() => 1]),
  map: () => map([1], (n) => n),
  run: () => run(() => 1),
  checkpoint: () => checkpoint(),
};

const streams: Record<string, () => AsyncIterable<unknown>> = {
  "a stream of a generator": () => cancellableStream(numbers()),
  "a stream of an async generator": () => cancellableStream(asyncNumbers()),
  "op.stream": () => new Cancellable().stream(numbers()),
  chunk: () => chunk(asyncNumbers(), 2),
  merge: () => merge(asyncNumbers(), asyncNumbers()),
  mapStream: () => mapStream(numbers(), (n) => n, { concurrency: 2 }),
};

/** Repeats the call until a timer of 1 ms has fired, at most for 5 s. Whether the timer has fired. */
async function untilTimer(call: Call): Promise<boolean> {
  let fired = false;
  setTimeout(() => {
    fired = true;
  }, 1);
  const start = performance.now();
  while (!fired && performance.now() - start < 5_000) await call();
  return fired;
}

describe("a loop over calls that need not wait lets a timer fire: ", () => {
  test.each(Object.entries(calls))("%s", async (_, call) => {
    expect(await untilTimer(call)).toBe(true);
  });

  test.each(Object.entries(streams))("%s", async (_, make) => {
    const stream = make();
    expect(await untilTimer(reading(stream))).toBe(true);
  });
});

describe("a loop lets a timer fire where setTimeout is wrapped, as by zone.js and by error trackers: ", () => {
  const { setTimeout: original } = globalThis;
  afterEach(() => {
    globalThis.setTimeout = original;
  });

  test.each(Object.entries(calls))("%s", async (_, call) => {
    const wrapper = (fire: () => void, ms?: number): unknown => original(fire, ms);
    globalThis.setTimeout = wrapper as typeof original; // without __promisify__
    expect(await untilTimer(call)).toBe(true);
  });
});

test("a loop over a queue is cancelled by a token that a timer cancels", async () => {
  const op = new Cancellable();
  setTimeout(() => op.cancel("shutdown"), 5);
  const outcome = await op.settle(async () => {
    for (;;) {
      await queue.put(1);
      await queue.get();
    }
  });
  expect(outcome).toMatchObject({ status: "cancelled", error: { reason: "shutdown" } });
});

test("what a call has taken is not lost when the cancellation comes during the turn", async () => {
  const items = new Queue<number>();
  for (let n = 0; n < 200_000; n++) items.putNowait(n);
  const got: number[] = [];
  const op = new Cancellable();
  setTimeout(() => op.cancel(), 5);
  await op.settle(async () => {
    for (;;) got.push(await items.get());
  });
  expect(got.length).toBeLessThan(200_000);
  expect(items.getNowait()).toBe(got.length);
});

test("virtual time gives no turn of the host: it depends on nothing but the program", async () => {
  const order = async (): Promise<string[]> => {
    const lines: string[] = [];
    await taskGroup((group) => {
      for (const name of ["a", "b"])
        group.startSoon(async () => {
          for (let n = 0; n < 3; n++) {
            await lock.run(() => lines.push(`${name}${n}`));
            const until = performance.now() + 5;
            while (performance.now() < until);
          }
        });
    });
    return lines;
  };
  const first = await run(order, { backend: new VirtualBackend() });
  expect(first).toHaveLength(6);
  expect(await run(order, { backend: new VirtualBackend() })).toEqual(first);
});

test("a loop over tasks of one group that end at once lets a timer fire", async () => {
  let hasFired = false;
  setTimeout(() => {
    hasFired = true;
  }, 1);
  await taskGroup(async (group) => {
    const end = performance.now() + 10_000;
    while (!hasFired && performance.now() < end) await group.startSoon(() => 1);
    expect(hasFired).toBe(true);
  });
});
