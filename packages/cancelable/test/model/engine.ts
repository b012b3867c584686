/* The model's own scheduler: tasks are generators, time is a number, and what runs next is chosen from outside. */

/** An error of the model's world, by identity. */
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

/** What continues a task, once. */
export interface Resume {
  ok(value?: Value): void;
  fail(failure: Failure): void;
}

/** Something that could go on now; `lane` is the task whose code that is, if it is any's. */
export interface Ready {
  readonly lane: number | undefined;
  readonly go: () => void;
}

export interface Timer {
  readonly at: number;
  /** Not a moment, but the next turn of the event loop. */
  readonly turn: boolean;
  readonly fire: () => void;
  readonly dead: () => boolean;
}

/** Thrown when a schedule cannot lead to what was observed. */
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

  /** At infinity: never. */
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

  /** Runs until nothing is left to do. */
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

  /** Of the moments the earliest; a turn of the event loop comes before time moves, and before or after what is overdue. */
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

/** Lets everybody else who can go on do so first, or not. */
export function* tick(): Code<void> {
  yield (resume) => resume.ok();
}

/** What a trace calls an error. */
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

/** What is caught by a model's task; a mistake in the model itself goes on. */
export function asFailure(error: unknown): Failure {
  if (error instanceof Error) throw error;
  return error as Failure;
}
