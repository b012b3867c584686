import { type Span, TimeoutSource } from "@hother/cancelable";
import type { TerminalStream } from "./stream.ts";

export interface ProgressViewOptions {
  /** The output. Default: `process.stdout`. */
  readonly stream?: TerminalStream | undefined;
  /** The time between two pictures: milliseconds or a `Duration`. Default: 100 ms. */
  readonly interval?: Span | undefined;
  /** The largest width in columns; never more than the width of the terminal. Default: no limit. */
  readonly width?: number | undefined;
  /** Whether a terminal shows states in colour. Default: true, unless the environment has `NO_COLOR`. */
  readonly colour?: boolean | undefined;
  /**
   * The operations that stay in the tree of a terminal after their end, by status. They stay until the view is
   * disposed of, and other operations stay for 2 s. Default: none.
   */
  readonly keep?: readonly EndedStatus[] | undefined;
}

/** How an operation can end. */
export type EndedStatus = (typeof endedStatuses)[number];

const endedStatuses = ["completed", "cancelled", "failed"] as const;

/** The options with their defaults, except for those that depend on the host. */
export interface Settings {
  readonly stream: TerminalStream | undefined;
  /** In ms. */
  readonly interval: number;
  /** Infinity for no limit. */
  readonly width: number;
  readonly colour: boolean | undefined;
  readonly keep: readonly EndedStatus[];
}

export function settingsOf(options: ProgressViewOptions | undefined): Settings {
  if (options !== undefined && (typeof options !== "object" || options === null || Array.isArray(options)))
    throw invalidType("options", "an object", options);
  const unknown = Object.keys(options ?? {}).find((name) => !optionNames.includes(name));
  if (unknown !== undefined) throw unknownOption(unknown);
  const { stream, interval = 100, width = Number.POSITIVE_INFINITY, colour, keep = [] } = options ?? {};
  if (stream !== undefined && typeof (stream as Partial<TerminalStream> | null)?.write !== "function")
    throw invalidType("options.stream", "a stream with a method write", stream);
  if (typeof width !== "number") throw invalidType("options.width", "a number", width);
  if (!(width >= 1) || (width !== Number.POSITIVE_INFINITY && !Number.isInteger(width)))
    throw outOfRange("options.width", "a whole number of at least 1, or Infinity", width);
  if (colour !== undefined && typeof colour !== "boolean")
    throw invalidType("options.colour", "true or false", colour);
  if (!(Array.isArray(keep) && keep.every((status) => endedStatuses.includes(status))))
    throw invalidType("options.keep", 'an array of "completed", "cancelled" or "failed"', keep);
  return { stream, interval: toInterval(interval), width, colour, keep };
}

function toInterval(interval: Span): number {
  if (typeof interval !== "number" && typeof interval !== "object")
    throw invalidType("options.interval", "milliseconds or a Duration", interval);
  // A source accepts every form of a time span and converts it to milliseconds.
  const ms = Number.isNaN(interval) ? Number.NaN : new TimeoutSource(interval).timeoutMs;
  if (!(ms > 0) || ms === Number.POSITIVE_INFINITY)
    throw outOfRange("options.interval", "a positive, finite time span", ms);
  return ms;
}

const optionNames = ["stream", "interval", "width", "colour", "keep"];

function unknownOption(name: string): TypeError {
  const advice = name === "color" ? "did you mean colour?" : `the options are ${optionNames.join(", ")}`;
  return Object.assign(new TypeError(`options.${name} is not an option of renderProgress; ${advice}`), {
    code: "ERR_UNKNOWN_OPTION",
  });
}

/** A `TypeError` with the same form and the same code as the errors of `@hother/cancelable`. */
export function invalidType(argument: string, expected: string, got: unknown): TypeError {
  const kind = got === null ? "null" : Array.isArray(got) ? "an array" : `a value of type ${typeof got}`;
  return Object.assign(new TypeError(`${argument} must be ${expected}; got ${kind}`), {
    code: "ERR_INVALID_ARG_TYPE",
  });
}

function outOfRange(argument: string, expected: string, got: number): RangeError {
  return Object.assign(new RangeError(`${argument} must be ${expected}; got ${got}`), {
    code: "ERR_OUT_OF_RANGE",
  });
}
