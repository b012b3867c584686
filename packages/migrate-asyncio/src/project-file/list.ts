import type { ProjectNeeds, ProjectPlace } from "./place.ts";
import { edit } from "./place.ts";
import { nameOf, rangePlaces } from "./requirement.ts";

/** A bracketed list in TOML or Python whose items a parser found. */
export interface LiteralList {
  /** Offset after the bracket that opens it. */
  readonly open: number;
  /** What it holds; `value` is undefined for anything but a plain string. */
  readonly items: readonly { readonly start: number; readonly end: number; readonly value?: string }[];
  /** Python's `(…)`, which is a list from the first comma on. */
  readonly isTuple?: boolean;
}

/** What to do about anyio in a list: nothing if it is there, otherwise a further item at the end. */
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

/** The change that adds an item after the last one, in the layout that this one has. */
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
  // A comment at the end of the last item's line stays with that item.
  const [, comma = "", rest = "", comment = ""] =
    /^(,?)([ \t]*(#[^\r\n]*)?)(?=\r?\n)/.exec(text.slice(last.end)) ?? [];
  if (comma !== "") {
    const at = last.end + comma.length + rest.length;
    return { start: at, end: at, text: `${line},` };
  }
  if (comment === "") return { start: last.end, end: last.end, text: `,${line}` };
  return { start: last.end, end: last.end + rest.length, text: `,${rest}${line}` };
}
