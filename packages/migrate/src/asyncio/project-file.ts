import type { Edit, EngineOptions, FileAnalysis, Mark } from "../engine.ts";
import { iniPlaces } from "./project-ini.ts";
import { requirementsPlaces } from "./project-requirements.ts";
import type { ProjectNeeds, ProjectPlace } from "./project-settings.ts";
import { setupPlaces } from "./project-setup.ts";
import { tomlPlaces } from "./project-toml.ts";
import { atLeast } from "./version.ts";

const kinds: readonly [RegExp, (text: string, needs: ProjectNeeds) => ProjectPlace[]][] = [
  [/(^|[\\/])pyproject\.toml$/, tomlPlaces],
  [/(^|[\\/])(setup\.cfg|pytest\.ini|tox\.ini)$/, iniPlaces],
  [/(^|[\\/])requirements([-_.]?\w+)?\.txt$|(^|[\\/])requirements[\\/][\w-]+\.txt$/, requirementsPlaces],
  [/(^|[\\/])setup\.py$/, setupPlaces],
];

/** Whether a file tells a project's dependencies or its pytest settings; `setup.py` is Python too. */
export function isProjectFile(path: string): boolean {
  return kinds.some(([pattern]) => pattern.test(path));
}

/** Whether a text may be such a file: dependency keys, or nothing but requirements. */
export function mayBeProjectFile(text: string): boolean {
  const keyed = text.includes("install_requires") || text.includes("dependencies");
  if (keyed && /^[ \t]*(dependencies|install_requires)\s*=|^\[tool\.poetry\.dependencies\]/m.test(text))
    return true;
  return isRequirementList(text);
}

const requirementLine = /^(#.*|-{1,2}[\w-]+.*|[A-Za-z0-9][\w.-]*(\[[^\]]*\])?\s*([=<>!~;@].*|#.*)?)?$/;

function isRequirementList(text: string): boolean {
  if (text.length > 50_000) return false;
  let named = false;
  for (let at = 0; at < text.length; ) {
    const newline = text.indexOf("\n", at);
    const end = newline < 0 ? text.length : newline;
    const line = text.slice(at, end).trim();
    if (!requirementLine.test(line)) return false;
    named ||= /^[A-Za-z0-9]/.test(line);
    at = end + 1;
  }
  return named;
}

/** Dependencies and pytest settings: edits under `structural`, otherwise marks at the same places. */
export function analyzeProjectFile(path: string, text: string, options: EngineOptions): FileAnalysis {
  if (options.only !== undefined && !options.only.includes("project-file"))
    return { edits: [], marks: [], references: 0 };
  const least = options.anyioMin ?? "4.0";
  const needs = { requirement: `anyio>=${least}`, range: `>=${least}`, autoMode: atLeast(least, "4.11") };
  const edits: Edit[] = [];
  const marks: Mark[] = [];
  const find = kinds.find(([pattern]) => pattern.test(path))?.[1];
  for (const place of find?.(text, needs) ?? []) {
    if (place.kind === "edit" && options.structural) edits.push(editAt(place));
    else marks.push(markAt(place));
  }
  edits.sort((a, b) => a.start - b.start);
  return { edits, marks, references: edits.length + marks.length };
}

function editAt({ start, end, text, api }: ProjectPlace & { kind: "edit" }): Edit {
  return { start, end, text, rule: "project-file", api, class: "R" };
}

function markAt(place: ProjectPlace): Mark {
  const reason = place.kind === "mark" ? place.reason : "a project file: a structural rewrite";
  const suggestion =
    place.kind === "mark" ? "see anyio's guide to testing with its pytest plugin" : "run with --structural";
  return { start: place.start, rule: "project-file", api: place.api, class: "M", reason, suggestion };
}
