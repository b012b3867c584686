import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import type { Report } from "../../src/engine/report/summary.ts";
import { before, marked, Project } from "../support/project.ts";

const binary = fileURLToPath(new URL("../../dist/cli.js", import.meta.url));

/** Runs the built binary: worker threads need JavaScript. */
function report(project: Project, jobs: number): Report {
  try {
    return JSON.parse(
      execFileSync(process.execPath, [binary, "promises", ".", "--format", "json", "--jobs", `${jobs}`], {
        cwd: project.root,
        encoding: "utf8",
      }),
    );
  } catch (error) {
    return JSON.parse((error as { stdout: string }).stdout);
  }
}

test.skipIf(!existsSync(binary))("Several threads find the same as one, in the same order.", () => {
  using project = new Project();
  for (let i = 0; i < 200; i++)
    project.put(`src/${i % 7}/f${i}.ts`, i % 3 === 0 ? before : i % 3 === 1 ? marked : "new Promise(;");
  const one = report(project, 1);
  const three = report(project, 3);
  expect(one.total).toBe(200);
  expect(three.results).toEqual(one.results);
});
