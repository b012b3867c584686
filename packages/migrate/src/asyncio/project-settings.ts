/** A place in a project file: an edit, or a mark with its reason. */
export type ProjectPlace =
  | {
      readonly kind: "edit";
      readonly start: number;
      readonly end: number;
      readonly text: string;
      readonly api: string;
    }
  | { readonly kind: "mark"; readonly start: number; readonly api: string; readonly reason: string };

/** What the edits say about versions. */
export interface ProjectNeeds {
  /** `anyio>=4.0` */
  readonly requirement: string;
  /** `>=4.0` */
  readonly range: string;
  /** Whether pytest's `anyio_mode` exists in the oldest anyio to support. */
  readonly autoMode: boolean;
}

/** pytest-asyncio and its settings stay while markers remain. */
export function pytestMarks(text: string): ProjectPlace[] {
  return [...text.matchAll(/\bpytest-asyncio\b|^[ \t]*(asyncio_default_\w+)[ \t]*=/gm)].map((found) => ({
    kind: "mark" as const,
    start: found.index + found[0].length - found[0].trimStart().length,
    api: found[1] ?? "pytest-asyncio",
    reason: "pytest-asyncio is needed while its markers, fixtures or settings remain",
  }));
}

/** `asyncio_mode = auto` becomes `anyio_mode` where that exists; the two must not stand together. */
export function modePlace(text: string, needs: ProjectNeeds): ProjectPlace[] {
  const found = /^([ \t]*)asyncio_mode([ \t]*=[ \t]*["']?)(\w+)/m.exec(text);
  if (found === null) return [];
  const start = found.index + (found[1]?.length ?? 0);
  const api = "asyncio_mode";
  if (found[3] !== "auto") {
    return [{ kind: "mark", start, api, reason: "a setting of pytest-asyncio, of no use without it" }];
  }
  if (!needs.autoMode) {
    return [{ kind: "mark", start, api, reason: "anyio's pytest plugin has an auto mode only from 4.11 on" }];
  }
  return [{ kind: "edit", start, end: start + api.length, text: "anyio_mode", api }];
}
