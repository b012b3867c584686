import type { Engine, FileAnalysis } from "@hother/cancelable-migrate/engine";
import { applyEdits } from "@hother/cancelable-migrate/engine";
import { analyzeTree } from "./analysis.ts";
import type { AsyncioOptions } from "./options.ts";
import { loadParser } from "./parser.ts";
import { ProjectMinimums } from "./project-file/minimum.ts";
import { mayImportAnyio, pythonNotes } from "./project-file/notes.ts";
import { analyzeProjectFile, isProjectFile, neededOf } from "./project-file/project-file.ts";
import { python2Error } from "./python2.ts";
import { asyncioRules } from "./rules.ts";
import { atLeast } from "./version.ts";

const nothing: FileAnalysis = { edits: [], marks: [], references: 0 };

/** Creates the engine that moves Python code from asyncio to anyio. */
export async function createAsyncioEngine(): Promise<Engine<AsyncioOptions>> {
  const parse = await loadParser();
  const minimums = new ProjectMinimums();
  return {
    name: "asyncio",
    doneKey: "asyncio_free",
    rules: asyncioRules,
    matches: (path) => /\.pyi?$/.test(path) || isProjectFile(path),
    isProjectFile,
    optionsFor: (path, options) => {
      const pythonMin = options.pythonMin ?? minimums.of(path);
      return pythonMin === undefined ? options : { ...options, pythonMin };
    },
    mayMatter: (text, path) => /asyncio/i.test(text) || mayImportAnyio(text) || isProjectFile(path),
    analyze: (path: string, original: string, options: AsyncioOptions): FileAnalysis => {
      // Python also ends a line at a lone carriage return; the offsets are the same.
      const text = original.replace(/\r(?!\n)/g, "\n");
      const needs = neededOf(path, options);
      if (!path.endsWith(".py") && isProjectFile(path))
        return needs === undefined ? nothing : analyzeProjectFile(path, text, needs, options.structural);
      if (needs === undefined && !/asyncio/i.test(text) && !mayImportAnyio(text)) return nothing;
      const root = parse(text);
      const parseError =
        root === null
          ? "the file does not parse as Python 3"
          : python2Error(root, text, atLeast(options.pythonMin ?? "3.11", "3.14"));
      if (root === null || parseError !== undefined) return { ...nothing, parseError: parseError ?? "" };
      const python = analyzeTree(path, text, root, options);
      const more = { notes: pythonNotes(text, root, python), remaining: remainingAfter(python) };
      if (needs === undefined) return { ...python, ...more };
      return { ...merge(python, analyzeProjectFile(path, text, needs, options.structural, root)), ...more };

      /** References that are left after the edits. An edit may keep one, such as a handler for both TimeoutErrors. */
      function remainingAfter({ edits, marks }: FileAnalysis): number {
        if (edits.length === 0 || marks.length > 0) return marks.length;
        const after = applyEdits(text, edits);
        const again = /asyncio/.test(after) ? parse(after) : null;
        if (again === null) return 0;
        // Count the references of all rules, whatever `only` says.
        const { only: _, ...all } = options;
        return analyzeTree(path, after, again, all).references;
      }
    },
  };
}

/** Merges the two analyses of a `setup.py`: as Python code and as a project file. */
function merge(python: FileAnalysis, project: FileAnalysis): FileAnalysis {
  return {
    edits: [...python.edits, ...project.edits].sort((a, b) => a.start - b.start || a.end - b.end),
    marks: [...python.marks, ...project.marks].sort((a, b) => a.start - b.start),
    references: python.references + project.references,
  };
}
