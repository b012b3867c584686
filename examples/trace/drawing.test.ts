import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { runProgram } from "../run-example.ts";

const program = fileURLToPath(new URL("three-services.mjs", import.meta.url));
const page = new URL("../../docs/integrations/otel.md", import.meta.url);

test("the trace in the page is the one that the program of three services draws", async () => {
  const drawn = /```text\n([^`]*)```/.exec(readFileSync(page, "utf8"))?.[1];
  expect(await runProgram(program)).toEqual({ code: 0, lines: drawn?.trimEnd().split("\n"), errors: [] });
});
