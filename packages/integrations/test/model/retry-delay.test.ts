import { expect, test } from "vitest";
import { retryDelay } from "../../src/model/retry-delay.ts";

test.each([
  [{ "retry-after-ms": "1500", "retry-after": "9" }, 1500],
  [{ "retry-after-ms": "0", "retry-after": "9" }, 9000],
  [{ "retry-after-ms": "0" }, 0],
  [{ "retry-after-ms": "soon", "retry-after": "0.5" }, 500],
  [{ "retry-after": "soon" }, undefined],
  [{}, undefined],
])("the wait that %o asks for is %s ms", (headers, expected) => {
  expect(retryDelay(new Headers(headers as Record<string, string>))).toBe(expected);
});

test("a date asks for the time until then", () => {
  const date = new Date(Date.now() + 60_000).toUTCString();
  const delay = retryDelay(new Headers({ "retry-after": date })) as number;
  expect(delay).toBeGreaterThan(30_000);
  expect(delay).toBeLessThanOrEqual(60_000);
});
