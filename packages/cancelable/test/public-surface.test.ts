import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import * as root from "../src/index.ts";
import * as inspect from "../src/inspect/index.ts";
import * as logging from "../src/logging/index.ts";
import * as testing from "../src/testing/index.ts";

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
    "detectBackend",
    "failAfter",
    "getBackend",
    "isCancellation",
    "map",
    "merge",
    "moveOnAfter",
    "race",
    "registerBackend",
    "registry",
    "report",
    "run",
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
    "AmbientScope",
    "AnyCancellation",
    "AnyFunction",
    "ArgumentsOf",
    "AsyncFunction",
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
    "Duration",
    "DurationStatistics",
    "EffectiveOptions",
    "HistoryQuery",
    "InjectingOptions",
    "InjectingWrapper",
    "Lease",
    "MergeOptions",
    "NativeTaskEvents",
    "ObservedOperation",
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
    "Progress",
    "ProgressDetail",
    "ProgressEstimate",
    "ProgressReport",
    "Promised",
    "RegistryOptions",
    "RegistryStatistics",
    "Reporter",
    "ResourceOptions",
    "ResourceReader",
    "ResourceThresholds",
    "RunOptions",
    "RunVariableToken",
    "ScopeOptions",
    "ScopeParent",
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
    "TaskStatus",
    "TaskValue",
    "TaskValues",
    "UsageErrorCode",
    "WaitOptions",
    "WatchOptions",
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

test("the inspect entry exports exactly these values and types", async () => {
  expect(Object.keys(inspect)).toEqual(["liveScopes"]);
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

test("the package can be imported by exactly these paths, each with types", async () => {
  const manifest = JSON.parse(await readFile(new URL("../package.json", import.meta.url), "utf8")) as {
    readonly exports: Record<string, string | { readonly types?: string; readonly default?: string }>;
  };
  const { "./package.json": self, ...entries } = manifest.exports;
  expect(self).toBe("./package.json");
  expect(entries).toEqual({
    ".": { types: "./dist/index.d.ts", default: "./dist/index.js" },
    "./inspect": { types: "./dist/inspect/index.d.ts", default: "./dist/inspect/index.js" },
    "./logging": { types: "./dist/logging/index.d.ts", default: "./dist/logging/index.js" },
    "./testing": { types: "./dist/testing/index.d.ts", default: "./dist/testing/index.js" },
  });
});

test("every exported class and function has its own name", () => {
  const { registry, AsyncEvent, ...named } = { ...root, ...inspect, ...testing };
  expect(registry).toBeInstanceOf(root.OperationRegistry);
  expect(AsyncEvent).toBe(root.Event);
  for (const [name, value] of Object.entries(named)) {
    expect(value, name).toBeTypeOf("function");
    expect((value as { readonly name: string }).name).toBe(name);
  }
});
