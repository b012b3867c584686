import { Cancellable } from "@hother/cancelable";
import * as effect from "@hother/cancelable-backends/effect";
import * as effection from "@hother/cancelable-backends/effection";
import { expect, test } from "vitest";

test.each([
  [
    "op",
    "a Cancellable, or a function that returns one",
    "string",
    () => effect.fromCancellable("op" as never, () => 1),
  ],
  ["body", "a function", "null", () => effect.fromCancellable(new Cancellable(), null as never)],
  ["effect", "an Effect", "number", () => effect.toCancellable(7 as never)],
  [
    "op",
    "a Cancellable, or a function that returns one",
    "object",
    () => effection.fromCancellable({} as never, () => 1),
  ],
  ["operation", "a function", "undefined", () => effection.toCancellable(undefined as never)],
])(
  "the argument %s must be %s, not %s: the error has the code of the core",
  (argument, expected, got, call) => {
    let error: unknown;
    try {
      call();
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(TypeError);
    expect(error).toMatchObject({
      code: "ERR_INVALID_ARG_TYPE",
      message: `${argument} must be ${expected}; got ${got}`,
    });
  },
);

test("an option with an unknown name is refused", () => {
  const options = { onError: () => "typed" } as never;
  expect(() => effect.fromCancellable(new Cancellable(), () => 1, options)).toThrow(
    "options.onError is not an option of fromCancellable; the options are catch",
  );
  for (const wrong of [null, 1])
    expect(() => effect.fromCancellable(new Cancellable(), () => 1, wrong as never)).toThrow(
      `options must be an object; got ${wrong === null ? "null" : "number"}`,
    );
});
