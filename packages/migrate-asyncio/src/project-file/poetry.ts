import { edit, notLiteral, type ProjectNeeds, type ProjectPlace } from "./place.ts";
import { nameOf, rangePlaces } from "./requirement.ts";
import { type TomlDocument, textOf } from "./toml-document.ts";

/** The places in one of poetry's tables of dependencies; undefined if the table does not exist. */
export function poetryPlaces(
  document: TomlDocument,
  api: string,
  text: string,
  needs: ProjectNeeds,
): ProjectPlace[] | undefined {
  const depth = api.split(".").length;
  const below = document.entries.filter(
    ({ path }) => path.length > depth && path.slice(0, depth).join(".") === api,
  );
  const known = below.find(({ path }) => nameOf(path[depth] ?? "") === "anyio");
  if (known !== undefined) {
    const version = known.path.length === depth + 1 ? known : document.entry(`${api}.anyio.version`);
    return rangePlaces(api, known.start, version === undefined ? "" : (textOf(version.value) ?? ""), needs);
  }
  const table = document.table(api);
  if (table === undefined) {
    const [first] = below;
    return first && [notLiteral(api, first.start, "The table is written inline", needs)];
  }
  // Insert after a comment on the last line.
  const newline = text.indexOf("\n", table.end);
  const end = newline < 0 ? text.length : newline - (text[newline - 1] === "\r" ? 1 : 0);
  const eol = text.includes("\r\n") ? "\r\n" : "\n";
  return [edit(api, { start: end, end, text: `${eol}anyio = ">=${needs.least}"` })];
}
