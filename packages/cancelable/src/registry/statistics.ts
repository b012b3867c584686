import type { CancellationReason } from "../errors.ts";
import type { OperationSnapshot } from "../operation/context.ts";
import type { OperationStatus } from "../operation/status.ts";

/** Times of operations that completed, in ms. */
export interface DurationStatistics {
  readonly count: number;
  readonly mean: number | undefined;
  readonly p50: number | undefined;
  readonly p95: number | undefined;
  readonly p99: number | undefined;
}

/** Figures of a registry. */
export interface RegistryStatistics {
  readonly active: {
    readonly count: number;
    readonly byStatus: Readonly<Partial<Record<OperationStatus, number>>>;
  };
  /** Since the registry was made or cleared, whatever the history has kept. */
  readonly past: {
    readonly count: number;
    readonly byStatus: Readonly<Partial<Record<OperationStatus, number>>>;
    /** Of the cancelled ones. */
    readonly byReason: Readonly<Partial<Record<CancellationReason, number>>>;
  };
  /** Of the completed ones that the history has. */
  readonly durations: DurationStatistics;
}

export type Counts<K extends string> = Partial<Record<K, number>>;

export function increment<K extends string>(counts: Counts<K>, key: K): void {
  counts[key] = (counts[key] ?? 0) + 1;
}

/** What the history says of durations; percentiles by the nearest rank. */
export function durationsOf(snapshots: readonly OperationSnapshot[]): DurationStatistics {
  const durations = snapshots
    .filter(({ status, duration }) => status === "completed" && duration !== undefined)
    .map(({ duration }) => duration as number)
    .sort((a, b) => a - b);
  const { length } = durations;
  const rank = (share: number): number | undefined => durations[Math.max(0, Math.ceil(share * length) - 1)];
  return {
    count: length,
    mean: length === 0 ? undefined : durations.reduce((sum, duration) => sum + duration, 0) / length,
    p50: rank(0.5),
    p95: rank(0.95),
    p99: rank(0.99),
  };
}
