import { report, type Span } from "@hother/cancelable";
import {
  invalidType,
  type KnownOptions,
  requireKnownOptions,
  show,
  toMilliseconds,
} from "@hother/cancelable/extending";
import {
  type DeadlineHeader,
  defaultDeadlineHeader,
  type KnownDeadlineHeader,
  readTimeLeft,
  toDeadlineHeader,
} from "./deadline-header.ts";
import { addressMatcher } from "./trust.ts";

/** How far a server follows the deadlines of its callers. */
export interface CallerDeadlineOptions<Request> {
  /**
   * The callers whose header counts: `true` for all, a list of addresses and subnets of the direct peer (`["10.0.0.0/8", "::1"]`),
   * or a function. The header of another caller is ignored.
   */
  readonly trust: boolean | readonly string[] | ((request: Request) => boolean);
  /**
   * The header, or several, of which the smallest value counts. Default: `x-request-timeout-ms`, `grpc-timeout` and
   * `x-envoy-expected-rq-timeout-ms`.
   */
  readonly header?: string | DeadlineHeader | ReadonlyArray<string | DeadlineHeader> | undefined;
  /** The time that is taken off for the way back, so that the answer arrives in time. Default: 0. */
  readonly hopBudget?: Span | undefined;
}

const known: KnownOptions<CallerDeadlineOptions<unknown>> = { trust: 1, header: 1, hopBudget: 1 };

const understood: readonly KnownDeadlineHeader[] = [
  defaultDeadlineHeader,
  { name: "grpc-timeout", format: "grpc" },
  { name: "x-envoy-expected-rq-timeout-ms", format: "milliseconds" },
];

/** The facts of a request that decide about its caller's deadline. */
export interface CallerFacts<Request> {
  readonly request: Request;
  /** The value of a header, by its name in lower case. Repeated values are joined by a comma. */
  header(name: string): string | undefined;
  /** The address of the direct peer, if it is known. */
  readonly address: string | undefined;
}

/**
 * Returns a function that reads the time that the caller of a request allows, in milliseconds, after the hop budget: 0 if
 * nothing is left, and Infinity without a header that counts. A malformed header is ignored and reported.
 */
export function callerDeadline<Request>(
  options: CallerDeadlineOptions<Request>,
  argument: string,
): (facts: CallerFacts<Request>) => number {
  requireKnownOptions(options, known, "callerDeadline", argument);
  const { trust, header, hopBudget }: CallerDeadlineOptions<Request> = options;
  const isTrusted = toPredicate<Request>(trust, `${argument}.trust`);
  const at = `${argument}.header`;
  const headers =
    header === undefined
      ? understood
      : Array.isArray(header)
        ? header.map((one, index) => toDeadlineHeader(one, `${at}[${index}]`))
        : [toDeadlineHeader(header as string | DeadlineHeader, at)]; // not an array
  const hop = hopBudget === undefined ? 0 : toMilliseconds(hopBudget, `${argument}.hopBudget`);
  return (facts) => {
    let least = Number.POSITIVE_INFINITY;
    let problem: string | undefined;
    for (const { name, format } of headers) {
      const value = facts.header(name);
      if (value === undefined) continue;
      if (!isTrusted(facts)) return Number.POSITIVE_INFINITY;
      const ms = readTimeLeft(value, format);
      if (ms === undefined)
        problem ??= `${name}: ${show(value)} is no time span in the format ${format}; it was ignored`;
      else least = Math.min(least, ms);
    }
    if (problem !== undefined) report(new TypeError(problem), "the deadline header of a request");
    return Math.max(0, least - hop);
  };
}

function toPredicate<Request>(trust: unknown, argument: string): (facts: CallerFacts<Request>) => boolean {
  if (typeof trust === "boolean") return () => trust;
  if (Array.isArray(trust)) {
    const matches = addressMatcher(trust, argument);
    return ({ address }) => matches(address);
  }
  if (typeof trust !== "function")
    throw invalidType(argument, "true, false, a list of addresses, or a function", trust);
  return ({ request }) => {
    try {
      return (trust as (request: Request) => boolean)(request) === true;
    } catch (error) {
      report(error, "options.callerDeadline.trust");
      return false;
    }
  };
}
