import { invalidType, outOfRange } from "./arguments.ts";
import { requireKnownOptions } from "./known-options.ts";
import { isPlainObject, timeOf } from "./realms.ts";

/** A time span as an object. It is the sum of its parts. `Temporal.Duration` objects are accepted. */
export interface Duration {
  readonly weeks?: number | undefined;
  readonly days?: number | undefined;
  readonly hours?: number | undefined;
  readonly minutes?: number | undefined;
  readonly seconds?: number | undefined;
  readonly milliseconds?: number | undefined;
  readonly microseconds?: number | undefined;
  readonly nanoseconds?: number | undefined;
}

/**
 * A time span: milliseconds, a {@link Duration}, or no limit (`null`, `Infinity`). A span of 0 or less has already
 * expired, because callers pass `end - now`.
 */
export type Span = number | Duration | null;

const units: ReadonlyArray<readonly [keyof Duration, number]> = [
  ["weeks", 604_800_000],
  ["days", 86_400_000],
  ["hours", 3_600_000],
  ["minutes", 60_000],
  ["seconds", 1_000],
  ["milliseconds", 1],
  ["microseconds", 1e-3],
  ["nanoseconds", 1e-6],
];

const knownUnits = {
  ...Object.fromEntries(units.map(([unit]) => [unit, 1 as const])),
  years: 1,
  months: 1,
} as const;

/**
 * The milliseconds of a span. `Infinity` means no limit.
 *
 * @throws TypeError for a value that is not a span, RangeError for NaN. Both name the argument.
 */
export function toMilliseconds(span: Span, argument: string): number {
  if (typeof span === "number") {
    if (Number.isNaN(span)) throw outOfRange(argument, "a number of milliseconds", span);
    return span;
  }
  if (span === null) return Number.POSITIVE_INFINITY;
  if (typeof span !== "object")
    throw invalidType(argument, "milliseconds, a Duration such as { seconds: 5 }, or null", span);
  // Other objects, such as those of Temporal, can have properties of their own.
  if (isPlainObject(span)) requireKnownOptions(span, knownUnits, "a Duration", argument, "unit");
  let total = 0;
  let known = false;
  for (const [unit, factor] of units) {
    const amount: unknown = span[unit];
    if (amount === undefined) continue;
    if (typeof amount !== "number") throw invalidType(`${argument}.${unit}`, "a number", amount);
    if (Number.isNaN(amount)) throw outOfRange(`${argument}.${unit}`, "a number", amount);
    total += amount * factor;
    known = true;
  }
  const dated = span as { years?: number; months?: number };
  if (dated.years || dated.months) {
    throw outOfRange(argument, "a span without years and months, whose length varies", span);
  }
  if (!known) throw invalidType(argument, "milliseconds, a Duration such as { seconds: 5 }, or null", span);
  if (Number.isNaN(total)) throw outOfRange(argument, "a span whose parts add up to a number", span);
  return total;
}

/** The milliseconds of an interval, which must be positive and finite. */
export function toInterval(span: Span, argument: string): number {
  const ms = toMilliseconds(span, argument);
  if (!(ms > 0) || ms === Number.POSITIVE_INFINITY) {
    throw outOfRange(argument, "a positive, finite time span", span);
  }
  return ms;
}

/** The epoch milliseconds of a time on the wall clock. */
export function toEpoch(moment: Date | number, argument: string): number {
  const epoch: unknown = typeof moment === "object" ? timeOf(moment) : moment;
  if (typeof epoch !== "number") throw invalidType(argument, "a Date or epoch milliseconds", moment);
  if (Number.isNaN(epoch)) throw outOfRange(argument, "a valid Date or epoch milliseconds", moment);
  return epoch;
}

/** Formats milliseconds: 1500 as "1.5 s", 50 as "50 ms". */
export function formatSpan(ms: number): string {
  return Math.abs(ms) >= 1_000 ? `${Math.round(ms / 10) / 100} s` : `${Math.round(ms * 100) / 100} ms`;
}
