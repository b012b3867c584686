import { invalidType, outOfRange, requireOptions, requireText } from "../arguments.ts";
import type { OperationStatus } from "../operation/status.ts";

/** Which operations. Every part that is given has to fit. */
export interface OperationFilter {
  readonly status?: OperationStatus | readonly OperationStatus[];
  /** The id of the operation directly above. */
  readonly parent?: string;
  /** A part of the name, upper or lower case, or an expression that it matches. */
  readonly name?: string | RegExp;
  /** Entries that the metadata has, each the same value. */
  readonly metadata?: Readonly<Record<string, unknown>>;
}

/** What a filter looks at: a live operation's context, or a snapshot. */
interface Filtered {
  readonly status: OperationStatus;
  readonly name: string | undefined;
  readonly parentId: string | undefined;
  readonly metadata: Readonly<Record<string, unknown>>;
}

const statuses: readonly OperationStatus[] = [
  "pending",
  "running",
  "shielded",
  "completed",
  "cancelled",
  "failed",
];

const has = (metadata: Filtered["metadata"], key: string): boolean => Object.hasOwn(metadata, key);

const everything = (): boolean => true;

/** The filter as a question; its parts are checked here. */
export function toPredicate(filter: OperationFilter | undefined): (operation: Filtered) => boolean {
  requireOptions(filter, "filter");
  if (filter === undefined) return everything;
  const { status, parent, name, metadata } = filter;
  requireText(parent, "filter.parent");
  if (name !== undefined && typeof name !== "string" && !(name instanceof RegExp))
    throw invalidType("filter.name", "a string or a RegExp", name);
  requireOptions(metadata, "filter.metadata");
  const wanted = status === undefined ? undefined : typeof status === "string" ? [status] : status;
  if (wanted !== undefined && !Array.isArray(wanted))
    throw invalidType("filter.status", "a status or several", status);
  for (const one of wanted ?? []) {
    if (!statuses.includes(one)) throw outOfRange("filter.status", `one of ${statuses.join(", ")}`, one);
  }
  const entries = Object.entries(metadata ?? {});
  const named = name === undefined ? everything : toNamePredicate(name);
  return (operation) =>
    (wanted === undefined || wanted.includes(operation.status)) &&
    named(operation.name) &&
    (parent === undefined || operation.parentId === parent) &&
    entries.every(
      ([key, value]) => has(operation.metadata, key) && Object.is(operation.metadata[key], value),
    );
}

function toNamePredicate(name: string | RegExp): (name: string | undefined) => boolean {
  if (typeof name === "string") {
    const part = name.toLowerCase();
    return (candidate) => candidate?.toLowerCase().includes(part) === true;
  }
  // With its own state: expressions with `g` or `y` go on where they stopped.
  const expression = new RegExp(name.source, name.flags.replace(/[gy]/g, ""));
  return (candidate) => candidate !== undefined && expression.test(candidate);
}
