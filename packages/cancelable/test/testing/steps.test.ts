import { expect, test } from "vitest";
import { AssertionError, stepRecorder } from "../../src/testing/index.ts";

test("steps in order pass, up to the last one", () => {
  const { step, finish } = stepRecorder();
  step(1);
  step(2);
  finish(3);
});

test("a step out of order throws an assertion error with the expected step", () => {
  const { step } = stepRecorder();
  expect(() => step(2)).toThrow(AssertionError);
  const later = stepRecorder();
  later.step(1);
  expect(() => later.step(1)).toThrow(
    expect.objectContaining({
      name: "AssertionError",
      code: "ERR_ASSERTION",
      message: "Expected step 2 after step 1, but step 1 happened",
      actual: 1,
      expected: 2,
    }),
  );
});

test("finish() throws the error of an earlier step that was swallowed", () => {
  const { step, finish } = stepRecorder();
  try {
    step(5);
  } catch {
    // As the error of a callback is.
  }
  expect(() => finish(1)).toThrow("Expected step 1, but step 5 happened");
});

test("a step after the last one and a missing step both fail", () => {
  const { step, finish } = stepRecorder();
  finish(1);
  expect(() => step(2)).toThrow("Expected no step after finish(1), but step 2 happened");
  const short = stepRecorder();
  short.step(1);
  expect(() => short.finish(3)).toThrow("Expected step 2 after step 1, but step 3 happened");
});

test("a step is a whole number of at least 1", () => {
  const { step, finish } = stepRecorder();
  for (const n of [0, 1.5, Number.NaN]) expect(() => step(n)).toThrow(RangeError);
  expect(() => step("1" as never)).toThrow(TypeError);
  finish(1);
});
