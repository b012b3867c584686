import type { OperationSnapshot, OperationStatus } from "@hother/cancelable";
import { amount } from "./figures.ts";

/** The status of an operation. An operation that is cancelled and has not ended is `cancelling`. */
export type ShownState = OperationStatus | "cancelling";

/** Control characters, line separators, and characters that change the direction of text. */
const unprintable = /[\p{Cc}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]+/gu;
/** Escape sequences: colours, links, cursor movements. */
const sequences = /\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)?)/g;
/** Longer than a line of any terminal. */
const longest = 500;

/** A user's text on one line, without characters that a terminal interprets. */
export function printable(text: string): string {
  return text.slice(0, longest).replace(sequences, "").replace(unprintable, " ").trim();
}

export function nameOf({ name, id }: OperationSnapshot): string {
  const shown = printable(name ?? "");
  // The first eight characters of a UUID identify the operation well enough.
  return shown === "" ? printable(id).slice(0, 8) : shown;
}

export function stateOf({ status, cancelRequested }: OperationSnapshot): ShownState {
  return cancelRequested && (status === "running" || status === "shielded") ? "cancelling" : status;
}

export function hasEnded({ status }: OperationSnapshot): boolean {
  return status === "completed" || status === "cancelled" || status === "failed";
}

/** Why the operation was cancelled or failed; "" if neither. */
export function reasonOf(snapshot: OperationSnapshot): string {
  const { status, name, id, cancelReason, cancelMessage = "", errorMessage = "" } = snapshot;
  if (status === "failed") return printable(errorMessage);
  if (status === "completed" || cancelReason === undefined) return "";
  // The library's own messages start with words that repeat the operation and the state.
  for (const subject of ["Operation ", `operation "${name}" `, `operation ${id} `]) {
    if (!cancelMessage.startsWith(subject)) continue;
    return printable(cancelMessage.slice(subject.length).replace(/^cancelled\b:? ?/, "") || cancelReason);
  }
  return printable(cancelMessage === "" ? cancelReason : `${cancelReason}: ${cancelMessage}`);
}

/** The finished part, 0 to 1, if known. The fraction of an infinite total is not a number. */
export function fractionOf({ estimate }: OperationSnapshot): number | undefined {
  const fraction = estimate?.fraction;
  return fraction === undefined || Number.isNaN(fraction) ? undefined : fraction;
}

export function unitOf({ progress }: OperationSnapshot): string | undefined {
  return typeof progress === "object" && progress.unit !== undefined ? printable(progress.unit) : undefined;
}

/** The text of the newest report. A report without text and without a total is shown as its current amount. */
export function messageOf(snapshot: OperationSnapshot): string {
  const { progress } = snapshot;
  if (progress === undefined) return "";
  if (typeof progress === "string") return printable(progress);
  const { phase, message, current } = progress;
  const words = [phase, message].filter((part) => part !== undefined && part !== "").join(": ");
  if (words !== "" || fractionOf(snapshot) !== undefined || current === undefined) return printable(words);
  return amount(current, unitOf(snapshot));
}
