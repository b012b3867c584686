import { Cancellable, OperationRegistry, setReporter, UsageError } from "@hother/cancelable";
import { afterEach, expect, test, vi } from "vitest";
import { renderProgress } from "../../src/terminal/index.ts";
import { FakeFile, FakeTerminal } from "./fake-terminal.ts";

afterEach(() => {
  vi.doUnmock("log-update");
  vi.unstubAllEnvs();
});

test.each([
  [[{}], TypeError, /^target must be a Cancellable or an OperationRegistry/],
  [[undefined], TypeError, /^target must be/],
  [[new OperationRegistry(), []], TypeError, /^options must be an object/],
  [[new OperationRegistry(), { stream: {} }], TypeError, /^options\.stream must be a stream/],
  [[new OperationRegistry(), { interval: 0 }], RangeError, /^options\.interval must be a positive, finite/],
  [
    [new OperationRegistry(), { width: 0 }],
    RangeError,
    /^options\.width must be a whole number of at least 1/,
  ],
  [[new OperationRegistry(), { width: "80" }], TypeError, /^options\.width must be a number/],
  [[new OperationRegistry(), { colour: "red" }], TypeError, /^options\.colour must be true or false/],
])("renderProgress refuses what is no target or option: %#", (args, kind, message) => {
  const call = () => renderProgress(...(args as unknown as Parameters<typeof renderProgress>));
  expect(call).toThrow(kind);
  expect(call).toThrow(message);
});

test("Where log-update is missing the reporter is told what to install, and plain lines are written", async () => {
  vi.stubEnv("TERM", "xterm");
  vi.doMock("log-update", () => {
    throw new Error("Cannot find package 'log-update'");
  });
  const reported: unknown[] = [];
  const before = setReporter((error) => void reported.push(error));
  const terminal = new FakeTerminal();
  try {
    const register = new OperationRegistry();
    const view = renderProgress(register, { stream: terminal });
    await new Cancellable({ name: "job", register }).run(() => undefined);
    await view[Symbol.asyncDispose]();
  } finally {
    setReporter(before);
  }
  expect(reported).toEqual([expect.any(UsageError)]);
  expect(reported[0]).toMatchObject({
    code: "ERR_UNSUPPORTED_HOST",
    message: expect.stringContaining("npm install log-update string-width"),
    cause: expect.any(Error),
  });
  expect(terminal.lines.map((line) => line.slice(11))).toEqual(["job  running", "job  completed  in 0.0 s"]);
});

test("A stream that breaks is reported, ends the view and harms no operation", async () => {
  const reported: unknown[] = [];
  const before = setReporter((error) => void reported.push(error));
  const broken = new Error("the pipe is gone");
  const stream = new FakeFile();
  stream.write = () => {
    throw broken;
  };
  try {
    const job = new Cancellable({ name: "job" });
    const view = renderProgress(job, { stream });
    await expect(job.run(() => "value")).resolves.toBe("value");
    await view[Symbol.asyncDispose]();
  } finally {
    setReporter(before);
  }
  expect(new Set(reported)).toEqual(new Set([broken]));
});
