import { afterEach, expect, test, vi } from "vitest";
import { createSharedMemory } from "../../src/platform/shared-memory.web.ts";
import { expectUsageError, thrown } from "../refusals.ts";

afterEach(() => {
  vi.unstubAllGlobals();
});

test.each(["SharedArrayBuffer", "crossOriginIsolated"])(
  "a page that is not cross-origin isolated is told the two headers that are missing (%s)",
  (name) => {
    vi.stubGlobal(name, name === "SharedArrayBuffer" ? undefined : false);
    expectUsageError(
      thrown(() => createSharedMemory(64)),
      "ERR_UNSUPPORTED_HOST",
      /not cross-origin isolated.*"Cross-Origin-Opener-Policy: same-origin".*"Cross-Origin-Embedder-Policy: require-corp"/,
    );
  },
);

test("an isolated page gets memory", () => {
  vi.stubGlobal("crossOriginIsolated", true);
  expect(createSharedMemory(64).byteLength).toBe(64);
});
