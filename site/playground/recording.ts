/** What a bar of the time line stands for. `work` is work that is not part of the library, such as a download. */
export type BarKind = "operation" | "scope" | "task" | "work" | "function";

/** How a bar ended. `ended`: the end of a plain scope or a task, whose outcome is not recorded. */
export type BarEnd = "completed" | "cancelled" | "failed" | "ended";

/** An operation, a scope, a task or other work. Times are in milliseconds from the begin of the recording. */
export interface Bar {
  readonly key: string;
  /** The key of the bar above. Undefined: nothing above. */
  parent: string | undefined;
  readonly kind: BarKind;
  readonly name: string | undefined;
  readonly begin: number;
  /** Undefined while it runs. */
  end: number | undefined;
  /** The end of the body. From then on it waits for the scopes below. Only operations have it. */
  bodyEnd: number | undefined;
  /** When a cancellation reached it. */
  cancelledAt: number | undefined;
  /** The reason of the cancellation. Plain scopes do not show it. */
  reason: string | undefined;
  outcome: BarEnd | undefined;
}

/** Something that happened at a point in time, told by the program. */
export interface Mark {
  readonly at: number;
  /** The key of the bar in which it happened. */
  readonly bar: string | undefined;
  readonly text: string;
}

/** A run as plain data. */
export interface Recording {
  readonly bars: readonly Bar[];
  readonly marks: readonly Mark[];
  /** The time of the newest event, or of now while the program runs. */
  readonly now: number;
}
