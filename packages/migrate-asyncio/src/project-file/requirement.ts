import { atLeast } from "../version.ts";
import { mark, type ProjectNeeds, type ProjectPlace } from "./place.ts";

/** A requirement in the syntax of PEP 508, such as `anyio[trio]>=4.0; python_version < "3.13"`. */
export interface Requirement {
  readonly start: number;
  readonly text: string;
}

/** The normalized package name of a requirement; `""` for a URL or an option. */
export function nameOf(text: string): string {
  const name = /^\s*([A-Za-z0-9](?:[\w.-]*[A-Za-z0-9])?)\s*(?=$|[[<>=!~;@,(^*#]|\s)/.exec(text)?.[1] ?? "";
  return name.toLowerCase().replace(/[-_.]+/g, "-");
}

export function isTestList(names: readonly string[]): boolean {
  return names.some((name) => name === "pytest" || name.startsWith("pytest-"));
}

/** A mark if anyio is listed with a range that excludes the oldest supported version. */
export function rangePlaces(api: string, start: number, range: string, needs: ProjectNeeds): ProjectPlace[] {
  const [constraint = ""] = range.split(";");
  const from = /(?:>=|~=|={2,3}|\^|>)\s*v?(\d+(?:\.\d+)*)/.exec(constraint)?.[1];
  const below = /<=?\s*v?(\d+(?:\.\d+)*)/.exec(constraint)?.[1];
  const older = from !== undefined && !atLeast(from, needs.least);
  const capped = below !== undefined && !(atLeast(below, needs.least) && !atLeast(needs.least, below));
  if (!older && !capped) return [];
  return [
    mark(
      api,
      start,
      `This range of anyio does not start at ${needs.least}.`,
      `Require anyio>=${needs.least} if the project can.`,
    ),
  ];
}

/** Marks pytest-asyncio in a list: it is needed while its markers or fixtures remain. */
export function pytestAsyncioPlaces(items: readonly Requirement[], needs: ProjectNeeds): ProjectPlace[] {
  return items
    .filter(({ text }) => nameOf(text) === "pytest-asyncio")
    .map(({ start }) =>
      needs.keepsPytestAsyncio
        ? mark(
            "pytest-asyncio",
            start,
            "Markers or fixtures of pytest-asyncio remain.",
            "See anyio's guide to testing with its pytest plugin.",
          )
        : mark(
            "pytest-asyncio",
            start,
            "No marker or fixture of pytest-asyncio is left.",
            "Remove it, unless tests rely on its auto mode.",
          ),
    );
}
