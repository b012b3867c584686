/* The model's own scheduler: tasks are generators, time is a number, and the caller chooses what runs next. */

/** An error in the model. Identity decides whether two errors are the same. */
export type Failure =
  | { readonly kind: "thrown"; readonly text: string }
  | {
      readonly kind: "cancelled";
      readonly reason: string;
      readonly by: string | undefined;
      readonly cause: Failure | undefined;
    }
  | { readonly kind: "failed" | "gone"; readonly cause: Failure }
  | { readonly kind: "many"; readonly errors: readonly Failure[] };

export type Value = string | undefined;
export type Code<T = Value> = Generator<(resume: Resume) => void, T, Value>;

/** Continues a task, once. */
export interface Resume {
  ok(value?: Value): void;
  fail(failure: Failure): void;
}

/** A step that could run now. `lane` is the task that the step belongs to, if any. */
export interface Ready {
  readonly lane: number | undefined;
  readonly go: () => void;
}

export interface Timer {
  readonly at: number;
  /** Fires in the next turn of the event loop, not at a moment. */
  readonly turn: boolean;
  readonly fire: () => void;
  readonly dead: () => boolean;
}

/** Thrown when a schedule cannot lead to the observed trace. */
export class DeadEnd extends Error {}

export class Engine {
  time = 0;
  readonly #ready: Ready[] = [];
  #timers: Timer[] = [];
  readonly #choose: (ready: readonly Ready[]) => number;

  constructor(choose: (ready: readonly Ready[]) => number) {
    this.#choose = choose;
  }

  soon(lane: number | undefined, go: () => void): void {
    this.#ready.push({ lane, go });
  }

  /** A timer at infinity never fires. */
  setTimer(timer: Timer): void {
    this.#timers.push(timer);
  }

  /** Starts a task; its first line runs later. */
  launch(lane: number, code: Code, ended: (result: { value: Value } | { failure: Failure }) => void): void {
    const step = (next: () => IteratorResult<(resume: Resume) => void, Value>): void => {
      let result: IteratorResult<(resume: Resume) => void, Value>;
      try {
        result = next();
      } catch (failure) {
        if (failure instanceof Error) throw failure;
        return ended({ failure: failure as Failure });
      }
      if (result.done === true) return ended({ value: result.value });
      let used = false;
      const once = (go: () => void): void => {
        if (used) throw new Error("the model resumed a task twice");
        used = true;
        this.soon(lane, go);
      };
      result.value({
        ok: (value) => once(() => step(() => code.next(value))),
        fail: (failure) => once(() => step(() => code.throw(failure))),
      });
    };
    this.soon(lane, () => step(() => code.next()));
  }

  /** Runs until no step and no timer is left. */
  run(): void {
    for (;;) {
      while (this.#ready.length > 0) {
        const index = this.#ready.length === 1 ? 0 : this.#choose(this.#ready);
        const [next] = this.#ready.splice(index, 1);
        next?.go();
      }
      this.#timers = this.#timers.filter((timer) => !timer.dead());
      const first = this.#first();
      if (first === undefined) return;
      this.#timers.splice(this.#timers.indexOf(first), 1);
      this.time = Math.max(this.time, first.at);
      first.fire();
    }
  }

  /** The next timer: the earliest moment. A turn of the event loop comes before time moves, and before or after overdue timers. */
  #first(): Timer | undefined {
    const turns: Timer[] = [];
    let first: Timer | undefined;
    for (const timer of this.#timers) {
      if (timer.turn) turns.push(timer);
      else if (first === undefined || timer.at < first.at) first = timer;
    }
    if (turns.length === 0) return first;
    const open = first === undefined || first.at > this.time ? turns : [...turns, first];
    return open.length === 1 ? open[0] : open[this.#choose(open.map(() => ({ lane: undefined, go() {} })))];
  }
}

/** Gives the other tasks the chance to go on first. */
export function* tick(): Code<void> {
  yield (resume) => resume.ok();
}

/** The text of an error in a trace. */
export function describe(failure: Failure): string {
  switch (failure.kind) {
    case "thrown":
      return failure.text;
    case "failed":
    case "gone":
      return `${failure.kind}(${describe(failure.cause)})`;
    case "many":
      return `[${failure.errors.map(describe).join(", ")}]`;
    case "cancelled": {
      const { reason, by, cause } = failure;
      if (by !== undefined) return `${reason} ${by}`;
      return cause === undefined ? reason : `${reason}(${describe(cause)})`;
    }
  }
}

/** The failure that a task of the model caught. A mistake in the model itself is thrown again. */
export function asFailure(error: unknown): Failure {
  if (error instanceof Error) throw error;
  return error as Failure;
}
