import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

const read = (path: string): string => readFileSync(new URL(path, import.meta.url), "utf8");

test("the backend of the guide is the one that the suite runs on", () => {
  expect(read("../../../docs/backends.md")).toContain(read("./frame-backend.ts"));
});
