/** An entry that is due at a time. */
export interface Timed {
  /** The time, in milliseconds of the runtime's clock. */
  at: number;
  /** The slot of the entry while it waits for its time. Only {@link Deadlines} and their slots set this. */
  slot: Slot | undefined;
  /** Called once, when the time has come and the entry is removed. */
  due(): void;
}

/** The place of an entry that waits for its time. */
export interface Slot {
  /** Removes the entry, so that it is not called. */
  remove(): void;
}

/** The deadlines and sleeps of one runtime. */
export interface Deadlines {
  /** Calls `entry.due()` once, not before `entry.at`, unless the slot is removed before. */
  add(entry: Timed): void;
}
