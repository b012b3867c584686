import { Cancellable, detectBackend, OperationRegistry } from "@hother/cancelable";
import { openScreen, standardOutput } from "#terminal";
import { Board } from "./board.ts";
import { OperationFeed, RegistryFeed } from "./feed.ts";
import { Lines } from "./lines.ts";
import { invalidType, type ProgressViewOptions, settingsOf } from "./options.ts";
import { View } from "./view.ts";

/**
 * A view that runs until it is disposed of. Disposing draws the last picture, which stays, and shows the cursor
 * again. `await using` shows every operation. `using` may miss an operation that started and ended immediately
 * before.
 */
export interface ProgressView extends Disposable, AsyncDisposable {}

/**
 * Shows an operation with all operations below it, or all operations of a registry: progress, rate, remaining
 * time and outcome. In a terminal the view is a tree that is drawn over itself, with the width and the height of
 * the terminal; operations that have ended stay for 2 s, or longer with `options.keep`. If the tree is higher than
 * the terminal, running operations have precedence over failed and cancelled ones, and completed operations come
 * last. Elsewhere the view writes plain lines: one line per change of state, and at most one line per second for
 * the progress of an operation.
 *
 * The view of an operation ends with the operation. It looks at the operation once per interval, so it does not
 * show a child that starts and ends between two looks. The view of a registry shows every operation, and runs
 * until it is disposed of. The cursor is also shown again when a signal ends the process. Errors in the view go
 * to the reporter (`setReporter`).
 *
 * @throws TypeError or RangeError for an invalid target or option. UsageError `ERR_UNSUPPORTED_HOST` in browsers
 * if `options.stream` is missing.
 *
 * @example
 * ```ts
 * import { Cancellable } from "@hother/cancelable";
 * import { renderProgress } from "@hother/cancelable-terminal";
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
  const { stream = standardOutput(), interval, width, colour, keep } = settingsOf(options);
  const screen = stream.isTTY === true ? openScreen(stream, width, colour) : undefined;
  const feed = target instanceof Cancellable ? new OperationFeed(target) : new RegistryFeed(target, interval);
  const display = screen ?? new Lines(stream, detectBackend().now());
  // Plain lines stay anyway, so only a tree needs the operations that have ended.
  return new View(feed, interval, display, new Board(screen === undefined ? [] : keep));
}
