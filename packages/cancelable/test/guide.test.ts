import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

const read = (path: string): string => readFileSync(new URL(path, import.meta.url), "utf8");

test("the guide shows the backend that the suite runs on", () => {
  expect(read("../../../docs/write-a-backend.md")).toContain(read("./frame-backend.ts"));
});
