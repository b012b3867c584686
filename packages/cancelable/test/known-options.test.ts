import { expect, test } from "vitest";
import { debounce, hedge, latest, singleFlight } from "../src/calls/index.ts";
import {
  AbortSignalSource,
  all,
  any,
  asCompleted,
  Cancellable,
  CancellationToken,
  CancelScope,
  CapacityLimiter,
  ConditionSource,
  cancellable,
  cancellableStream,
  cancellableTransform,
  chunk,
  decode,
  failAfter,
  interval,
  LinkedCancellationToken,
  Lock,
  lines,
  map,
  mapSettled,
  mapStream,
  moveOnAfter,
  OperationRegistry,
  on,
  once,
  Queue,
  ResourceSource,
  race,
  retry,
  run,
  Semaphore,
  select,
  shield,
  taskGroup,
  withCancellable,
  withTimeout,
} from "../src/index.ts";
import { consoleLogger, logOperations } from "../src/logging/index.ts";
import { main, runProcess } from "../src/process/index.ts";
import { Barrier, Broadcast, PriorityQueue, RateLimiter, ReadWriteLock } from "../src/sync/index.ts";
import {
  CancellationScenario,
  expectNoLeaks,
  OperationRecorder,
  runWithTimeoutTest,
  VirtualBackend,
  withVirtual,
} from "../src/testing/index.ts";
import {
  PiscinaPool,
  runInThread,
  settleInThread,
  streamFromThread,
  ThreadBridge,
} from "../src/threads/index.ts";
import { rejection } from "./backends.ts";
import { thrown, wrong } from "./refusals.ts";

const fn = (): undefined => undefined;
const tasks = [fn];
const op = (): Cancellable => new Cancellable();
const registry = new OperationRegistry();
const never = new AbortController().signal;
const virtualTest = withVirtual(() => {});

