import type { Cancellable, Progress } from "@hother/cancelable";
import { Context } from "@temporalio/activity";

/** The details that the last attempt of an activity has sent to the server. */
export interface LastHeartbeat<Details = unknown> {
  /** The last progress of the operation. */
  readonly progress?: Progress | undefined;
  /** The second argument of `reportProgress`, or the details of a heartbeat that the activity has sent itself. */
  readonly details?: Details | undefined;
}

/**
 * What the last attempt of the running activity has reported, so that this one goes on there. Undefined if it has reported
 * nothing.
 *
 * @typeParam Details What the activity reports; it is not checked.
 * @throws Error outside of an activity.
 */
export function lastHeartbeat<Details = unknown>(): LastHeartbeat<Details> | undefined {
  const details: unknown = Context.current().info.heartbeatDetails;
  if (details === undefined || details === null) return undefined;
  return (isOwn(details) ? details : { details }) as LastHeartbeat<Details>; // the caller says so
}

/** Whether the details of a heartbeat come from a progress report. */
function isOwn(details: unknown): details is LastHeartbeat {
  if (typeof details !== "object" || details === null) return false;
  return (
    "progress" in details && Object.keys(details).every((key) => key === "progress" || key === "details")
  );
}

/**
 * Sends a heartbeat for each progress report. The server keeps nothing but the newest heartbeat, so each one repeats the
 * details that are known: of this attempt, or of the last one.
 *
 * @returns A function that ends this.
 */
export function sendHeartbeats(context: Context, operation: Cancellable): () => void {
  const send = context.heartbeat;
  let last: unknown = context.info.heartbeatDetails ?? undefined;
  operation.onProgress((progress, report) => {
    if (report.context !== operation.context) return;
    const { metadata } = report;
    if (metadata !== undefined) last = { progress, details: metadata };
    else if (last === undefined) last = { progress };
    // Details that the activity has sent itself stay as they are.
    else if (isOwn(last)) last = { ...last, progress };
    send.call(context, last);
  });
  const own = (details?: unknown): void => {
    if (details !== undefined) last = details;
    send.call(context, details);
  };
  Object.defineProperty(context, "heartbeat", { value: own, configurable: true, writable: true });
  return () =>
    Object.defineProperty(context, "heartbeat", { value: send, configurable: true, writable: true });
}
