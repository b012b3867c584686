import { expect, test } from "vitest";
import { Cancellable, CancellationToken } from "../../src/index.ts";
import { checkEvery } from "../../src/threads/index.ts";
import { expectThrows, wrong } from "../refusals.ts";

test("the first call checks, and then each n-th one", () => {
  let checks = 0;
  const check = checkEvery(3, { check: () => checks++ });
  const seen = Array.from({ length: 8 }, () => {
    check();
    return checks;
  });
  expect(seen).toEqual([1, 1, 1, 2, 2, 2, 3, 3]);
});

test("a check of a cancelled token throws, also at the first call", () => {
  const token = new CancellationToken();
  const check = checkEvery(2, token);
  check();
  token.cancel("quota");
  check();
  expect(check).toThrow(expect.objectContaining({ reason: "quota" }));
  expect(checkEvery(9, token)).toThrow(expect.objectContaining({ reason: "quota" }));
});

test("the default is the ambient scope", async () => {
  const op = new Cancellable();
  const outcome = await op.settle(() => {
    const check = checkEvery(1);
    check();
    op.cancel("quota");
    check();
  });
  expect(outcome).toMatchObject({ status: "cancelled" });
});

test("wrong arguments are refused", () => {
  const whole = "a whole number of at least 1, or Infinity";
  expectThrows("RangeError", [
    [() => checkEvery(0), "n", whole, "0"],
    [() => checkEvery(1.5), "n", whole, "1.5"],
    [() => checkEvery(Number.NaN), "n", whole, "NaN"],
  ]);
  expectThrows("TypeError", [
    [() => checkEvery(wrong("9")), "n", "a number", '"9"'],
    [() => checkEvery(9, wrong({})), "of", "a token, a scope or an operation", "{}"],
    [() => checkEvery(9, wrong(null)), "of", "a token, a scope or an operation", "null"],
  ]);
});
