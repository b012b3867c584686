import type { Report } from "./summary.ts";

/** The report in the format of `schema/report.json`. */
export function toJson(report: Report): string {
  return `${JSON.stringify({ $schema: schema, ...report }, null, 2)}\n`;
}

const schema = "https://unpkg.com/@hother/cancelable-migrate/schema/report.json";
