import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import * as calls from "../src/calls/index.ts";
import * as extending from "../src/extending/index.ts";
import * as root from "../src/index.ts";
import * as inspect from "../src/inspect/index.ts";
import * as logging from "../src/logging/index.ts";
import * as processes from "../src/process/index.ts";
import * as sync from "../src/sync/index.ts";
import * as testing from "../src/testing/index.ts";
import * as threads from "../src/threads/index.ts";

/** The types that an entry exports. They do not exist at run time, so they are read from the entry's text. */
async function typesOf(entry: string): Promise<string[]> {
  const text = await readFile(new URL(entry, import.meta.url), "utf8");
  const found: string[] = [];
  for (const [, allTypes, names] of text.matchAll(/export (type )?\{([^}]*)\}/g)) {
    for (const name of (names ?? "").split(",").map((part) => part.trim())) {
      if (name.startsWith("type ")) found.push(name.slice("type ".length));
      else if (allTypes !== undefined && name !== "") found.push(name);
    }
  }
  return found.sort();
}

test("the root exports exactly these values", () => {
  expect(Object.keys(root).sort()).toEqual([
    "AbortSignalSource",
    "AllOfSource",
    "AnyOfSource",
    "AsyncBackend",
    "AsyncEvent",
    "CancelScope",
    "Cancellable",
    "CancellationError",
    "CancellationSource",
    "CancellationToken",
    "CapacityLimiter",
    "Condition",
    "ConditionCancellation",
    "ConditionSource",
    "DeadlineSource",
    "Deferred",
    "DeferredCancelledError",
    "Event",
    "LagError",
    "LinkedCancellationToken",
    "Lock",
    "ManualCancellation",
    "MemoryStore",
    "NativeTask",
    "OperationContext",
    "OperationRegistry",
    "ParentCancellation",
    "Queue",
    "QueueClosedError",
    "QueueReceiver",
    "QueueSender",
    "ResourceSource",
    "RunVariable",
    "Semaphore",
    "SignalCancellation",
    "SignalReceiver",
    "SignalSource",
    "TaskCancelledError",
    "TaskFailedError",
    "TimeoutCancellation",
    "TimeoutSource",
    "TokenSource",
    "UsageError",
    "after",
    "all",
    "any",
    "asCompleted",
    "bind",
    "cancellable",
    "cancellableStream",
    "cancellableTransform",
    "cancellationOf",
    "checkpoint",
    "chunk",
    "currentDeadline",
    "currentOperation",
    "currentScope",
    "currentSignal",
    "decode",
    "detectBackend",
    "failAfter",
    "getBackend",
    "interval",
    "isCancellation",
    "lines",
    "map",
    "mapSettled",
    "mapStream",
    "merge",
    "moveOnAfter",
    "on",
    "once",
    "race",
    "registerBackend",
    "registry",
    "report",
    "retry",
    "run",
    "select",
    "setReporter",
    "shield",
    "sleep",
    "sleepForever",
    "sleepUntil",
    "taskGroup",
    "unwrap",
    "waitFor",
    "withCancellable",
    "withCurrentOperation",
    "withTimeout",
  ]);
});

