export type TracedEvent = readonly [at: number, statement: number | "top", what: string];

/** `cancelCalled` and `cancelledCaught` of a scope, as digits. */
type Flags = string;

/** A primitive's state at the end: for example whether a lock is held, and how many wait for it. */
export type ResourceState = string | readonly number[];

/** What running a program gives. */
export interface Trace {
  /** What each task did, in its order. */
  readonly trace: Readonly<Record<string, readonly TracedEvent[]>>;
  readonly outcome: string;
  readonly ended: number;
  readonly scopes: Readonly<Record<string, Flags>>;
  readonly groups: Readonly<Record<string, Flags>>;
  /** The status of each child that `spawn` started. */
  readonly tasks: Readonly<Record<string, string>>;
  readonly resources: Readonly<Record<string, Readonly<Record<string, ResourceState>>>>;
}

type Facts = Omit<Trace, "trace">;

/**
 * The first difference between two runs of a program, in words; undefined when they are alike. Tasks that
 * run at the same moment have no order among each other, so events are compared task by task.
 *
 * @param ignored Facts that are not compared.
 */
export function difference(
  expected: Trace,
  actual: Trace,
  ignored: ReadonlyArray<keyof Facts> = [],
): string | undefined {
  const traces = namesOf(expected.trace, actual.trace)
    .map((task) => traceDifference(task, expected.trace[task] ?? [], actual.trace[task] ?? []))
    .filter((found) => found !== undefined);
  // A difference makes others later on: the earliest one explains most.
  const [earliest] = traces.sort((a, b) => a.at - b.at);
  if (earliest !== undefined) return earliest.text;
  for (const fact of ["outcome", "ended", "scopes", "groups", "tasks", "resources"] as const) {
    const found = ignored.includes(fact) ? undefined : factDifference(fact, expected[fact], actual[fact]);
    if (found !== undefined) return found;
  }
  return undefined;
}

function traceDifference(
  task: string,
  expected: readonly TracedEvent[],
  actual: readonly TracedEvent[],
): { readonly at: number; readonly text: string } | undefined {
  for (let i = 0; i < Math.max(expected.length, actual.length); i++) {
    const text = leafDifference(`task ${task}`, expected[i], actual[i]);
    const at = Math.min(expected[i]?.[0] ?? Infinity, actual[i]?.[0] ?? Infinity);
    if (text !== undefined) return { at, text };
  }
  return undefined;
}

function factDifference(where: string, expected: unknown, actual: unknown): string | undefined {
  if (!isTable(expected) || !isTable(actual)) return leafDifference(where, expected, actual);
  for (const name of namesOf(expected, actual)) {
    const found = factDifference(`${where} ${name}`, expected[name], actual[name]);
    if (found !== undefined) return found;
  }
  return undefined;
}

function leafDifference(where: string, expected: unknown, actual: unknown): string | undefined {
  const [want, got] = [expected, actual].map((value) => JSON.stringify(value) ?? "nothing");
  return want === got ? undefined : `${where}: expected ${want}, got ${got}`;
}

function isTable(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function namesOf(...tables: ReadonlyArray<Readonly<Record<string, unknown>>>): string[] {
  return [...new Set(tables.flatMap((table) => Object.keys(table)))];
}
