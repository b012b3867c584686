import type { CancellationReason } from "../errors.ts";
import type { OperationSnapshot } from "../operation/context.ts";
import type { OperationStatus } from "../operation/status.ts";

/** Durations of completed operations, in ms. Undefined if there are none. */
export interface DurationStatistics {
  readonly count: number;
  readonly mean: number | undefined;
  readonly p50: number | undefined;
  readonly p95: number | undefined;
  readonly p99: number | undefined;
}

export interface RegistryStatistics {
  /** The operations that have not ended. */
  readonly active: {
    readonly count: number;
    readonly byStatus: Readonly<Partial<Record<OperationStatus, number>>>;
  };
  /** All operations that have ended since the registry was created or cleared. The history may be shorter. */
  readonly past: {
    readonly count: number;
    readonly byStatus: Readonly<Partial<Record<OperationStatus, number>>>;
    /** Counts cancelled operations only. */
    readonly byReason: Readonly<Partial<Record<CancellationReason, number>>>;
  };
  /** Durations of the completed operations in the history. */
  readonly durations: DurationStatistics;
}

export type Counts<K extends string> = Partial<Record<K, number>>;

export function increment<K extends string>(counts: Counts<K>, key: K): void {
  counts[key] = (counts[key] ?? 0) + 1;
}

/** Durations of the completed operations among the snapshots. Percentiles use the nearest rank. */
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