test("the root exports exactly these types", async () => {
  expect(await typesOf("../src/index.ts")).toEqual([
    "AbortSignalOptions",
    "AcquireOptions",
    "After",
    "AmbientScope",
    "AnyCancellation",
    "AnyFunction",
    "AnyTaskValue",
    "ArgumentsOf",
    "ArmValue",
    "AsyncFunction",
    "Backoff",
    "BackoffFunction",
    "BorrowOptions",
    "Callback",
    "CallbackArguments",
    "CallbackKind",
    "CancelOptions",
    "CancellableFunction",
    "CancellableOptions",
    "CancellableStream",
    "CancellableStreamOptions",
    "CancellableTransform",
    "CancellableTransformOptions",
    "CancellableWrapper",
    "CancellationErrorOptions",
    "CancellationJson",
    "CancellationPart",
    "CancellationReason",
    "ChunkOptions",
    "ConcurrencyOptions",
    "ConditionOption",
    "ConditionOptions",
    "DecodeOptions",
    "Duration",
    "DurationStatistics",
    "EffectiveOptions",
    "EmitterLike",
    "EventIterator",
    "EventOverflow",
    "HistoryQuery",
    "InjectingOptions",
    "InjectingWrapper",
    "IntervalOptions",
    "Lease",
    "Limits",
    "LinesOptions",
    "MapStreamOptions",
    "MergeOptions",
    "NativeTaskEvents",
    "ObservedOperation",
    "OnOptions",
    "OnceOptions",
    "OperationDirectory",
    "OperationEvent",
    "OperationEventName",
    "OperationFilter",
    "OperationObserver",
    "OperationSnapshot",
    "OperationStatus",
    "OperationStore",
    "OperationTree",
    "OperationWatcher",
    "OtherCancellation",
    "Outcome",
    "ParentOption",
    "PartialResult",
    "PermitOptions",
    "Progress",
    "ProgressDetail",
    "ProgressEstimate",
    "ProgressReport",
    "Promised",
    "QueueOptions",
    "RaceOptions",
    "RegistryOptions",
    "RegistryStatistics",
    "Reporter",
    "ResourceOptions",
    "ResourceReader",
    "ResourceThresholds",
    "RetryAttempt",
    "RetryOptions",
    "RunOptions",
    "RunVariableToken",
    "ScopeOptions",
    "ScopeParent",
    "SelectArm",
    "SelectOptions",
    "Selectable",
    "Selected",
    "ShieldOptions",
    "SignalName",
    "SourceOptions",
    "SourceSink",
    "Span",
    "StoredOperation",
    "StreamInput",
    "StreamItem",
    "StreamOptions",
    "StreamProgress",
    "Task",
    "TaskGroup",
    "TaskGroupOptions",
    "TaskHandle",
    "TaskInput",
    "TaskSource",
    "TaskStatus",
    "TaskValue",
    "TaskValues",
    "UsageErrorCode",
    "WaitOptions",
    "WatchOptions",
    "WithTimeoutOptions",
    "WrapOptions",
    "Wrapped",
  ]);
});

test("the testing entry exports exactly these values and types", async () => {
  expect(Object.keys(testing).sort()).toEqual([
    "AssertionError",
    "CancellationScenario",
    "MockCancellationToken",
    "OperationRecorder",
    "Sequencer",
    "VirtualBackend",
    "assertCancellationWithin",
    "createSlowStream",
    "expectNoLeaks",
    "runWithTimeoutTest",
    "stepRecorder",
    "withVirtual",
  ]);
  expect(await typesOf("../src/testing/index.ts")).toEqual([
    "CancelCall",
    "EventFilter",
    "ExpectOptions",
    "LeakOptions",
    "Listened",
    "RecordedData",
    "RecordedEvent",
    "StepRecorder",
    "TestFunction",
    "TimeoutTestOptions",
    "VirtualBackendOptions",
    "VirtualTest",
    "VirtualTestOptions",
  ]);
});

test("the calls entry exports exactly these values and types", async () => {
  expect(Object.keys(calls).sort()).toEqual(["debounce", "hedge", "latest", "singleFlight"]);
  expect(await typesOf("../src/calls/index.ts")).toEqual([
    "DebounceOptions",
    "Debounced",
    "HedgeAttempt",
    "HedgeOptions",
    "LatestOptions",
    "SingleFlightOptions",
  ]);
});

test("the extending entry exports exactly these values and types", async () => {
  expect(Object.keys(extending).sort()).toEqual([
    "formatSpan",
    "invalidType",
    "isThenable",
    "outOfRange",
    "requireBoolean",
    "requireCount",
    "requireFunction",
    "requireKnownOptions",
    "requireOneOf",
    "requireOptions",
    "requireText",
    "requireWhole",
    "show",
    "toInterval",
    "toList",
    "toMilliseconds",
    "withCause",
  ]);
  expect(await typesOf("../src/extending/index.ts")).toEqual(["KnownOptions"]);
});

test("the inspect entry exports exactly these values and types", async () => {
  expect(Object.keys(inspect)).toEqual(["keepPlaces", "liveScopes"]);
  expect(await typesOf("../src/inspect/index.ts")).toEqual(["LiveOperation", "LiveScope"]);
});

