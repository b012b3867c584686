import { dirname, resolve, sep } from "node:path";
import { crashed, failed, readText, resultOf } from "../engine/analyze-file.ts";
import { applyEdits } from "../engine/apply.ts";
import type { FileResult } from "../engine/results.ts";
import type { Analysis, Place } from "./analysis.ts";
import { analyzeSource } from "./engine.ts";
import type { PromisesOptions } from "./options.ts";
import { nearestConfig, type TypeProblem, TypeProgram } from "./type-program.ts";
import { factsOf } from "./types.ts";

/**
 * Analyzes files with types, and checks the result: an edit that causes a new type error in its project becomes a
 * mark. One program is in memory at a time, one for each `tsconfig.json`.
 */
export async function* analyzeChecked(
  paths: readonly string[],
  options: PromisesOptions,
): AsyncGenerator<FileResult> {
  const groups = new Map<string | undefined, string[]>();
  for (const path of paths) {
    const config = nearestConfig(dirname(path));
    groups.set(config, [...(groups.get(config) ?? []), path]);
  }
  for (const [config, own] of groups) {
    const texts = new Map<string, string>();
    for (const path of own) {
      const text = readText(path);
      if (typeof text === "string") texts.set(path, text);
      else yield failed(path, text.kind, text.message);
    }
    const program = await TypeProgram.load(config, [...texts.keys()].map(fullPath));
    const files = [...texts].map(([path, text]) => new CheckedFile(path, text, program, options));
    for (const file of files) file.analyze();
    if (refuseInFiles(files, program)) refuseAcrossFiles(files, program);
    for (const file of files) yield file.result();
  }
}

/** The path as TypeScript writes it. */
function fullPath(path: string): string {
  return resolve(path).split(sep).join("/");
}

class CheckedFile {
  readonly full: string;
  readonly #path: string;
  readonly #text: string;
  readonly #program: TypeProgram;
  readonly #options: PromisesOptions;
  /** The reasons why places must not be rewritten. */
  readonly #refused = new Map<string, string>();
  #analysis: Analysis | undefined;
  #error: unknown;

  constructor(path: string, text: string, program: TypeProgram, options: PromisesOptions) {
    this.full = fullPath(path);
    this.#path = path;
    this.#text = text;
    this.#program = program;
    this.#options = options;
  }

  analyze(): void {
    const checks = {
      facts: factsOf(this.#program, this.full),
      refusal: (place: Pick<Place, "rule" | "start">) => this.#refused.get(keyOf(place)),
    };
    try {
      this.#analysis = analyzeSource(this.#path, this.#text, this.#options, checks);
    } catch (error) {
      this.#error = error;
    }
  }

  /** The places that the analysis rewrites, the nearest to an offset of the edited text first. */
  placesNear(offset: number): readonly Place[] {
    const places = this.#analysis?.places ?? [];
    const edits = this.#analysis?.edits ?? [];
    let shift = 0;
    for (const edit of edits) {
      if (edit.start + shift > offset) break;
      shift += edit.text.length - (edit.end - edit.start);
    }
    const original = offset - shift;
    return [...places].sort((a, b) => distance(a, original) - distance(b, original));
  }

  refuse(places: readonly Place[], reason: string): void {
    for (const place of places) this.#refused.set(keyOf(place), reason);
    this.analyze();
  }

  refusal(place: Place | undefined): string {
    return (place && this.#refused.get(keyOf(place))) ?? "";
  }

  allow(places: readonly Place[]): void {
    for (const place of places) this.#refused.delete(keyOf(place));
    this.analyze();
  }

  /** The text after the edits, without a byte order mark; undefined if there are none. */
  edited(): string | undefined {
    const edits = this.#analysis?.edits ?? [];
    return edits.length === 0 ? undefined : applyEdits(this.#text, edits).replace(/^\uFEFF/, "");
  }

  result(): FileResult {
    if (this.#analysis === undefined) return crashed(this.#path, this.#error);
    return resultOf(this.#path, this.#text, this.#analysis);
  }
}

function keyOf({ rule, start }: Pick<Place, "rule" | "start">): string {
  return `${rule}@${start}`;
}

function distance({ start, end }: Place, offset: number): number {
  return offset < start ? start - offset : Math.max(0, offset - end);
}

function textsOf(files: readonly CheckedFile[]): Map<string, string> {
  return new Map(
    files.flatMap((file) => {
      const text = file.edited();
      return text === undefined ? [] : [[file.full, text]];
    }),
  );
}

/** Refuses edits that cause an error in their own file. Returns whether there were errors in any file. */
function refuseInFiles(files: readonly CheckedFile[], program: TypeProgram): boolean {
  const texts = textsOf(files);
  if (texts.size === 0) return false;
  const found = program.newProblems(texts);
  for (const file of files) {
    let problems: readonly TypeProblem[] = found.get(file.full) ?? [];
    while (problems.length > 0 && file.edited() !== undefined) {
      const reason = refusalOf(problems[0]?.message);
      const near = file.placesNear(problems[0]?.start ?? 0);
      const left = near.find((place) => {
        file.refuse([place], reason);
        const now = problemsIn(file, files, program);
        if (now.length < problems.length) {
          problems = now;
          return true;
        }
        file.allow([place]);
        return false;
      });
      // No single place causes the error.
      if (left === undefined) {
        file.refuse(near, reason);
        problems = [];
      }
    }
  }
  return found.size > 0;
}

function problemsIn(
  file: CheckedFile,
  files: readonly CheckedFile[],
  program: TypeProgram,
): readonly TypeProblem[] {
  return program.newProblems(textsOf(files), file.full).get(file.full) ?? [];
}

/** Refuses the edits of files that cause an error in another file. */
function refuseAcrossFiles(files: readonly CheckedFile[], program: TypeProgram): void {
  let found = program.newProblems(textsOf(files));
  for (const file of files) {
    if (found.size === 0) return;
    if (file.edited() === undefined) continue;
    const [path, problems] = [...found][0] as [string, TypeProblem[]];
    const places = file.placesNear(0);
    file.refuse(places, `In ${path}: ${refusalOf(problems[0]?.message)}`);
    const now = program.newProblems(textsOf(files));
    if (countOf(now) >= countOf(found)) file.allow(places);
    else {
      found = now;
      allowInnocent(file, places, path, files, program);
    }
  }
  // The remaining errors have no single cause.
  if (found.size === 0) return;
  for (const file of files) {
    const [problem] = [...found.values()].flat();
    if (file.edited() !== undefined) file.refuse(file.placesNear(0), refusalOf(problem?.message));
  }
}

/** Allows the places again that do not cause the errors of a path. */
function allowInnocent(
  file: CheckedFile,
  places: readonly Place[],
  path: string,
  files: readonly CheckedFile[],
  program: TypeProgram,
): void {
  const reason = file.refusal(places[0]);
  const before = program.newProblems(textsOf(files), path).get(path)?.length ?? 0;
  for (const place of places) {
    file.allow([place]);
    const now = program.newProblems(textsOf(files), path).get(path)?.length ?? 0;
    if (now > before) file.refuse([place], reason);
  }
}

function countOf(found: ReadonlyMap<string, readonly unknown[]>): number {
  return [...found.values()].reduce((sum, problems) => sum + problems.length, 0);
}

function refusalOf(message = "a new type error"): string {
  return `With the rewrite, TypeScript reports a new error: ${message}`;
}
