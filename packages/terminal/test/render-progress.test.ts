import { Cancellable, OperationRegistry, setReporter } from "@hother/cancelable";
import { expect, test } from "vitest";
import { renderProgress } from "../src/index.ts";
import { FakeFile } from "./fake-terminal.ts";

test.each([
  [[{}], TypeError, /^target must be a Cancellable or an OperationRegistry/],
  [[undefined], TypeError, /^target must be/],
  [[new OperationRegistry(), []], TypeError, /^options must be an object/],
  [[new OperationRegistry(), { stream: {} }], TypeError, /^options\.stream must be a stream/],
  [[new OperationRegistry(), { interval: 0 }], RangeError, /^options\.interval must be a positive, finite/],
  [
    [new OperationRegistry(), { interval: null }],
    RangeError,
    /^options\.interval must be a positive, finite/,
  ],
  [[new OperationRegistry(), { interval: Number.NaN }], RangeError, /^options\.interval must be a positive/],
  [[new OperationRegistry(), { interval: "1s" }], TypeError, /^options\.interval must be milliseconds or/],
  [
    [new OperationRegistry(), { width: 0 }],
    RangeError,
    /^options\.width must be a whole number of at least 1/,
  ],
  [[new OperationRegistry(), { width: "80" }], TypeError, /^options\.width must be a number/],
  [
    [new OperationRegistry(), { keep: "failed" }],
    TypeError,
    /^options\.keep must be an array of "completed"/,
  ],
  [[new OperationRegistry(), { keep: ["running"] }], TypeError, /^options\.keep must be an array of/],
  [[new OperationRegistry(), { colour: "red" }], TypeError, /^options\.colour must be true or false/],
  [
    [new OperationRegistry(), { color: true }],
    TypeError,
    /^options\.color is not .*; did you mean colour\?$/,
  ],
  [
    [new OperationRegistry(), { rate: 5 }],
    TypeError,
    /^options\.rate is not an option of renderProgress; the options are/,
  ],
])("renderProgress throws for an invalid target or option: %#", (args, kind, message) => {
  const call = () => renderProgress(...(args as unknown as Parameters<typeof renderProgress>));
  expect(call).toThrow(kind);
  expect(call).toThrow(message);
});

test("An error of the stream goes to the reporter, ends the view and affects no operation", async () => {
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
