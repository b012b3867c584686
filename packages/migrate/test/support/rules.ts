import { readFileSync, writeFileSync } from "node:fs";
import { expect } from "vitest";
import type { Rule } from "../../src/engine/engine.ts";
import { rulesMarkdown } from "../../src/engine/list-rules.ts";

/**
 * Checks the rules and the list in a Markdown file, which stands between `<!-- rules -->` and `<!-- end -->`.
 * With `UPDATE_DOCS=1` the list is written instead.
 */
export function expectRules(path: string, rules: readonly Rule[]): void {
  expect(new Set(rules.map((rule) => rule.name)).size).toBe(rules.length);
  for (const rule of rules) expect(rule.target, rule.name).not.toBe("");
  const text = readFileSync(path, "utf8");
  const list = `\n${rulesMarkdown(rules)}\n`;
  const updated = text.replace(
    /(<!-- rules -->\n)[^]*?(<!-- end -->)/,
    (_, head, tail) => head + list + tail,
  );
  if (process.env.UPDATE_DOCS === "1") writeFileSync(path, updated);
  else expect(text).toBe(updated);
}