/** Every function that takes options: its name in messages, a call with these options, and an option of its own. */
const entries: ReadonlyArray<readonly [of: string, call: (options: never) => unknown, own: string]> = [
  ["Cancellable", (options) => new Cancellable(options), "name"],
  ["ThreadBridge", (options) => new ThreadBridge({}, options), "capacity"],
  ["PiscinaPool", (options) => new PiscinaPool(options), "threads"],
  ["runInThread", (options) => runInThread({ module: new URL("file:///x.js") }, [], options), "limiter"],
  [
    "settleInThread",
    (options) => settleInThread({ module: new URL("file:///x.js") }, [], options),
    "transfer",
  ],
  [
    "streamFromThread",
    (options) => streamFromThread({ module: new URL("file:///x.js") }, [], options),
    "buffer",
  ],
  ["Cancellable", (options) => Cancellable.withTimeout(5, options), "grace"],
  ["Cancellable", (options) => Cancellable.withToken(new CancellationToken(), options), "metadata"],
  ["Cancellable", (options) => Cancellable.withAbortSignal(never, options), "parent"],
  ["Cancellable", (options) => Cancellable.withCondition(() => false, options), "register"],
  ["Cancellable", (options) => Cancellable.withResources({ memory: 99 }, options), "name"],
  ["Cancellable", (options) => Cancellable.withDeadline(new Date(), options), "progressFrom"],
  ["cancel", (options) => op().cancel("manual", "", options), "propagate"],
  ["op.shield", (options) => op().shield(fn, options), "timeout"],
  ["op.stream", (options) => op().stream([], options), "idleTimeout"],
  ["cancel", (options) => new CancellationToken().cancel("manual", "", options), "cause"],
  ["chunk", (options) => chunk([], 1, options), "reportEvery"],
  ["lines", (options) => lines([], options), "onUndelivered"],
  ["decode", (options) => decode([], options), "encoding"],
  ["AbortSignalSource", (options) => new AbortSignalSource(never, options), "reason"],
  ["PriorityQueue", (options) => new PriorityQueue(1, options), "compare"],
  ["RateLimiter", (options) => new RateLimiter(options), "limit"],
  ["acquire", (options) => new RateLimiter({ limit: 1, per: 1 }).acquire(options), "weight"],
  ["acquireNowait", (options) => new RateLimiter({ limit: 1, per: 1 }).acquireNowait(options), "weight"],
  ["Broadcast", (options) => new Broadcast(options), "replay"],
  ["subscribe", (options) => new Broadcast().subscribe(options), "capacity"],
  ["publish", (options) => new Broadcast().publish(1, options), "scope"],
  ["wait", (options) => new Barrier(2).wait(options), "scope"],
  ["join", (options) => new Queue().join(options), "scope"],
  ["put", (options) => new Queue().put(1, options), "scope"],
  ["Queue", (options) => new Queue(1, options), "overflow"],
  [
    "link",
    (options) => new LinkedCancellationToken().link(new CancellationToken(), options),
    "preserveReason",
  ],
  ["cancellable", (options) => cancellable(options, fn), "signal"],
  ["cancellable", (options) => cancellable(options), "timeout"],
  ["withCancellable", (options) => withCancellable(op(), fn, options), "inject"],
  ["cancellableStream", (options) => cancellableStream([], options), "bufferPartial"],
  ["cancellableTransform", (options) => cancellableTransform(options), "signal"],
  ["CancelScope", (options) => new CancelScope(options), "timeout"],
  ["CancelScope", (options) => new VirtualBackend().createCancelScope(options), "shield"],
  ["taskGroup", (options) => taskGroup(fn, options), "failures"],
  ["moveOnAfter", (options) => moveOnAfter(5, fn, options), "shield"],
  ["failAfter", (options) => failAfter(5, fn, options), "shield"],
  ["withTimeout", (options) => withTimeout(5, fn, options), "parent"],
  ["withTimeout", (options) => withTimeout(5, Promise.resolve(), options), "value"],
  ["shield", (options) => shield(fn, options), "timeout"],
  ["run", (options) => run(fn, options), "backend"],
  ["all", (options) => all(tasks, options), "concurrency"],
  ["any", (options) => any(tasks, options), "onUndelivered"],
  ["select", (options) => select({ queue: new Queue() }, options), "order"],
  ["race", (options) => race(tasks, options), "onUndelivered"],
  ["map", (options) => map([1], fn, options), "concurrency"],
  ["mapSettled", (options) => mapSettled([1], fn, options), "concurrency"],
  ["mapStream", (options) => mapStream([1], fn, options), "buffer"],
  ["once", (options) => once(new EventTarget(), "open", options), "filter"],
  ["on", (options) => on(new EventTarget(), "open", options), "overflow"],
  ["asCompleted", (options) => asCompleted(tasks, options), "concurrency"],
  ["interval", (options) => interval(5, options), "immediate"],
  ["retry", (options) => retry(fn, options), "attemptTimeout"],
  ["hedge", (options) => hedge(fn, options), "onUndelivered"],
  ["latest", (options) => latest(fn, options), "grace"],
  ["singleFlight", (options) => singleFlight(fn, options), "key"],
  ["debounce", (options) => debounce(fn, 5, options), "leading"],
  ["runProcess", (options) => runProcess("true", [], options), "maxOutput"],
  ["main", (options) => main(fn, options), "signals"],
  ["ConditionSource", (options) => new ConditionSource(() => false, options), "interval"],
  ["ResourceSource", (options) => new ResourceSource({ memory: 99 }, options), "reader"],
  ["acquire", (options) => new Semaphore(1).acquire(options), "priority"],
  ["acquiring", (options) => new Semaphore(1).acquiring(options), "weight"],
  ["acquireNowait", (options) => new Semaphore(1).acquireNowait(options), "weight"],
  ["acquire", (options) => new Lock().acquire(options), "priority"],
  ["acquire", (options) => new CapacityLimiter(1).acquire(options), "borrower"],
  ["acquireNowait", (options) => new CapacityLimiter(1).acquireNowait(options), "borrower"],
  ["acquiring", (options) => new CapacityLimiter(1).acquiring(options), "borrower"],
  ["release", (options) => new CapacityLimiter(1).release(options), "borrower"],
  ["acquireRead", (options) => new ReadWriteLock().acquireRead(options), "scope"],
  ["acquireWrite", (options) => new ReadWriteLock().acquireWrite(options), "scope"],
  ["whenIdle", (options) => new Lock().whenIdle(options), "scope"],
  ["Semaphore", (options) => new Semaphore(1, options), "max"],
  ["OperationRegistry", (options) => new OperationRegistry(options), "history"],
  ["a filter", (options) => registry.list(options), "status"],
  ["history", (options) => registry.history(options), "limit"],
  ["watch", (options) => registry.watch(options), "throttle"],
  ["cleanupCompleted", (options) => registry.cleanupCompleted(options), "olderThan"],
  ["consoleLogger", (options) => consoleLogger(options), "level"],
  ["logOperations", (options) => logOperations(consoleLogger(), options), "levels"],
  ["expectNoLeaks", (options) => expectNoLeaks(fn, options), "settle"],
  ["runWithTimeoutTest", (options) => runWithTimeoutTest(5, fn, options), "tolerance"],
  ["VirtualBackend", (options) => new VirtualBackend(options), "autoJump"],
  ["test.virtual", (options) => virtualTest.virtual("title", fn, options), "patience"],
  ["an expectation", (options) => new CancellationScenario().expectStatus("completed", options), "within"],
  ["events", (options) => new OperationRecorder().events(options), "matching"],
  ["assertEvent", (options) => new OperationRecorder().assertEvent("start", options), "matching"],
];

