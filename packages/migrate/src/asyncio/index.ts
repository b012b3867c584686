import type { Engine, EngineOptions, FileAnalysis } from "../engine.ts";
import { analyzeTree } from "./analysis.ts";
import { loadParser } from "./parser.ts";
import { analyzeProjectFile, isProjectFile, mayBeProjectFile } from "./project-file.ts";
import { python2Error } from "./python2.ts";
import { asyncioRules } from "./rules.ts";
import { atLeast } from "./version.ts";

/** The rule set that moves Python code from asyncio to anyio. */
export async function createAsyncioEngine(): Promise<Engine> {
  const parse = await loadParser();
  return {
    name: "asyncio",
    rules: asyncioRules,
    matches: (path) => /\.pyi?$/.test(path) || isProjectFile(path),
    mayMatter: (text) => /asyncio/i.test(text) || mayBeProjectFile(text),
    analyze: (path: string, text: string, options: EngineOptions): FileAnalysis => {
      const project = isProjectFile(path) ? analyzeProjectFile(path, text, options) : undefined;
      if (project !== undefined && !path.endsWith(".py")) return project;
      const root = parse(text);
      const parseError =
        root === null
          ? "the file does not parse as Python 3"
          : python2Error(root, text, atLeast(options.pythonMin ?? "3.11", "3.14"));
      if (root === null || parseError !== undefined) {
        return { edits: [], marks: [], references: 0, parseError: parseError ?? "" };
      }
      return merge(analyzeTree(path, text, root, options), project);
    },
  };
}

/** `setup.py` is both: Python, and a list of dependencies. */
function merge(python: FileAnalysis, project: FileAnalysis | undefined): FileAnalysis {
  if (project === undefined || project.references === 0) return python;
  return {
    edits: [...python.edits, ...project.edits].sort((a, b) => a.start - b.start || a.end - b.end),
    marks: [...python.marks, ...project.marks].sort((a, b) => a.start - b.start),
    references: python.references + project.references,
  };
}
