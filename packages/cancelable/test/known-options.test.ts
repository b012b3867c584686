import { expect, test } from "vitest";
import {
  AbortSignalSource,
  all,
  any,
  asCompleted,
  Cancellable,
  CancellationToken,
  CancelScope,
  ConditionSource,
  cancellable,
  cancellableStream,
  cancellableTransform,
  chunk,
  failAfter,
  LinkedCancellationToken,
  map,
  moveOnAfter,
  OperationRegistry,
  Queue,
  ResourceSource,
  race,
  run,
  Semaphore,
  shield,
  taskGroup,
  withCancellable,
  withTimeout,
} from "../src/index.ts";
import { consoleLogger, logOperations } from "../src/logging/index.ts";
import {
  CancellationScenario,
  expectNoLeaks,
  OperationRecorder,
  runWithTimeoutTest,
  VirtualBackend,
  withVirtual,
} from "../src/testing/index.ts";
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
  ["AbortSignalSource", (options) => new AbortSignalSource(never, options), "reason"],
  ["put", (options) => new Queue().put(1, options), "parent"],
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
  ["withTimeout", (options) => withTimeout(5, Promise.resolve(), options), "parent"],
  ["shield", (options) => shield(fn, options), "timeout"],
  ["run", (options) => run(fn, options), "backend"],
  ["all", (options) => all(tasks, options), "concurrency"],
  ["any", (options) => any(tasks, options), "parent"],
  ["race", (options) => race(tasks, options), "parent"],
  ["map", (options) => map([1], fn, options), "concurrency"],
  ["asCompleted", (options) => asCompleted(tasks, options), "concurrency"],
  ["ConditionSource", (options) => new ConditionSource(() => false, options), "interval"],
  ["ResourceSource", (options) => new ResourceSource({ memory: 99 }, options), "reader"],
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
  ["label", "name", (options: never) => new Cancellable(options)],
])("the name %s of other libraries leads to %s", (given, meant, call) => {
  expect((thrown(() => call(wrong({ [given]: 1 }))) as Error).message).toMatch(`did you mean ${meant}?`);
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
