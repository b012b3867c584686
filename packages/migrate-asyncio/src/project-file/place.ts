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

/** The needs of a project. */
export interface ProjectNeeds {
  /** The oldest anyio to support: `4.0`. */
  readonly least: string;
  /** Whether the code needs anyio, or only the tests. */
  readonly neededBy: "code" | "tests";
  /** Whether some tests still use pytest-asyncio. */
  readonly keepsPytestAsyncio: boolean;
  /** Whether a `conftest.py` has an `anyio_backend` fixture. */
  readonly choosesBackend: boolean;
}

export function edit(api: string, change: { start: number; end: number; text: string }): ProjectPlace {
  return { kind: "edit", api, ...change };
}

export function mark(api: string, start: number, reason: string, suggestion: string): ProjectPlace {
  return { kind: "mark", api, start, reason, suggestion };
}

/** The mark for a list that is not literal and so cannot be edited. */
export function notLiteral(api: string, start: number, why: string, needs: ProjectNeeds): ProjectPlace {
  return mark(api, start, `${why}; only literal lists are edited.`, `Add anyio>=${needs.least} by hand.`);
}
