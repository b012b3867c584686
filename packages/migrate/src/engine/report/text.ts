import type { Colors } from "picocolors/types.js";
import type { FileResult, PlacedMark } from "../results.ts";
import type { Report } from "./summary.ts";

/** The lines about one file: its problem and its places for review. Marks with the same text are shown once. */
export function fileText(result: FileResult, label: string, colors: Colors): string {
  let text = "";
  if (result.problem !== undefined) text += `${colors.red("error")} ${label}: ${result.problem.message}\n`;
  for (const [mark, ...others] of alike(result.review)) {
    const { line, column, class: kind, rule, api, reason, suggestion } = mark;
    const more = others.map((other) => `${other.line}:${other.column}`).join(", ");
    const also = more === "" ? "" : `; also ${more}`;
    text += `${colors.yellow(`review ${kind}`)} ${colors.bold(`${label}:${line}:${column}`)} ${rule} ${colors.cyan(api)}${also}\n`;
    text += `    ${reason}\n    ${colors.dim(suggestion)}\n`;
  }
  return text;
}

/** Marks of the same rule with the same text, in the order of their first places. */
function alike(marks: readonly PlacedMark[]): Array<[PlacedMark, ...PlacedMark[]]> {
  const groups = new Map<string, [PlacedMark, ...PlacedMark[]]>();
  for (const mark of marks) {
    const key = [mark.class, mark.rule, mark.api, mark.reason, mark.suggestion].join("\n");
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [mark]);
    else group.push(mark);
  }
  return [...groups.values()];
}

/** The last lines of a run. */
export function summaryText(report: Report, colors: Colors): string {
  const { totals } = report;
  const parts = [
    `${count(totals.files, "file")} read`,
    `${count(report.migrated, "file")} ${report.written ? "changed" : "to change"} (${count(totals.edits, "edit")})`,
    `${count(totals.marks, "place")} left for review in ${count(report.needs_review, "file")}`,
    `${count(report.errors, "error")}`,
  ];
  const advice = report.advice.map((line) => `${line}\n`).join("");
  return `${colors.bold(parts.join(", "))}; ${(totals.milliseconds / 1000).toFixed(1)} s\n${advice}`;
}

function count(number: number, name: string): string {
  return `${number} ${name}${number === 1 ? "" : "s"}`;
}
