import type { Colors } from "picocolors/types.js";
import type { FileResult } from "../results.ts";
import type { Report } from "./summary.ts";

/** The lines about one file: its problem and its places for review. */
export function fileText(result: FileResult, label: string, colors: Colors): string {
  let text = "";
  if (result.problem !== undefined) text += `${colors.red("error")} ${label}: ${result.problem.message}\n`;
  for (const { line, column, class: kind, rule, api, reason, suggestion } of result.review) {
    text += `${colors.yellow(`review ${kind}`)} ${colors.bold(`${label}:${line}:${column}`)} ${rule} ${colors.cyan(api)}\n`;
    text += `    ${reason}\n    ${colors.dim(suggestion)}\n`;
  }
  return text;
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
  return `${colors.bold(parts.join(", "))}; ${(totals.milliseconds / 1000).toFixed(1)} s\n`;
}

function count(number: number, name: string): string {
  return `${number} ${name}${number === 1 ? "" : "s"}`;
}
