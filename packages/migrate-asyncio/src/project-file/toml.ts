import { listPlaces } from "./list.ts";
import { notLiteral, type ProjectNeeds, type ProjectPlace } from "./place.ts";
import { poetryPlaces } from "./poetry.ts";
import { isTestList, nameOf, pytestAsyncioPlaces } from "./requirement.ts";
import { settingPlaces } from "./settings.ts";
import { listOf, TomlDocument, type TomlEntry, textOf } from "./toml-document.ts";

/** The places in a `pyproject.toml`: dependencies in the tables of all supported tools, and pytest's settings. */
export function tomlPlaces(text: string, needs: ProjectNeeds): ProjectPlace[] {
  const document = new TomlDocument(text);
  // anyio's own project does not depend on anyio.
  const name = document.entry("project.name") ?? document.entry("tool.poetry.name");
  if (name !== undefined && nameOf(textOf(name.value) ?? "") === "anyio") return [];
  const lists = document.entries.filter(({ path }) => isDependencyList(path));
  const items = lists.flatMap(({ value }) =>
    (listOf(value)?.items ?? []).map((item) => ({ start: item.start, text: item.value ?? "" })),
  );
  const settings = document.entries.flatMap(({ path, start, value }) => {
    const name = /^tool\.pytest\.(?:ini_options\.)?(\w+)$/.exec(path.join("."))?.[1];
    return name === undefined ? [] : [{ name, start, value: textOf(value) }];
  });
  return [
    ...(needs.neededBy === "code"
      ? codePlaces(document, text, needs)
      : testPlaces(document, lists, text, needs)),
    ...pytestAsyncioPlaces(items, needs),
    ...settingPlaces(settings, needs),
  ];
}

/** The keys under which PEP 621, PEP 735, uv, PDM and Hatch list requirements. */
function isDependencyList(path: readonly string[]): boolean {
  return /^(?:project\.dependencies|(?:project\.optional-dependencies|dependency-groups|tool\.pdm\.dev-dependencies)\.[^.]+|tool\.uv\.dev-dependencies|tool\.hatch\.envs\.[^.]+\.(?:extra-)?dependencies)$/.test(
    path.join("."),
  );
}

/** The places for the code's dependencies: in `[project]` if it exists, otherwise in poetry's table. */
function codePlaces(document: TomlDocument, text: string, needs: ProjectNeeds): ProjectPlace[] {
  const api = "project.dependencies";
  const own = document.entry(api);
  if (own !== undefined) {
    const list = listOf(own.value);
    return list === undefined
      ? [notLiteral(api, own.start, "The value is not a list", needs)]
      : listPlaces(api, text, list, needs);
  }
  const poetry = poetryPlaces(document, "tool.poetry.dependencies", text, needs);
  if (poetry !== undefined) return poetry;
  const project = document.table("project");
  if (project === undefined) return [];
  const dynamic = document.entry("project.dynamic");
  return dynamic !== undefined && /^dependencies$/m.test(textOf(dynamic.value) ?? "")
    ? [notLiteral(api, dynamic.start, "The dependencies are computed", needs)]
    : [notLiteral(api, project.start, "[project] has no list of dependencies", needs)];
}

/** The places for the tests' dependencies: in lists with pytest. */
function testPlaces(
  document: TomlDocument,
  lists: readonly TomlEntry[],
  text: string,
  needs: ProjectNeeds,
): ProjectPlace[] {
  const own = document.entry("project.dependencies");
  const known = own === undefined ? undefined : listOf(own.value)?.items;
  if (known?.some(({ value }) => nameOf(value ?? "") === "anyio")) return [];
  const places = lists.flatMap((entry) => {
    const list = listOf(entry.value);
    if (list === undefined || !isTestList(list.items.map(({ value }) => nameOf(value ?? "")))) return [];
    return listPlaces(entry.path.join("."), text, list, needs);
  });
  for (const { path } of document.tables) {
    const api = path.join(".");
    if (!/^tool\.poetry\.(?:group\.[^.]+\.dependencies|dev-dependencies)$/.test(api)) continue;
    const names = document.entries
      .filter((entry) => isIn(entry, path))
      .map((entry) => nameOf(entry.path.at(-1) ?? ""));
    if (isTestList(names)) places.push(...(poetryPlaces(document, api, text, needs) ?? []));
  }
  return places;
}

function isIn(entry: TomlEntry, path: readonly string[]): boolean {
  return entry.path.length === path.length + 1 && path.every((part, index) => entry.path[index] === part);
}
