import type { OperationSnapshot } from "../operation/context.ts";
import type { OperationStatus } from "../operation/status.ts";
import { amount } from "./figures.ts";

/** An operation's status; one that was cancelled and has not ended is `cancelling`. */
export type ShownState = OperationStatus | "cancelling";

/** What does not show, or moves the cursor, or turns the direction of what follows. */
const unprintable = /[\p{Cc}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]+/gu;
/** Sequences that terminals obey: colours, links, movements. */
const sequences = /\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)?)/g;
/** More than a line of any terminal. */
const longest = 500;

/** A user's text on one line, without anything that a terminal would obey. */
export function printable(text: string): string {
  return text.slice(0, longest).replace(sequences, "").replace(unprintable, " ").trim();
}

export function nameOf({ name, id }: OperationSnapshot): string {
  const shown = printable(name ?? "");
  // Of a UUID its beginning says enough.
  return shown === "" ? printable(id).slice(0, 8) : shown;
}

export function stateOf({ status, cancelRequested }: OperationSnapshot): ShownState {
  return cancelRequested && (status === "running" || status === "shielded") ? "cancelling" : status;
}

export function hasEnded({ status }: OperationSnapshot): boolean {
  return status === "completed" || status === "cancelled" || status === "failed";
}

/** Why it ended, or is about to; "" if it just did its work. */
export function reasonOf(snapshot: OperationSnapshot): string {
  const { status, cancelReason, cancelMessage = "", errorMessage = "" } = snapshot;
  if (status === "failed") return printable(errorMessage);
  if (status === "completed" || cancelReason === undefined) return "";
  // The library's own messages begin with what the state says already.
  const own = /^Operation (?:cancelled\b:? ?)?/.exec(cancelMessage);
  if (own !== null) return printable(cancelMessage.slice(own[0].length) || cancelReason);
  return printable(cancelMessage === "" ? cancelReason : `${cancelReason}: ${cancelMessage}`);
}

/** How much is done, 0 to 1, if that is known: of infinitely much nothing is. */
export function fractionOf({ estimate }: OperationSnapshot): number | undefined {
  const fraction = estimate?.fraction;
  return fraction === undefined || Number.isNaN(fraction) ? undefined : fraction;
}

export function unitOf({ progress }: OperationSnapshot): string | undefined {
  return typeof progress === "object" && progress.unit !== undefined ? printable(progress.unit) : undefined;
}

/** What the latest report says in words; of one without words, how much is done if nobody knows of how much. */
export function messageOf(snapshot: OperationSnapshot): string {
  const { progress } = snapshot;
  if (progress === undefined) return "";
  if (typeof progress === "string") return printable(progress);
  const { phase, message, current } = progress;
  const words = [phase, message].filter((part) => part !== undefined && part !== "").join(": ");
  if (words !== "" || fractionOf(snapshot) !== undefined || current === undefined) return printable(words);
  return amount(current, unitOf(snapshot));
}
