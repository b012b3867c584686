import { expect } from "vitest";
import { UsageError, type UsageErrorCode } from "../src/index.ts";
import { rejection } from "./backends.ts";

/** A wrong call: the call, the argument that the message names, the expected value and the given value. */
export type Refusal = readonly [call: () => unknown, argument: string, expected: string, got: string];

const codes = { TypeError: "ERR_INVALID_ARG_TYPE", RangeError: "ERR_OUT_OF_RANGE" } as const;

/** Passes a value of any type where only some types are allowed. */
export const wrong = (value: unknown): never => value as never;

/** Returns the error that `call` throws. A promise that `call` returns does not count. */
export function thrown(call: () => unknown): unknown {
  try {
    call();
  } catch (error) {
    return error;
  }
  return expect.fail(`it should have thrown: ${call.toString()}`);
}

function expectComplaint(
  error: unknown,
  kind: keyof typeof codes,
  [, argument, expected, got]: Refusal,
): void {
  const { name, code, message } = error as Error & { readonly code?: unknown };
  // Compared together, so that a failure shows the call.
  expect({ name, code, message }).toEqual({
    name: kind,
    code: codes[kind],
    message: `${argument} must be ${expected}; got ${got}`,
  });
  expect(error).toBeInstanceOf(kind === "TypeError" ? TypeError : RangeError);
}

/** Each call throws at once, because the functions return no promise. */
export function expectThrows(kind: keyof typeof codes, calls: readonly Refusal[]): void {
  for (const call of calls) expectComplaint(thrown(call[0]), kind, call);
}

/** Each call returns a promise that rejects: a function that returns promises never throws. */
export async function expectRejects(kind: keyof typeof codes, calls: readonly Refusal[]): Promise<void> {
  for (const call of calls) {
    const promise = call[0]();
    expect(promise).toBeInstanceOf(Promise);
    expectComplaint(await rejection(promise as Promise<unknown>), kind, call);
  }
}

/** Checks a `UsageError` of the table: its text names the object and says what to do. */
export function expectUsageError(error: unknown, code: UsageErrorCode, text: RegExp): void {
  expect(error).toBeInstanceOf(UsageError);
  expect(error).toBeInstanceOf(Error);
  expect(error).toMatchObject({ name: "UsageError", code });
  expect((error as Error).message).toMatch(text);
}
