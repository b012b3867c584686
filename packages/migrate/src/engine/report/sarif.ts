import { isAbsolute } from "node:path";
import { pathToFileURL } from "node:url";
import type { Rule } from "../engine.ts";
import type { Tool } from "../tool.ts";
import type { Report } from "./summary.ts";

const levels = { S: "note", R: "note", M: "warning", X: "error" } as const;

/** The report as SARIF 2.1.0, with one result per reference and one notification per error. */
export function toSarif(report: Report, tool: Tool, rules: readonly Rule[]): string {
  const names = new Map(rules.map((rule, index) => [rule.name, index]));
  const results = report.results.flatMap((file) =>
    [...file.edits.filter((edit) => !edit.companion), ...file.review].map((entry) => {
      const ruleIndex = names.get(entry.rule);
      return {
        ruleId: entry.rule,
        ...(ruleIndex !== undefined && { ruleIndex }),
        level: levels[entry.class],
        message: { text: `${entry.api}: ${entry.reason} ${entry.suggestion}`.trim() },
        locations: [
          {
            physicalLocation: {
              artifactLocation: { uri: uriOf(file.file) },
              region: { startLine: entry.line, startColumn: entry.column },
            },
          },
        ],
        properties: { class: entry.class, api: entry.api },
      };
    }),
  );
  const notifications = report.results.flatMap((file) =>
    file.error === undefined
      ? []
      : [
          {
            level: "error",
            message: { text: `${file.file} ${file.error.message}` },
            locations: [{ physicalLocation: { artifactLocation: { uri: uriOf(file.file) } } }],
          },
        ],
  );
  const run = {
    tool: {
      driver: {
        name: tool.name,
        informationUri: "https://github.com/hotherio/cancelable",
        version: tool.version,
        rules: rules.map((rule) => ({
          id: rule.name,
          shortDescription: { text: rule.api },
          fullDescription: { text: rule.summary || rule.api },
          help: { text: `Becomes ${rule.target}.` },
          defaultConfiguration: { level: levels[rule.class] },
        })),
      },
    },
    columnKind: "utf16CodeUnits",
    invocations: [{ executionSuccessful: report.errors === 0, toolExecutionNotifications: notifications }],
    results,
  };
  return `${JSON.stringify({ $schema: "https://json.schemastore.org/sarif-2.1.0.json", version: "2.1.0", runs: [run] }, null, 2)}\n`;
}

function uriOf(path: string): string {
  if (isAbsolute(path)) return pathToFileURL(path).href;
  return path.split(/[\\/]/).map(encodeURIComponent).join("/");
}
