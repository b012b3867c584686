import { fileURLToPath } from "node:url";
import { test } from "vitest";
import { promisesTool } from "../../src/tool.ts";
import { expectRules } from "../support/rules.ts";

test("RULES.md lists the promises rules.", async () => {
  const path = fileURLToPath(new URL("../../RULES.md", import.meta.url));
  expectRules(path, (await promisesTool.loadEngine()).rules);
});
