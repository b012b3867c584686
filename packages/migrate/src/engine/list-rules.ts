import type { Rule } from "./engine.ts";

/** The rules in the format of `--list-rules`. */
export function rulesText(rules: readonly Rule[]): string {
  const width = Math.max(...rules.map((rule) => rule.name.length));
  return rules
    .map((rule) => `${rule.class}  ${rule.name.padEnd(width)}  ${rule.api} -> ${rule.target}\n`)
    .join("");
}

/** The rules as a Markdown list for the documentation. */
export function rulesMarkdown(rules: readonly Rule[]): string {
  return rules
    .map(({ name, class: kind, api, target, summary }) => {
      const note = summary === "" ? "" : ` ${sentence(summary)}`;
      return `- **${name}** (${kind}): \`${api}\` → \`${target}\`.${note}\n`;
    })
    .join("");
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1).replace(/\.?$/, ".")}`;
}
