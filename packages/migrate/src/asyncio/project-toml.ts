import { addItem, readList } from "./literal-list.ts";
import { modePlace, type ProjectNeeds, type ProjectPlace, pytestMarks } from "./project-settings.ts";

/** Places in a `pyproject.toml`: `[project] dependencies`, poetry's table, pytest's settings. */
export function tomlPlaces(text: string, needs: ProjectNeeds): ProjectPlace[] {
  return [
    ...dependencies(text, needs),
    ...poetry(text, needs),
    ...modePlace(text, needs),
    ...pytestMarks(text),
  ];
}

/** Offsets of a table's body. */
function table(text: string, name: string): { start: number; end: number } | undefined {
  const header = new RegExp(`^\\[${name.replaceAll(".", "\\.")}\\][ \\t]*(?:#.*)?\\r?$`, "m").exec(text);
  if (header === null) return undefined;
  const start = header.index + header[0].length;
  const next = text.slice(start).search(/^\[/m);
  return { start, end: next < 0 ? text.length : start + next };
}

function dependencies(text: string, needs: ProjectNeeds): ProjectPlace[] {
  const project = table(text, "project");
  if (project === undefined) return [];
  const key = /^dependencies\s*=\s*(?=\[)/m.exec(text.slice(project.start, project.end));
  if (key === null) return [];
  const list = readList(text, project.start + key.index + key[0].length);
  const edit = list && addItem(text, list, needs.requirement);
  return edit === undefined ? [] : [{ kind: "edit", ...edit, api: "project.dependencies" }];
}

function poetry(text: string, needs: ProjectNeeds): ProjectPlace[] {
  const section = table(text, "tool.poetry.dependencies");
  if (section === undefined) return [];
  const body = text.slice(section.start, section.end);
  if (/^anyio\s*=/m.test(body)) return [];
  const at = section.start + body.trimEnd().length;
  const eol = text.includes("\r\n") ? "\r\n" : "\n";
  return [
    {
      kind: "edit",
      start: at,
      end: at,
      text: `${eol}anyio = "${needs.range}"`,
      api: "tool.poetry.dependencies",
    },
  ];
}
