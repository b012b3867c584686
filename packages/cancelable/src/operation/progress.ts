import { invalidType, outOfRange, requireText } from "../arguments.ts";

/** A progress report with numbers. */
export interface ProgressDetail {
  readonly message?: string | undefined;
  readonly current?: number | undefined;
  readonly total?: number | undefined;
  readonly phase?: string | undefined;
  readonly unit?: string | undefined;
}

/** A progress report: a message, or an object with numbers. */
export type Progress = string | ProgressDetail;

export function requireProgress(progress: unknown): void {
  if (typeof progress === "string") return;
  if (typeof progress !== "object" || progress === null) {
    throw invalidType(
      "progress",
      "a string or an object with current, total, message, phase, unit",
      progress,
    );
  }
  const { message, current, total, phase, unit } = progress as ProgressDetail;
  requireText(message, "progress.message");
  requireText(phase, "progress.phase");
  requireText(unit, "progress.unit");
  for (const [key, figure] of [
    ["current", current],
    ["total", total],
  ] as const) {
    if (figure === undefined) continue;
    if (typeof figure !== "number") throw invalidType(`progress.${key}`, "a number", figure);
    if (!(figure >= 0)) throw outOfRange(`progress.${key}`, "at least 0", figure);
  }
}
