import { atLeast } from "../version.ts";
import { mark, type ProjectNeeds, type ProjectPlace } from "./place.ts";

/** A requirement as PEP 508 has it, such as `anyio[trio]>=4.0; python_version < "3.13"`. */
export interface Requirement {
  readonly start: number;
  readonly text: string;
}

/** The name that a requirement is about, as package indexes compare names; `""` for an address or an option. */
export function nameOf(text: string): string {
  const name = /^\s*([A-Za-z0-9](?:[\w.-]*[A-Za-z0-9])?)\s*(?=$|[[<>=!~;@,(^*#]|\s)/.exec(text)?.[1] ?? "";
  return name.toLowerCase().replace(/[-_.]+/g, "-");
}

export function isTestList(names: readonly string[]): boolean {
  return names.some((name) => name === "pytest" || name.startsWith("pytest-"));
}

/** A mark where anyio is there already in a range that leaves the oldest supported version out. */
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
      `this range of anyio does not begin at ${needs.least}`,
      `anyio>=${needs.least}, if it may`,
    ),
  ];
}

/** pytest-asyncio stays while its markers, fixtures or settings remain; when they are gone, a person decides. */
export function pytestAsyncioPlaces(items: readonly Requirement[], needs: ProjectNeeds): ProjectPlace[] {
  return items
    .filter(({ text }) => nameOf(text) === "pytest-asyncio")
    .map(({ start }) =>
      needs.keepsPytestAsyncio
        ? mark(
            "pytest-asyncio",
            start,
            "markers or fixtures of pytest-asyncio remain",
            "see anyio's guide to testing with its pytest plugin",
          )
        : mark(
            "pytest-asyncio",
            start,
            "no marker or fixture of pytest-asyncio is left",
            "remove it, unless its auto mode runs tests",
          ),
    );
}