test("the logging entry exports exactly these values and types", async () => {
  expect(Object.keys(logging).sort()).toEqual(["consoleLogger", "logOperations"]);
  expect(await typesOf("../src/logging/index.ts")).toEqual([
    "ConsoleLike",
    "ConsoleLoggerOptions",
    "LogLevel",
    "LogMethod",
    "LogOptions",
    "LoggedEvent",
    "OperationLogger",
  ]);
});

test("the process entry exports exactly these values and types", async () => {
  expect(Object.keys(processes).sort()).toEqual([
    "CommandNotExecutableError",
    "CommandNotFoundError",
    "ProcessCancellation",
    "ProcessError",
    "ProcessFailedError",
    "ProcessNotEndedError",
    "ProcessOutputError",
    "ProcessStartError",
    "WorkingDirectoryError",
    "main",
    "runProcess",
  ]);
  expect(await typesOf("../src/process/index.ts")).toEqual([
    "MainOptions",
    "ProcessEnding",
    "ProcessErrorCode",
    "ProcessOutput",
    "ProcessResult",
    "RunProcessOptions",
  ]);
});

test("the sync entry exports exactly these values and types", async () => {
  expect(Object.keys(sync).sort()).toEqual([
    "Barrier",
    "Broadcast",
    "Keyed",
    "LagError",
    "PriorityQueue",
    "RateLimiter",
    "ReadWriteLock",
    "Subscription",
  ]);
  expect(await typesOf("../src/sync/index.ts")).toEqual([
    "BroadcastOptions",
    "KeyedPrimitive",
    "PriorityQueueOptions",
    "RateLimiterOptions",
    "RateOptions",
    "SubscribeOptions",
  ]);
});

test("the threads entry exports exactly these values and types", async () => {
  const { threadEntry, ...named } = threads;
  expect(threadEntry).toBeInstanceOf(URL);
  expect(Object.keys(named).sort()).toEqual([
    "BridgeCaller",
    "PiscinaPool",
    "RegistryClient",
    "RegistryHost",
    "SharedCancellationToken",
    "ThreadBridge",
    "ThreadEndedError",
    "checkEvery",
    "runInThread",
    "settleInThread",
    "streamFromThread",
  ]);
  expect(await typesOf("../src/threads/index.ts")).toEqual([
    "BridgeHandle",
    "BridgeHandlers",
    "BridgeOptions",
    "PiscinaPoolOptions",
    "SharedTokenHandle",
    "StreamFromThreadOptions",
    "ThreadItem",
    "ThreadLimits",
    "ThreadOptions",
    "ThreadOutcome",
    "ThreadPool",
    "ThreadWork",
  ]);
});

test("the package can be imported by exactly these paths, each with types", async () => {
  const manifest = JSON.parse(await readFile(new URL("../package.json", import.meta.url), "utf8")) as {
    readonly exports: Record<string, unknown>;
  };
  const { "./package.json": self, ...entries } = manifest.exports;
  expect(self).toBe("./package.json");
  const paths = ["calls", "extending", "inspect", "logging", "process", "sync", "testing", "threads"];
  const filesOf = (name: string, path: string): unknown => {
    const types = `./dist/${path}index.d.ts`;
    const onNode = { types, default: `./dist/node/${name}.js` };
    const required = { types: `./dist/${name}.d.cts`, default: `./dist/cjs/${name}.cjs` };
    return {
      bun: onNode,
      deno: onNode,
      // Node loads one copy for `import` and `require`.
      node: { "module-sync": onNode, import: onNode, require: required },
      default: { types, default: `./dist/web/${path}index.js` },
    };
  };
  expect(entries).toEqual({
    ".": filesOf("index", ""),
    ...Object.fromEntries(paths.map((name) => [`./${name}`, filesOf(name, `${name}/`)])),
  });
});

test("every exported class and function has its own name", () => {
  const { registry, AsyncEvent, threadEntry, ...named } = {
    ...root,
    ...calls,
    ...extending,
    ...inspect,
    ...processes,
    ...sync,
    ...testing,
    ...threads,
  };
  expect(registry).toBeInstanceOf(root.OperationRegistry);
  expect(AsyncEvent).toBe(root.Event);
  for (const [name, value] of Object.entries(named)) {
    expect(value, name).toBeTypeOf("function");
    expect((value as { readonly name: string }).name).toBe(name);
  }
});
