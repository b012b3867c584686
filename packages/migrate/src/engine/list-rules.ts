import type { Rule } from "./engine.ts";

/** The rules, as `--list-rules` prints them. */
export function rulesText(rules: readonly Rule[]): string {
  const width = Math.max(...rules.map((rule) => rule.name.length));
  return rules
    .map((rule) => `${rule.class}  ${rule.name.padEnd(width)}  ${rule.api} -> ${rule.target}\n`)
    .join("");
}

/** The rules as a table of the documentation. */
export function rulesTable(rules: readonly Rule[]): string {
  const cell = (text: string): string => text.replaceAll("|", "\\|").replaceAll("\n", " ");
  const code = (text: string): string => `\`${cell(text)}\``;
  const rows = rules.map(
    (rule) =>
      `| \`${rule.name}\` | ${code(rule.api)} | ${code(rule.target)} | ${rule.class} | ${cell(rule.summary)} |`,
  );
  return ["| rule | before | after | class | note |", "| --- | --- | --- | --- | --- |", ...rows].join("\n");
}
