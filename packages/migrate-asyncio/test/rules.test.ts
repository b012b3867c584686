import { fileURLToPath } from "node:url";
import { test } from "vitest";
import { expectRules } from "../../migrate/test/support/rules.ts";
import { asyncioTool } from "../src/tool.ts";

test("RULES.md lists the asyncio rules.", async () => {
  const path = fileURLToPath(new URL("../RULES.md", import.meta.url));
  expectRules(path, (await asyncioTool.loadEngine()).rules);
});
