import { readFileSync, statSync } from "node:fs";
import type { Engine, EngineOptions, FileAnalysis } from "./engine.ts";
import { type FileResult, Lines, type Problem, type ProblemKind } from "./results.ts";

/** The size from which a file is not read, in bytes. */
const largest = 10_000_000;

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Reads a file and runs the engine on it. Never throws: an error becomes the `problem` of the result. */
export async function analyzeFile(engine: Engine, path: string, options: EngineOptions): Promise<FileResult> {
  const text = readText(path);
  if (typeof text !== "string") return failed(path, text.kind, text.message);
  if (!engine.mayMatter(text, path, options))
    return { path, edits: [], review: [], references: 0, parsed: false };
  try {
    const analysis = await engine.analyze(path, text, engine.optionsFor?.(path, options) ?? options);
    return resultOf(path, text, analysis);
  } catch (error) {
    return crashed(path, error);
  }
}

/** The analysis of a file with lines and columns. */
export function resultOf(path: string, text: string, analysis: FileAnalysis): FileResult {
  const { edits, marks, references, remaining, parseError, notes } = analysis;
  if (parseError !== undefined) return failed(path, "parse", parseError);
  const lines = new Lines(text);
  return {
    path,
    ...(edits.length > 0 && { text }),
    edits: [...edits]
      .sort((a, b) => a.start - b.start || a.end - b.end)
      .map((edit) => ({ ...edit, ...lines.place(edit.start) })),
    review: [...marks]
      .sort((a, b) => a.start - b.start)
      .map((mark) => ({ ...mark, ...lines.place(mark.start) })),
    references,
    ...(remaining && { remaining }),
    parsed: true,
    ...(notes !== undefined && notes.length > 0 && { notes }),
  };
}

/** The text of a file, or the reason why it cannot be read. */
export function readText(path: string): string | Problem {
  let bytes: Buffer;
  try {
    const { size } = statSync(path);
    if (size >= largest)
      return { kind: "size", message: `is too large: ${(size / 1e6).toFixed(1)} MB; the limit is 10 MB` };
    bytes = readFileSync(path);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return { kind: code === "ELOOP" ? "loop" : "read", message: `cannot be read: ${code ?? message}` };
  }
  try {
    return decoder.decode(bytes);
  } catch {
    return { kind: "encoding", message: "is not valid UTF-8" };
  }
}

/** The result for an error that an engine throws. */
export function crashed(path: string, error: unknown): FileResult {
  // The stack of the process limits the depth of a syntax tree.
  if (error instanceof RangeError && /call stack/.test(error.message))
    return failed(path, "parse", "is nested too deeply to be analyzed");
  return failed(
    path,
    "internal",
    `the tool failed: ${error instanceof Error ? error.message : String(error)}`,
  );
}

export function failed(path: string, kind: ProblemKind, message: string): FileResult {
  return { path, edits: [], review: [], references: 0, parsed: false, problem: { kind, message } };
}
