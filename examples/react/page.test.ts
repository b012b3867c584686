import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

const read = (path: string): string => readFileSync(new URL(path, import.meta.url), "utf8");

test("the hook in the page is the one of the example, which is tested", () => {
  const shown = /```tsx\n\/\/ use-operation\.ts\n([\s\S]*?)```/.exec(read("../../docs/browsers.md"))?.[1];
  expect(shown).toBe(read("src/use-operation.ts"));
});
