import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const program = fileURLToPath(new URL("three-services.mjs", import.meta.url));
const page = new URL("../../docs/integrations/otel.md", import.meta.url);

test("the trace in the page is the one that the program of three services draws", async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [program]);
  const drawn = /```text\n([^`]*)```/.exec(readFileSync(page, "utf8"))?.[1];
  expect(drawn).toBe(stdout);
});
