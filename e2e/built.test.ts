// The smoke test in a page and in a dedicated worker. The rest of the suite has no worker.
import { expect, test } from "vitest";
import { result } from "./smoke.mjs";

test("the built packages work in a page", () => {
  expect(result).toEqual({ passed: 16, failures: [] });
});

test("the built packages work in a worker", { timeout: 60_000 }, async () => {
  const worker = new Worker(new URL("./smoke.mjs", import.meta.url), { type: "module" });
  const inWorker = await new Promise((resolve, reject) => {
    worker.onmessage = ({ data }) => resolve(data);
    worker.onerror = ({ message }) => reject(new Error(message));
  });
  expect(inWorker).toEqual(result);
});
