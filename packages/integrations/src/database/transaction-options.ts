import type { Span } from "@hother/cancelable";
import {
  invalidType,
  type KnownOptions,
  requireBoolean,
  requireKnownOptions,
  requireOneOf,
  toMilliseconds,
} from "@hother/cancelable/extending";

const isolations = ["read uncommitted", "read committed", "repeatable read", "serializable"] as const;

export type Isolation = (typeof isolations)[number];

/** The options of the `withTransaction` of each database, which documents them with its own defaults. */
interface Options {
  readonly isolation?: Isolation | undefined;
  readonly readOnly?: boolean | undefined;
  /** Checked by `retry`, as `backoff` is. */
  readonly attempts?: unknown;
  readonly backoff?: unknown;
  readonly rollbackTimeout?: Span | undefined;
}

const known: KnownOptions<Options> = {
  isolation: 1,
  readOnly: 1,
  attempts: 1,
  backoff: 1,
  rollbackTimeout: 1,
};

/** The options of a transaction that is no savepoint. */
const ofOutermost = ["isolation", "readOnly", "attempts", "backoff"] as const;

/** Checks the options, and returns the longest time for the rollback in ms. Default: 5 seconds. */
export function checkTransactionOptions(options: Options | undefined): number {
  requireKnownOptions(options, known, "withTransaction");
  const { isolation, readOnly, rollbackTimeout = 5_000 } = options ?? {};
  if (isolation !== undefined) requireOneOf(isolation, "options.isolation", isolations);
  if (readOnly !== undefined) requireBoolean(readOnly, "options.readOnly");
  return toMilliseconds(rollbackTimeout, "options.rollbackTimeout");
}

/** Refuses the options that a savepoint cannot have. */
export function requireSavepointOptions(options: Options | undefined): void {
  for (const name of ofOutermost)
    if (options?.[name] !== undefined)
      throw invalidType(`options.${name}`, "left out in a transaction inside another one", options[name]);
}
