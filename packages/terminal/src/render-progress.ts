import { standardOutput, terminalEnvironment } from "#platform/terminal";
import { invalidType, requireBoolean, requireCount, requireOptions } from "../arguments.ts";
import { Cancellable } from "../cancellable.ts";
import { type Span, toInterval } from "../duration.ts";
import { OperationRegistry } from "../registry/registry.ts";
import { report } from "../reporter.ts";
import { currentNode } from "../scope/ambient.ts";
import type { Display } from "./display.ts";
import { OperationFeed, RegistryFeed } from "./feed.ts";
import { Lines } from "./lines.ts";
import { Screen } from "./screen.ts";
import type { TerminalStream } from "./stream.ts";
import { View } from "./view.ts";

export interface ProgressViewOptions {
  /** Where it is written. Default: `process.stdout`. */
  readonly stream?: TerminalStream;
  /** How often it is drawn: milliseconds or a `Duration`. Default: 100 ms. */
  readonly interval?: Span;
  /** Columns, at most those of the terminal. Default: all of them. */
  readonly width?: number;
  /** Whether states are coloured in a terminal. Default: unless the environment has `NO_COLOR`. */
  readonly colour?: boolean;
}

/**
 * Shows operations until it is disposed of. Disposing draws the last picture, which stays, and shows the cursor
 * again. `await using` loses no operation; `using` may miss one that came and ended just now.
 */
export interface ProgressView extends Disposable, AsyncDisposable {}

/**
 * Shows, live, an operation with everything below it, or all that a registry knows: how far each is, how fast,
 * for how long still, and how it ended. In a terminal a tree that is written over itself, of the terminal's width
 * and height; operations that have ended stay for 2 s. That needs the packages `log-update` and `string-width`;
 * without them the reporter is told which ({@link setReporter}) and it goes on as for a file. Elsewhere plain
 * lines: one for every change of state, and at most one a second for an operation's progress.
 *
 * The view of an operation ends by itself with the operation, and looks at it at every interval: what begins and
 * ends in between below it is not seen. The view of a registry misses nothing and goes on until it is disposed of.
 * The cursor is shown again also when the process is interrupted.
 *
 * @throws TypeError, RangeError for a target or an option that is none; UsageError `ERR_UNSUPPORTED_HOST` on hosts
 * without a standard output if there is no `options.stream`.
 *
 * @example
 * ```ts
 * import { Cancellable } from "@hother/cancelable";
 * import { renderProgress } from "@hother/cancelable/terminal";
 *
 * const backup = new Cancellable({ name: "backup" });
 * const view = renderProgress(backup, { interval: 50 });
 * await backup.run(async (op) => {
 *   for (let current = 1; current <= 3; current++) {
 *     await op.sleep(5);
 *     op.reportProgress({ current, total: 3, unit: "tables" });
 *   }
 * });
 * await view[Symbol.asyncDispose](); // or: await using view = …
 * ```
 */
export function renderProgress(
  target: Cancellable | OperationRegistry,
  options?: ProgressViewOptions,
): ProgressView {
  if (!(target instanceof Cancellable || target instanceof OperationRegistry))
    throw invalidType("target", "a Cancellable or an OperationRegistry", target);
  requireOptions(options);
  const { interval = 100, width = Number.POSITIVE_INFINITY, colour } = options ?? {};
  const stream = options?.stream ?? standardOutput();
  if (typeof (stream as Partial<TerminalStream> | null)?.write !== "function")
    throw invalidType("options.stream", "a stream with a method write", stream);
  requireCount(width, "options.width", 1);
  if (colour !== undefined) requireBoolean(colour, "options.colour");
  const ms = toInterval(interval, "options.interval");
  const feed = target instanceof Cancellable ? new OperationFeed(target) : new RegistryFeed(target, ms);
  return new View(feed, ms, displayOn(stream, width, colour));
}

function displayOn(
  stream: TerminalStream,
  width: number,
  colour: boolean | undefined,
): Display | Promise<Display> {
  const { clock } = currentNode();
  const start = clock.now();
  const environment = terminalEnvironment();
  if (stream.isTTY !== true || environment.dumb) return new Lines(stream, start);
  const look = { width, colour: colour ?? environment.colour };
  return Screen.open(stream, look).catch((error: unknown) => {
    report(error, "renderProgress");
    return new Lines(stream, start);
  });
}
