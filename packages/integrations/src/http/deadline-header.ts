import { currentDeadline, getBackend } from "@hother/cancelable";
import {
  invalidType,
  type KnownOptions,
  requireKnownOptions,
  requireOneOf,
} from "@hother/cancelable/extending";

/** The form of the value of a deadline header. */
export type DeadlineFormat =
  /** Whole milliseconds: `1500`. */
  | "milliseconds"
  /** A whole number of 1 to 8 digits and a unit, as the gRPC protocol writes it: `1500m`. */
  | "grpc";

/** The header in which the time that is left travels with a request. */
export interface DeadlineHeader {
  /** The name, in any case. */
  readonly name: string;
  /** Default: `"grpc"` for the name `grpc-timeout`, else `"milliseconds"`. */
  readonly format?: DeadlineFormat | undefined;
}

/** A header with its name in lower case and its format. */
export interface KnownDeadlineHeader {
  readonly name: string;
  readonly format: DeadlineFormat;
}

/** The header that requests carry where no other one is chosen. */
export const defaultDeadlineHeader: KnownDeadlineHeader = {
  name: "x-request-timeout-ms",
  format: "milliseconds",
};

const known: KnownOptions<DeadlineHeader> = { name: 1, format: 1 };

/**
 * The header that an option chooses: a name, or an object.
 *
 * @throws TypeError for another value, for a name that HTTP does not allow, and for an unknown format.
 */
export function toDeadlineHeader(
  option: string | DeadlineHeader | undefined,
  argument: string,
): KnownDeadlineHeader {
  if (option === undefined) return defaultDeadlineHeader;
  const header = typeof option === "string" ? { name: option } : option;
  requireKnownOptions(header, known, "a deadline header", argument);
  const { name, format }: { readonly name?: unknown; readonly format?: unknown } = header;
  const at = typeof option === "string" ? argument : `${argument}.name`;
  if (typeof name !== "string" || !/^[!#$%&'*+.^_`|~\w-]+$/.test(name))
    throw invalidType(at, "the name of a header", name);
  const lower = name.toLowerCase();
  if (format === undefined)
    return { name: lower, format: lower === "grpc-timeout" ? "grpc" : "milliseconds" };
  requireOneOf(format, `${argument}.format`, ["milliseconds", "grpc"]);
  return { name: lower, format: format as DeadlineFormat }; // checked above
}

/** The units of gRPC, the finest first, in milliseconds. */
const units: ReadonlyArray<readonly [unit: string, ms: number]> = [
  ["n", 1e-6],
  ["u", 1e-3],
  ["m", 1],
  ["S", 1_000],
  ["M", 60_000],
  ["H", 3_600_000],
];

/** The largest number that the gRPC format can write. */
const largest = 99_999_999;

/**
 * Writes a time span as the value of a header. The value is never longer than the span: a part of a unit is dropped.
 *
 * @returns undefined if the value would be 0, because no server can answer in that time, or if the span has no end.
 */
export function writeTimeLeft(ms: number, format: DeadlineFormat): string | undefined {
  if (!(ms >= 1) || ms === Number.POSITIVE_INFINITY) return undefined;
  if (format === "milliseconds") return String(Math.min(Math.floor(ms), 9_999_999_999));
  for (const [unit, length] of units.slice(2)) {
    const amount = Math.floor(ms / length);
    if (amount <= largest) return `${amount}${unit}`;
  }
  return `${largest}H`;
}

/**
 * Reads the value of a header, in milliseconds. The value must be written exactly as its format says: 1 to 10 digits for
 * milliseconds, and 1 to 8 digits with a unit for gRPC. A value of 0 is malformed, because some proxies mean no limit by 0.
 *
 * @returns undefined for a malformed value.
 */
export function readTimeLeft(value: string, format: DeadlineFormat): number | undefined {
  if (format === "milliseconds") return /^\d{1,10}$/.test(value) ? Number(value) || undefined : undefined;
  const match = /^(\d{1,8})([HMSmun])$/.exec(value);
  if (match === null) return undefined;
  const [, amount, unit] = match;
  const [, ms] = units.find(([name]) => name === unit) as [string, number]; // the pattern allows these units only
  return Number(amount) * ms || undefined;
}

/**
 * The time until the effective deadline of the ambient scope, in milliseconds of the backend's monotonic clock. It ends at
 * a shield. Infinity without a deadline; 0 or less in a scope that is cancelled or has no time left.
 */
export function timeLeft(): number {
  return currentDeadline() - getBackend().now();
}
