/** A place in a project file: an edit, or a mark with its reason. */
export type ProjectPlace = ProjectEdit | ProjectMark;

interface ProjectEdit {
  readonly kind: "edit";
  readonly start: number;
  readonly end: number;
  readonly text: string;
  readonly api: string;
}

interface ProjectMark {
  readonly kind: "mark";
  readonly start: number;
  readonly api: string;
  readonly reason: string;
  readonly suggestion: string;
}

/** What a project needs from its files. */
export interface ProjectNeeds {
  /** The oldest anyio to support: `4.0`. */
  readonly least: string;
  /** Whether code needs anyio, or tests alone do. */
  readonly who: "code" | "tests";
  /** Whether some of its tests stay with pytest-asyncio. */
  readonly keepsPytestAsyncio: boolean;
  /** Whether a `conftest.py` says on which backend anyio's plugin runs tests. */
  readonly choosesBackend: boolean;
}

export function edit(api: string, change: { start: number; end: number; text: string }): ProjectPlace {
  return { kind: "edit", api, ...change };
}

export function mark(api: string, start: number, reason: string, suggestion: string): ProjectPlace {
  return { kind: "mark", api, start, reason, suggestion };
}

/** A list that no edit can be made in, because it is not written out. */
export function notLiteral(api: string, start: number, why: string, needs: ProjectNeeds): ProjectPlace {
  return mark(api, start, `${why}, and only literal lists are edited`, `add anyio>=${needs.least} by hand`);
}
