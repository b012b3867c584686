import { modePlace, type ProjectNeeds, type ProjectPlace, pytestMarks } from "./project-settings.ts";

/** Places in a `setup.cfg`, `pytest.ini` or `tox.ini`. */
export function iniPlaces(text: string, needs: ProjectNeeds): ProjectPlace[] {
  return [...installRequires(text, needs), ...modePlace(text, needs), ...pytestMarks(text)];
}

/** `install_requires =` with one requirement a line. */
function installRequires(text: string, needs: ProjectNeeds): ProjectPlace[] {
  const found = /^install_requires[ \t]*=[ \t]*\r?\n((?:[ \t]+\S.*(?:\r?\n|$)|[ \t]*#.*\r?\n)+)/m.exec(text);
  const lines = found?.[1];
  if (found === null || lines === undefined || /^\s*anyio\b/m.test(lines)) return [];
  const at = found.index + found[0].trimEnd().length;
  const indent = /^[ \t]+/.exec(lines)?.[0] ?? "    ";
  const eol = text.includes("\r\n") ? "\r\n" : "\n";
  return [
    { kind: "edit", start: at, end: at, text: eol + indent + needs.requirement, api: "install_requires" },
  ];
}
