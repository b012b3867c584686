import type { ProjectNeeds, ProjectPlace } from "./place.ts";
import { edit } from "./place.ts";
import { nameOf, rangePlaces } from "./requirement.ts";

/** A literal list in TOML or Python. */
export interface LiteralList {
  /** The offset after the opening bracket. */
  readonly open: number;
  /** The items; `value` is only set for plain strings. */
  readonly items: readonly { readonly start: number; readonly end: number; readonly value?: string }[];
  /** Whether it is a Python tuple, which needs a comma after a single item. */
  readonly isTuple?: boolean;
}

/** The places for anyio in a list: none if anyio is in it, otherwise a new item at the end. */
export function listPlaces(
  api: string,
  text: string,
  list: LiteralList,
  needs: ProjectNeeds,
): ProjectPlace[] {
  const known = list.items.find(({ value }) => value !== undefined && nameOf(value) === "anyio");
  if (known !== undefined) return rangePlaces(api, known.start, known.value ?? "", needs);
  return [edit(api, addition(text, list, `anyio>=${needs.least}`))];
}

/** The change that adds an item after the last one, in the same layout. */
function addition(
  text: string,
  list: LiteralList,
  requirement: string,
): { start: number; end: number; text: string } {
  const last = list.items.at(-1);
  if (last === undefined) {
    return { start: list.open, end: list.open, text: `"${requirement}"${list.isTuple ? "," : ""}` };
  }
  const quote = /^(["'])(?!\1\1)/.exec(text.slice(last.start, last.end))?.[1] ?? '"';
  const item = `${quote}${requirement}${quote}`;
  const indent = text.slice(text.lastIndexOf("\n", last.start - 1) + 1, last.start);
  if (!/^[ \t]*$/.test(indent)) return { start: last.end, end: last.end, text: `, ${item}` };
  const line = `${text.includes("\r\n") ? "\r\n" : "\n"}${indent}${item}`;
  // A comment at the end of the last item's line stays on that line.
  const [, comma = "", rest = "", comment = ""] =
    /^(,?)([ \t]*(#[^\r\n]*)?)(?=\r?\n)/.exec(text.slice(last.end)) ?? [];
  if (comma !== "") {
    const at = last.end + comma.length + rest.length;
    return { start: at, end: at, text: `${line},` };
  }
  if (comment === "") return { start: last.end, end: last.end, text: `,${line}` };
  return { start: last.end, end: last.end + rest.length, text: `,${rest}${line}` };
}
