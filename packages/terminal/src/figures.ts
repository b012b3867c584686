import type { ProgressEstimate } from "@hother/cancelable";

const compact = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });

/** `0.534` as "53%". Rounds down, so that unfinished work never shows 100%. */
export function percent(fraction: number): string {
  return `${Math.floor(100 * fraction)}%`;
}

/** `1234567` as "1.2MB" for bytes, and as "1.2M rows" for rows. */
export function amount(count: number, unit: string | undefined): string {
  const figure = compact.format(count);
  if (unit === "B" || unit === "bytes") return `${figure}B`;
  return unit === undefined || unit === "" ? figure : `${figure} ${unit}`;
}

/** Milliseconds as "0.3 s", "42 s", "3 m 20 s" or "2 h 05 m". */
export function span(ms: number): string {
  if (ms < 9_950) return `${(ms / 1_000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1_000);
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} m ${two(seconds % 60)} s`;
  const minutes = Math.floor(seconds / 60);
  return `${compact.format(Math.floor(minutes / 60))} h ${two(minutes % 60)} m`;
}

const two = (figure: number): string => String(figure).padStart(2, "0");

/** The rate and the remaining time. Unknown, zero and infinite values are left out. */
export function pace(estimate: ProgressEstimate | undefined, unit: string | undefined): string[] {
  const { rate = 0, remaining = 0 } = estimate ?? {};
  if (!(rate > 0 && rate < Number.POSITIVE_INFINITY)) return [];
  const speed = `${amount(rate, unit)}/s`;
  return remaining > 0 && remaining < Number.POSITIVE_INFINITY ? [speed, `${span(remaining)} left`] : [speed];
}
