import { type OperationObserver, registry, type Span } from "@hother/cancelable";
import {
  invalidType,
  type KnownOptions,
  requireFunction,
  requireKnownOptions,
  toInterval,
  toMilliseconds,
} from "@hother/cancelable/extending";
import type { Answer } from "./answer.ts";
import { type CallerDeadlineOptions, type CallerFacts, callerDeadline } from "./caller-deadline.ts";
import type { CancelledRequest, RequestEnd } from "./request-end.ts";

/** The options of every server. */
export interface RequestOptions<Request> {
  /** The time that a request may take, counted from its arrival. Default: no limit. */
  readonly timeout?: Span | undefined;
  /** Which callers may shorten the time limit by a header. Default: none. A header never lengthens the limit. */
  readonly callerDeadline?: CallerDeadlineOptions<Request> | undefined;
  /** The metadata of the operation. Default: none. */
  readonly metadata?: ((request: Request) => Record<string, unknown>) | undefined;
  /** Whether a registry contains the operations: `true` for that of the process, or a registry. Default: false. */
  readonly register?: boolean | OperationObserver | undefined;
  /** How long the handler of a cancelled request may take to end. Default: no bound, and a warning after 5 s. */
  readonly grace?: Span | undefined;
  /** The `Retry-After` of the answer during a shutdown. Default: 1 s. */
  readonly retryAfter?: Span | undefined;
  /**
   * The answer to a cancelled request whose own answer has not begun. `undefined` means the default: a problem document with
   * 504 for a time limit and 503 for another reason. It is not called for a client that left.
   */
  readonly answer?: ((cancelled: CancelledRequest<Request>) => Answer | undefined) | undefined;
  /** Is called once for each request, when its operation has ended: for a log. Default: none. */
  readonly onEnd?: ((end: RequestEnd<Request>) => void) | undefined;
}

/** The names of the options of every server. */
export const requestOptions: KnownOptions<RequestOptions<unknown>> = {
  timeout: 1,
  callerDeadline: 1,
  metadata: 1,
  register: 1,
  grace: 1,
  retryAfter: 1,
  answer: 1,
  onEnd: 1,
};

/** The options of a server, checked, in the form in which each request uses them. */
export interface RequestPlan<Request> {
  /** In ms. */
  readonly timeout: number;
  readonly callerDeadline: ((facts: CallerFacts<Request>) => number) | undefined;
  readonly metadata: RequestOptions<Request>["metadata"];
  readonly registry: OperationObserver | undefined;
  readonly grace: Span | undefined;
  /** In ms. */
  readonly retryAfter: number;
  readonly answer: RequestOptions<Request>["answer"];
  readonly onEnd: RequestOptions<Request>["onEnd"];
  /** The name of a request as far as it is known, on a host that learns the route late. */
  readonly nameOf?: ((request: Request) => string) | undefined;
}

/**
 * Checks the options of a server.
 *
 * @param known The names of all options that the server takes. @param of The function that takes them.
 */
export function toRequestPlan<Request>(
  options: RequestOptions<Request> | undefined,
  of: string,
  known: Readonly<Record<string, 1>> = requestOptions,
): RequestPlan<Request> {
  requireKnownOptions(options, known, of);
  const {
    timeout,
    callerDeadline: caller,
    metadata,
    register,
    grace,
    retryAfter,
    answer,
    onEnd,
  } = options ?? {};
  if (metadata !== undefined) requireFunction(metadata, "options.metadata");
  if (answer !== undefined) requireFunction(answer, "options.answer");
  if (onEnd !== undefined) requireFunction(onEnd, "options.onEnd");
  if (grace !== undefined) toMilliseconds(grace, "options.grace");
  if (register !== undefined && typeof register !== "boolean" && typeof register?.started !== "function")
    throw invalidType("options.register", "true, false or a registry", register);
  return {
    timeout: timeout === undefined ? Number.POSITIVE_INFINITY : toMilliseconds(timeout, "options.timeout"),
    callerDeadline: caller === undefined ? undefined : callerDeadline(caller, "options.callerDeadline"),
    metadata,
    registry: register === true ? registry : register === false ? undefined : register,
    grace,
    retryAfter: retryAfter === undefined ? 1_000 : toInterval(retryAfter, "options.retryAfter"),
    answer,
    onEnd,
  };
}
