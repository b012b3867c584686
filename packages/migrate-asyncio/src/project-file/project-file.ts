import type { Edit, FileAnalysis, Mark } from "@hother/cancelable-migrate/engine";
import type { AsyncioOptions } from "../options.ts";
import type { SyntaxNode } from "../tree.ts";
import { iniPlaces } from "./ini.ts";
import { projectNeeds } from "./needs.ts";
import type { ProjectNeeds, ProjectPlace } from "./place.ts";
import { requirementsPlaces } from "./requirements.ts";
import { setupPlaces } from "./setup.ts";
import { tomlPlaces } from "./toml.ts";

const kinds = {
  toml: /(^|[\\/])pyproject\.toml$/,
  ini: /(^|[\\/])(setup\.cfg|pytest\.ini|tox\.ini)$/,
  requirements: /(^|[\\/])requirements([-_.]?[\w-]+)?\.txt$|(^|[\\/])requirements[\\/][\w-]+\.txt$/,
  setup: /(^|[\\/])setup\.py$/,
} as const;

/** Whether a file has dependencies or pytest settings of a project. `setup.py` is such a file and Python code. */
export function isProjectFile(path: string): boolean {
  return Object.values(kinds).some((pattern) => pattern.test(path));
}

/** The needs that a project file has to meet; undefined if there is nothing to do. */
export function neededOf(path: string, options: AsyncioOptions): ProjectNeeds | undefined {
  if (options.only !== undefined && !options.only.includes("project-file")) return undefined;
  return isProjectFile(path) ? projectNeeds(path, options) : undefined;
}

/** The edits of dependencies and pytest settings; without `structural`, marks at the same places. */
export function analyzeProjectFile(
  path: string,
  text: string,
  needs: ProjectNeeds,
  structural: boolean,
  root?: SyntaxNode,
): FileAnalysis {
  let places: ProjectPlace[];
  try {
    places = placesIn(path, text, needs, root);
  } catch (error) {
    const { message, lineNumber, column } = error as SyntaxError & { lineNumber?: number; column?: number };
    if (lineNumber === undefined) throw error;
    const parseError = `the file does not parse: ${message} (${lineNumber}:${(column ?? 0) + 1})`;
    return { edits: [], marks: [], references: 0, parseError };
  }
  const edits: Edit[] = [];
  const marks: Mark[] = [];
  for (const place of places) {
    if (place.kind === "edit" && structural) edits.push(editAt(place));
    else marks.push(markAt(place));
  }
  edits.sort((a, b) => a.start - b.start);
  marks.sort((a, b) => a.start - b.start);
  return { edits, marks, references: edits.length + marks.length };
}

function placesIn(path: string, text: string, needs: ProjectNeeds, root?: SyntaxNode): ProjectPlace[] {
  if (kinds.toml.test(path)) return tomlPlaces(text, needs);
  if (kinds.ini.test(path)) return iniPlaces(text, needs);
  if (kinds.requirements.test(path)) return requirementsPlaces(text, needs, path);
  return root === undefined ? [] : setupPlaces(text, needs, root);
}

function editAt({ start, end, text, api }: ProjectPlace & { kind: "edit" }): Edit {
  const reason = "The code or the tests of the project need anyio.";
  return { start, end, text, rule: "project-file", api, class: "R", reason };
}

function markAt(place: ProjectPlace): Mark {
  const reason = place.kind === "mark" ? place.reason : "This edit of a project file is structural.";
  const suggestion = place.kind === "mark" ? place.suggestion : "Run with --structural.";
  return { start: place.start, rule: "project-file", api: place.api, class: "M", reason, suggestion };
}
