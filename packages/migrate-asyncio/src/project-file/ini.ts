import { type IniEntry, iniEntries } from "./ini-document.ts";
import { edit, notLiteral, type ProjectNeeds, type ProjectPlace } from "./place.ts";
import { isTestList, nameOf, pytestAsyncioPlaces, rangePlaces } from "./requirement.ts";
import { settingPlaces } from "./settings.ts";

/** The places in a `setup.cfg`, `pytest.ini` or `tox.ini`. */
export function iniPlaces(text: string, needs: ProjectNeeds): ProjectPlace[] {
  const entries = iniEntries(text);
  // anyio's own project does not depend on anyio.
  if (
    entries.some(
      ({ section, name, first }) => section === "metadata" && name === "name" && nameOf(first) === "anyio",
    )
  )
    return [];
  const lists = entries.filter(isDependencyList);
  const packages = entries.find(
    ({ section, name }) => section === "options" && (name === "packages" || name === "py_modules"),
  );
  const isWithoutList = packages !== undefined && !lists.some(({ name }) => name === "install_requires");
  const items = [...lists, ...entries.filter(({ name }) => name === "deps")].flatMap(({ lines }) => lines);
  const settings = entries
    .filter(({ section }) => /^(tool:)?pytest$/.test(section))
    .map(({ name, start, first, lines }) => ({
      name,
      start,
      value: [first, ...lines.map((line) => line.text)].filter((line) => line !== "").join("\n"),
    }));
  return [
    ...(needs.neededBy === "code" && isWithoutList
      ? [notLiteral("install_requires", packages.start, "[options] has no install_requires", needs)]
      : []),
    ...lists.flatMap((list) => dependencyPlaces(list, text, needs)),
    ...pytestAsyncioPlaces(items, needs),
    ...settingPlaces(settings, needs),
  ];
}

function isDependencyList({ section, name }: IniEntry): boolean {
  if (section === "options") return name === "install_requires" || name === "tests_require";
  return section === "options.extras_require";
}

/** The places in a list with one requirement per line, if anyio belongs into this list. */
function dependencyPlaces(entry: IniEntry, text: string, needs: ProjectNeeds): ProjectPlace[] {
  const { name, start, first, lines } = entry;
  const isCode = entry.section === "options" && name === "install_requires";
  if (isCode !== (needs.neededBy === "code")) return [];
  if (!isCode && !isTestList(lines.map((line) => nameOf(line.text)))) return [];
  const api = isCode ? name : `${entry.section}.${name}`;
  const known = lines.find((line) => nameOf(line.text) === "anyio");
  if (known !== undefined) return rangePlaces(api, known.start, known.text, needs);
  const last = lines.at(-1);
  if (first !== "" || last === undefined)
    return nameOf(first) === "anyio"
      ? []
      : [notLiteral(api, start, "The list does not have one line per requirement", needs)];
  const eol = text.includes("\r\n") ? "\r\n" : "\n";
  return [edit(api, { start: last.end, end: last.end, text: `${eol}${last.indent}anyio>=${needs.least}` })];
}
