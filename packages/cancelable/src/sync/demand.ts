import { invalidType, outOfRange, requireWhole } from "../arguments.ts";
import { type KnownOptions, requireKnownOptions } from "../known-options.ts";
import type { WaitOptions } from "./wait-options.ts";

/** The options of a wait for a lock. */
export interface AcquireOptions extends WaitOptions {
  /**
   * A wait with a higher number is served first. Among equals, the order of arrival decides. Any number except NaN.
   * Default: 0.
   */
  readonly priority?: number | undefined;
}

/** The options of a wait for permits. */
export interface PermitOptions extends AcquireOptions {
  /** The number of permits to take, all at once: a whole number of at least 1. Default: 1. */
  readonly weight?: number | undefined;
}

/** @internal The request of a waiter to a lender. */
export interface Demand<S> {
  readonly weight: number;
  readonly priority: number;
  /** Further information for the lender: the borrower, or the lease of a condition. */
  readonly of: S;
}

/** @internal The demand of a call without options. */
export const plain: Demand<undefined> = { weight: 1, priority: 0, of: undefined };

/** @internal */
export const permitOptions: KnownOptions<PermitOptions> = { weight: 1, priority: 1, scope: 1 };

/** @internal Checks the options of a call that takes permits, and returns the demand. */
export function demandOf(
  options: PermitOptions | undefined,
  known: Readonly<Record<string, 1>>,
  of: string,
): Demand<undefined> {
  if (options === undefined) return plain;
  requireKnownOptions(options, known, of);
  const { weight = 1, priority = 0 } = options;
  requireWhole(weight, "options.weight", 1);
  if (typeof priority !== "number") throw invalidType("options.priority", "a number", priority);
  if (Number.isNaN(priority)) throw outOfRange("options.priority", "a number", priority);
  return weight === 1 && priority === 0 ? plain : { weight, priority, of: undefined };
}
