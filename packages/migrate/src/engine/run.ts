import { writeFileSync } from "node:fs";
import pico from "picocolors";
import { analyzeFile, failed } from "./analyze-file.ts";
import { applyEdits, writeEdited } from "./apply.ts";
import { diffText } from "./diff.ts";
import type { Engine, FileNotes } from "./engine.ts";
import { findFiles } from "./files.ts";
import { dirtyTrees } from "./git.ts";
import { loadEngine } from "./load-engine.ts";
import type { Output, RunOptions } from "./options.ts";
import { analyzeAll } from "./pool.ts";
import { Progress } from "./progress.ts";
import { toHtml } from "./report/html.ts";
import { toJson } from "./report/json.ts";
import { toSarif } from "./report/sarif.ts";
import { type Report, Summary } from "./report/summary.ts";
import { fileText, summaryText } from "./report/text.ts";
import type { FileResult } from "./results.ts";

/** 0: nothing to do; 1: changes made or needed; 2: places for a person; 3: errors. The highest counts. */
export type ExitCode = 0 | 1 | 2 | 3;

/** Runs the tool; the report is written and printed by the way. */
export async function run(options: RunOptions, output: Output): Promise<{ code: ExitCode; report?: Report }> {
  const began = performance.now();
  if (options.write && !options.force) {
    const [dirty] = dirtyTrees(options.paths);
    if (dirty !== undefined) {
      output.err(
        `The git tree ${dirty} has changes that are not committed. Commit them first, or use --force.\n`,
      );
      return { code: 3 };
    }
  }
  const engine = await loadEngine(options.engine);
  const summary = new Summary(options.engine, options.write, engine.rules);
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
  for await (const result of analyzeAll(others, engine, options)) finish(result);
  for (const path of project) notes.push({ path, notes: [] });
  for (const path of project) finish(await analyzeFile(engine, path, { ...options.rules, others: notes }));
  progress.clear();

  const report = summary.report(performance.now() - began);
  if (isText) output.out(summaryText(report, colors));
  else output.out(options.format === "json" ? toJson(report) : toSarif(report, engine.rules));
  for (const path of options.reports) writeFileSync(path, reportFor(path, report, engine));
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

function reportFor(path: string, report: Report, engine: Engine): string {
  if (/\.html?$/i.test(path)) return toHtml(report);
  return /\.sarif(\.json)?$/i.test(path) ? toSarif(report, engine.rules) : toJson(report);
}

function exitCode(report: Report): ExitCode {
  if (report.errors > 0) return 3;
  if (report.totals.marks > 0) return 2;
  return report.migrated > 0 ? 1 : 0;
}
