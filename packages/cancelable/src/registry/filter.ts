import { invalidType, outOfRange, requireOptions, requireText } from "../arguments.ts";
import { type KnownOptions, requireKnownOptions } from "../known-options.ts";
import { type OperationStatus, operationStatuses } from "../operation/status.ts";
import { isRegExp } from "../realms.ts";

/** Selects operations. An operation must match every given field. An empty filter matches all operations. */
export interface OperationFilter {
  /** One status, or several of which one must match. */
  readonly status?: OperationStatus | readonly OperationStatus[] | undefined;
  /** The id of the operation directly above. */
  readonly parent?: string | undefined;
  /** A part of the name, in upper or lower case, or a regular expression that the name matches. */
  readonly name?: string | RegExp | undefined;
  /** Entries that the metadata contains. Values are compared with `Object.is`. */
  readonly metadata?: Readonly<Record<string, unknown>> | undefined;
}

/** The facts that a filter compares: a live operation's context, or a snapshot. */
interface Filtered {
  readonly status: OperationStatus;
  readonly name: string | undefined;
  readonly parentId: string | undefined;
  readonly metadata: Readonly<Record<string, unknown>>;
}

const has = (metadata: Filtered["metadata"], key: string): boolean => Object.hasOwn(metadata, key);

const matchesAll = (): boolean => true;

const known: KnownOptions<OperationFilter> = { status: 1, parent: 1, name: 1, metadata: 1 };

/** Checks a filter and returns it as a predicate. */
export function toPredicate(filter: OperationFilter | undefined): (operation: Filtered) => boolean {
  requireKnownOptions(filter, known, "a filter", "filter");
  if (filter === undefined) return matchesAll;
  const { status, parent, name, metadata } = filter;
  requireText(parent, "filter.parent");
  if (name !== undefined && typeof name !== "string" && !isRegExp(name))
    throw invalidType("filter.name", "a string or a RegExp", name);
  requireOptions(metadata, "filter.metadata");
  const statuses = status === undefined ? undefined : typeof status === "string" ? [status] : status;
  if (statuses !== undefined && !Array.isArray(statuses))
    throw invalidType("filter.status", "a status or an array of statuses", status);
  for (const one of statuses ?? []) {
    if (!operationStatuses.includes(one))
      throw outOfRange("filter.status", `one of ${operationStatuses.join(", ")}`, one);
  }
  const entries = Object.entries(metadata ?? {});
  const matchesName = name === undefined ? matchesAll : toNamePredicate(name);
  return (operation) =>
    (statuses === undefined || statuses.includes(operation.status)) &&
    matchesName(operation.name) &&
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
  // A copy without `g` and `y`: with these flags, `test` continues where the previous call stopped.
  const expression = new RegExp(name.source, name.flags.replace(/[gy]/g, ""));
  return (candidate) => candidate !== undefined && expression.test(candidate);
}
