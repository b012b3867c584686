import { writeFileSync } from "node:fs";
import pico from "picocolors";
import { analyzeFile, failed } from "./analyze-file.ts";
import { applyEdits, writeEdited } from "./apply.ts";
import { diffText } from "./diff.ts";
import type { Engine, FileNotes } from "./engine.ts";
import { findFiles } from "./files.ts";
import { dirtyTrees } from "./git.ts";
import { analyzeAll } from "./pool.ts";
import { Progress } from "./progress.ts";
import { toHtml } from "./report/html.ts";
import { toJson } from "./report/json.ts";
import { toSarif } from "./report/sarif.ts";
import { type Report, Summary } from "./report/summary.ts";
import { fileText, summaryText } from "./report/text.ts";
import type { FileResult } from "./results.ts";
import type { Output, RunOptions } from "./run-options.ts";
import type { Tool } from "./tool.ts";

/** 0: nothing to do; 1: changes made or needed; 2: places left for review; 3: errors. The highest applies. */
export type ExitCode = 0 | 1 | 2 | 3;

/** Analyzes the files, writes or shows the edits, and prints and writes the reports. */
export async function run(
  tool: Tool,
  engine: Engine,
  options: RunOptions,
  output: Output,
): Promise<{ code: ExitCode; report?: Report }> {
  const began = performance.now();
  if (options.write && !options.force) {
    const [dirty] = dirtyTrees(options.paths);
    if (dirty !== undefined) {
      output.err(`The git tree ${dirty} has uncommitted changes. Commit them first, or use --force.\n`);
      return { code: 3 };
    }
  }
  const summary = new Summary(tool.name, engine, options.write);
  const colors = pico.createColors(options.color);
  const isText = options.format === "text";
  const progress = new Progress(output);
  const notes: FileNotes[] = [];
  const finish = (result: FileResult): void => {
    const done =
      result.edits.length > 0 && result.text !== undefined ? carryOut(result, options, output) : result;
    if (done.notes !== undefined && done.problem === undefined)
      notes.push({ path: done.path, notes: done.notes });
    summary.add(done, done.path);
    progress.tick(done.path);
    if (isText && (done.problem !== undefined || done.review.length > 0)) {
      progress.clear();
      output.out(fileText(done, done.path, colors));
    }
  };

  const paths: string[] = [];
  for (const found of findFiles(options.paths, engine, options)) {
    if (found.problem === undefined) paths.push(found.path);
    else finish(failed(found.path, found.problem.kind, found.problem.message));
    progress.search(paths.length);
  }
  progress.total = paths.length;
  const isProjectFile = (path: string): boolean => engine.isProjectFile?.(path) === true;
  const project = paths.filter(isProjectFile);
  const others = paths.filter((path) => !isProjectFile(path));
  for await (const result of analyzeAll(others, tool, engine, options)) finish(result);
  for (const path of project) notes.push({ path, notes: [] });
  for (const path of project) finish(await analyzeFile(engine, path, { ...options.rules, others: notes }));
  progress.clear();

  const report = summary.report(performance.now() - began);
  if (isText) output.out(summaryText(report, colors));
  else output.out(options.format === "json" ? toJson(report) : toSarif(report, tool, engine.rules));
  for (const path of options.reports) writeFileSync(path, reportFor(path, report, tool, engine));
  return { code: exitCode(report), report };
}

/** Shows or writes the edits of one file. */
function carryOut(result: FileResult, options: RunOptions, output: Output): FileResult {
  const before = result.text as string;
  const after = applyEdits(before, result.edits);
  if (options.write) {
    const problem = writeEdited(result.path, before, after);
    if (problem !== undefined) return { ...result, problem };
    if (options.format === "text") output.out(`${result.path}: ${result.edits.length} edits\n`);
  } else if (options.format === "text") {
    const colors = pico.createColors(options.color);
    output.out(
      options.check ? `${result.path}: needs changes\n` : diffText(result.path, before, result.edits, colors),
    );
  }
  return result;
}

function reportFor(path: string, report: Report, tool: Tool, engine: Engine): string {
  if (/\.html?$/i.test(path)) return toHtml(report);
  return /\.sarif(\.json)?$/i.test(path) ? toSarif(report, tool, engine.rules) : toJson(report);
}

function exitCode(report: Report): ExitCode {
  if (report.errors > 0) return 3;
  if (report.totals.marks > 0) return 2;
  return report.migrated > 0 ? 1 : 0;
}
