import { readFileSync } from "node:fs";
import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, test } from "vitest";
import type { Report } from "../../src/engine/report/summary.ts";
import { before, cli, marked, Project } from "../support/project.ts";

const schema = JSON.parse(readFileSync(new URL("../../schema/report.json", import.meta.url), "utf8"));

describe("The report", () => {
  test("as JSON fits its schema, and its counts add up.", async () => {
    using project = new Project({
      "a.ts": before,
      "b.ts": marked,
      "c.ts": "new Promise(;\n",
      "d.ts": "export {};\n",
    });
    const { out } = await cli("promises", project.root, "--format", "json");
    const report = JSON.parse(out) as Report;
    const validate = new Ajv2020().compile(schema);
    expect(validate(report), JSON.stringify(validate.errors)).toBe(true);
    expect(report).toMatchObject({ total: 3, migrated: 1, errors: 1, needs_review: 1, fully_migrated: 1 });
    expect(report.totals).toMatchObject({ files: 4, references: 2, edits: 1, marks: 1, parse_errors: 1 });
    expect(report.results[0]).toMatchObject({
      file: project.path("a.ts"),
      changed: true,
      simple_replacements: ["new Promise(setTimeout)"],
      complex_patterns: [],
      migrated: true,
    });
    expect(report.results[1]?.review[0]).toMatchObject({
      rule: "process-signal",
      line: 1,
      column: 1,
      class: "M",
      frame: '> 1 | process.on("SIGINT", () => {});',
    });
  });

  test("as SARIF has rules, places and errors.", async () => {
    using project = new Project({ "a b.ts": before, "b.ts": marked, "c.ts": "new Promise(;\n" });
    const { out } = await cli("promises", project.root, "--format", "sarif");
    const log = JSON.parse(out);
    expect(log.version).toBe("2.1.0");
    const [run] = log.runs;
    expect(run.results).toHaveLength(2);
    expect(run.results[0].locations[0].physicalLocation.artifactLocation.uri).toContain("a%20b.ts");
    for (const result of run.results) expect(run.tool.driver.rules[result.ruleIndex].id).toBe(result.ruleId);
    expect(run.invocations[0].executionSuccessful).toBe(false);
    expect(run.invocations[0].toolExecutionNotifications).toHaveLength(1);
  });

  test("is written in the format of the file extension; the HTML page escapes code and loads nothing.", async () => {
    using project = new Project({
      "a.tsx": `export const a = <b>{setInterval(() => "</script>", 5)}</b>;\n`,
    });
    const files = ["r.json", "r.sarif", "r.html"].map((name) => project.path(name));
    await cli("promises", project.path("a.tsx"), ...files.flatMap((file) => ["--report", file]));
    expect(JSON.parse(project.read("r.json")).tool).toBe("cancelable-migrate");
    expect(JSON.parse(project.read("r.sarif")).version).toBe("2.1.0");
    const page = project.read("r.html");
    expect(page).toContain("&lt;/script&gt;");
    expect(page).toContain('data-rule="interval"');
    expect(page).not.toMatch(/\b(?:src|href)=/);
    // The reported line is highlighted, and code in backticks is marked as code.
    expect(page).toContain("<mark>  1 | export const a");
    expect(page).toContain(`<section data-file="${project.path("a.tsx")}">`);
  });
});
