import type { IncomingMessage } from "node:http";
import type { Span } from "@hother/cancelable";
import {
  invalidType,
  type KnownOptions,
  requireBoolean,
  requireKnownOptions,
  toInterval,
  toMilliseconds,
} from "@hother/cancelable/extending";

/** The options of {@link gracefulShutdown}. */
export interface ShutdownOptions {
  /** How long running requests may take to finish, in ms or as a `Duration`. `null`: no bound. Default: 10 s. */
  readonly drain?: Span | undefined;
  /** How long the clean-up of the requests that are cancelled then may take. `null`: no bound. Default: 5 s. */
  readonly grace?: Span | undefined;
  /**
   * The time in which the server still accepts connections while health checks answer 503, so that load balancers stop
   * sending. Default: 0.
   */
  readonly delay?: Span | undefined;
  /** The path of the health check, several, or a function that recognises them. They answer 503 from the first moment. Default: none. */
  readonly health?: string | readonly string[] | ((request: IncomingMessage) => boolean) | undefined;
  /**
   * Whether other requests that arrive on open connections are answered with 503 and `Retry-After`. Default: false, they are
   * served.
   */
  readonly refuse?: boolean | undefined;
  /** The `Retry-After` of these answers. Default: 1 s. */
  readonly retryAfter?: Span | undefined;
}

/** The options, checked. Spans are in ms. */
export interface ShutdownPlan {
  readonly drain: number;
  readonly grace: number;
  readonly delay: number;
  readonly isHealthCheck: (request: IncomingMessage) => boolean;
  readonly refuse: boolean;
  readonly retryAfter: number;
}

const known: KnownOptions<ShutdownOptions> = {
  drain: 1,
  grace: 1,
  delay: 1,
  health: 1,
  refuse: 1,
  retryAfter: 1,
};

export function toShutdownPlan(options: ShutdownOptions | undefined): ShutdownPlan {
  requireKnownOptions(options, known, "gracefulShutdown");
  const {
    drain = 10_000,
    grace = 5_000,
    delay = 0,
    health,
    refuse = false,
    retryAfter = 1_000,
  } = options ?? {};
  requireBoolean(refuse, "options.refuse");
  return {
    drain: toMilliseconds(drain, "options.drain"),
    grace: toMilliseconds(grace, "options.grace"),
    delay: toMilliseconds(delay, "options.delay"),
    isHealthCheck: toHealthCheck(health),
    refuse,
    retryAfter: toInterval(retryAfter, "options.retryAfter"),
  };
}

function toHealthCheck(health: unknown): (request: IncomingMessage) => boolean {
  if (health === undefined) return () => false;
  if (typeof health === "function") return health as (request: IncomingMessage) => boolean; // the caller's promise
  const paths: readonly unknown[] = Array.isArray(health) ? health : [health];
  for (const path of paths)
    if (typeof path !== "string" || !path.startsWith("/"))
      throw invalidType("options.health", 'a path such as "/health", a list of paths, or a function', path);
  return ({ url = "" }) => paths.includes(url.replace(/[?#].*/, ""));
}