async function refusal(call: () => unknown): Promise<unknown> {
  let result: unknown;
  try {
    result = call();
  } catch (error) {
    return error;
  }
  return result instanceof Promise ? rejection(result) : expect.fail(`not refused: ${call.toString()}`);
}

test.each(entries)("%s refuses an option that it does not have", async (of, call, own) => {
  const error = await refusal(() => call(wrong({ nonsense: 1 })));
  expect(error).toBeInstanceOf(TypeError);
  expect(error).toMatchObject({
    code: "ERR_UNKNOWN_OPTION",
    message: expect.stringMatching(
      new RegExp(
        `^(options|query|filter)\\.nonsense is not an option of ${of}; the options are .*\\b${own}\\b`,
      ),
    ),
  });
});

test.each(entries)("%s names the option that a wrong name resembles", async (_, call, own) => {
  const wrongName = `${own.slice(0, -2)}${own.at(-1)}${own.at(-2)}`;
  const error = await refusal(() => call(wrong({ [wrongName]: undefined })));
  expect((error as Error).message).toMatch(
    new RegExp(`\\.${wrongName} is not an option of .*; did you mean ${own}\\?$`),
  );
});

test.each([
  ["abortSignal", "signal", (options: never) => cancellable(options, fn)],
  ["graceMs", "grace", (options: never) => new Cancellable(options)],
  ["timeoutMs", "timeout", (options: never) => new CancelScope(options)],
  ["conditionInterval", "condition.interval", (options: never) => cancellable(options, fn)],
  ["maxConcurrency", "concurrency", (options: never) => asCompleted(tasks, options)],
  ["limit", "concurrency", (options: never) => asCompleted(tasks, options)],
  ["retries", "attempts", (options: never) => retry(fn, options)],
  ["label", "name", (options: never) => new Cancellable(options)],
])("the name %s of other libraries leads to %s", async (given, meant, call) => {
  expect(((await refusal(() => call(wrong({ [given]: 1 })))) as Error).message).toMatch(
    `did you mean ${meant}?`,
  );
});

test("an option of an operation that a scope does not have leads to Cancellable", () => {
  expect((thrown(() => new CancelScope(wrong({ register: true }))) as Error).message).toBe(
    "options.register is not an option of CancelScope; it is an option of Cancellable",
  );
});

test("inherited names are not refused, because a program may extend Object.prototype", () => {
  const options: unknown = Object.create({ nonsense: 1 }, { name: { value: "load", enumerable: true } });
  expect(new Cancellable(wrong(options)).name).toBe("load");
  expect(thrown(() => new Cancellable(wrong({ toString: () => "" })))).toBeInstanceOf(TypeError);
});

test("a refused operation leaves no child in its parent (rule 24)", async () => {
  const parent = op();
  await parent.run(() => {
    for (const call of [
      () => new Cancellable(wrong({ parent, nonsense: 1 })),
      () => cancellableStream([], wrong({ parent, nonsense: 1 })),
      () => Cancellable.withCondition(() => false, wrong({ parent, nonsense: 1 })),
    ])
      thrown(call);
    expect(parent.children).toEqual([]);
  });
});
