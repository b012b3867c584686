import { asFailure, type Code, type Engine, type Failure, tick, type Value } from "./engine.ts";
import { belongs, type Cancelled, cancelled, Place, type Waiter, without } from "./tree.ts";

/** The surroundings of a step: its place in the tree, and its task (undefined for the main task). */
export interface Here {
  readonly place: Place;
  readonly task: Child | undefined;
}

/** A child of a group. */
export interface Child {
  readonly place: Place;
  readonly waiting: Waiter[];
  end:
    | { readonly value: Value }
    | { readonly kind: "failed" | "gone"; readonly failure: Failure }
    | undefined;
}

export interface Group {
  readonly place: Place;
  readonly children: Child[];
  readonly errors: Failure[];
  readonly collect: boolean;
  /** A cancellation has ended the body or a child. */
  interrupted: boolean;
  /** The cancellation from outside that ended the body or a child first. */
  outer: Cancelled | undefined;
  whenEmpty: (() => void) | undefined;
  /** The number of undecided `start()` calls. The group waits for them. */
  undecided: number;
}

type Part = (here: Here) => Code;

/** Task groups (rules 1 and 17 to 19), and the functions that use them. */
export class Groups {
  readonly #engine: Engine;
  readonly #report: (failure: Failure) => void;

  constructor(engine: Engine, report: (failure: Failure) => void) {
    this.#engine = engine;
    this.#report = report;
  }

  *run(
    here: Here,
    lanes: readonly number[],
    children: readonly Part[],
    collect: boolean,
    body?: Part,
    opened?: (group: Group) => void,
  ): Code {
    const place = new Place(this.#engine, here.place);
    const group: Group = {
      place,
      children: [],
      errors: [],
      collect,
      interrupted: false,
      outer: undefined,
      whenEmpty: undefined,
      undecided: 0,
    };
    opened?.(group);
    children.forEach((child, i) => {
      this.#start(group, lanes[i] as number, child);
    });
    let result: { readonly value: Value } | undefined;
    try {
      const value = body === undefined ? undefined : yield* body({ ...here, place });
      yield* tick();
      result = { value };
    } catch (error) {
      const failure = asFailure(error);
      yield* tick();
      this.#bodyFailed(group, failure);
    }
    if (place.children.size > 0 || group.undecided > 0) {
      yield (resume) => {
        group.whenEmpty = () => resume.ok();
      };
    }
    place.close();
    return this.#outcome(group, result);
  }

  #start(group: Group, lane: number, part: Part): void {
    const child: Child = { place: new Place(this.#engine, group.place), waiting: [], end: undefined };
    group.children.push(child);
    const code = function* (): Code {
      try {
        return yield* part({ place: child.place, task: child });
      } finally {
        yield* tick();
      }
    };
    this.#engine.launch(lane, code(), (result) => this.#ended(group, child, result));
  }

  #ended(group: Group, child: Child, result: { value: Value } | { failure: Failure }): void {
    const { place } = child;
    if ("value" in result) child.end = result;
    else {
      const reached = place.reached ?? place.freed;
      const left = reached === undefined ? result.failure : without(result.failure, reached);
      if (left !== undefined) {
        child.end = { kind: "failed", failure: left };
        this.#fail(group, left);
      } else if (reached !== undefined) {
        child.end = { kind: "gone", failure: reached };
        const { reached: groups } = group.place;
        if (groups !== undefined) this.#interrupted(group, groups);
      }
    }
    place.close();
    for (const waiter of child.waiting) this.#engine.soon(undefined, () => waiter.ok());
    this.#perhapsEmpty(group);
  }

  #perhapsEmpty(group: Group): void {
    if (group.place.children.size === 0 && group.undecided === 0) group.whenEmpty?.();
  }

  /** Until it has called `started`, a child belongs to its starter, whatever happens to the group. */
  *start(here: Here, group: Group, lane: number, before: Part, after: Part, value: string): Code {
    const place = new Place(this.#engine, here.place);
    const child: Child = { place, waiting: [], end: undefined };
    let given = false;
    let moved = false;
    group.undecided++;
    return yield (resume) => {
      const started = (): void => {
        given = true;
        if (place.reached !== undefined) return;
        moved = true;
        place.move(group.place);
        group.undecided--;
        resume.ok(value);
      };
      const code = function* (): Code {
        try {
          yield* before({ place, task: child });
          yield* tick();
          started();
          return yield* after({ place, task: child });
        } finally {
          yield* tick();
        }
      };
      this.#engine.launch(lane, code(), (result) => {
        if (moved) return this.#ended(group, child, result);
        const reached = place.reached ?? place.freed;
        place.close();
        group.undecided--;
        if ("value" in result) {
          if (given) resume.ok(value);
          else resume.fail({ kind: "thrown", text: "ERR_NEVER_STARTED" });
        } else {
          const left = reached === undefined ? result.failure : without(result.failure, reached);
          resume.fail(left ?? (reached as Failure));
        }
        this.#perhapsEmpty(group);
      });
    };
  }

  #fail(group: Group, failure: Failure): void {
    group.errors.push(failure);
    if (group.errors.length > 1 && !group.collect) this.#report(failure);
    group.place.cancel(cancelled("error", undefined, failure));
  }

  /** Rule 18: the group's work is not done. A cancellation from outside becomes one of the group itself. */
  #interrupted(group: Group, by: Cancelled): void {
    group.interrupted = true;
    if (group.place.own !== undefined) return;
    group.outer = by;
    group.place.cancel(cancelled("parent", undefined, by));
  }

  #bodyFailed(group: Group, failure: Failure): void {
    const reached = group.place.pending() ?? group.place.freed;
    const left = reached === undefined ? failure : without(failure, reached);
    if (left === undefined) {
      this.#interrupted(group, reached as Cancelled);
      return;
    }
    // A child's failure that came through the body is known already.
    if (left.kind === "failed" && group.errors.includes(left.cause)) return;
    this.#fail(group, left);
  }

  #outcome(group: Group, result: { readonly value: Value } | undefined): Value {
    const [first] = group.errors;
    if (first !== undefined)
      throw group.collect ? ({ kind: "many", errors: group.errors } satisfies Failure) : first;
    const { shielded, parent } = group.place;
    const outer = shielded ? undefined : (parent?.pending() ?? group.outer);
    if (outer !== undefined && group.interrupted) throw outer;
    return result?.value;
  }

  /** `race`: the first task that settles decides. `any`: the first task that succeeds decides. */
  *contest(here: Here, lanes: readonly number[], children: readonly Part[], kind: "race" | "any"): Code {
    let winner: { readonly value: Value } | { readonly failure: Failure } | undefined;
    let group!: Group;
    const errors: Failure[] = [];
    const report = this.#report;
    const enter = (child: Part, index: number): Part =>
      function* (inner): Code {
        let outcome: { readonly value: Value } | { readonly failure: Failure };
        try {
          outcome = { value: yield* child(inner) };
          yield* tick();
        } catch (error) {
          const failure = asFailure(error);
          errors[index] = failure;
          yield* tick();
          const own = group.place.pending();
          if (own !== undefined && belongs(failure, own)) throw failure;
          outcome = { failure };
        }
        const lost = "failure" in outcome;
        if (winner !== undefined) {
          if ("failure" in outcome) report(outcome.failure);
        } else if (kind === "race" || !lost) {
          winner = outcome;
          group.place.cancel(cancelled("superseded", '"another task finished first"'));
        }
        return undefined;
      };
    try {
      yield* this.run(here, lanes, children.map(enter), false, undefined, (opened) => {
        group = opened;
      });
    } catch (error) {
      // The value of the winner is delivered, also when the contest was cancelled from outside meanwhile.
      if (winner === undefined) throw error;
    }
    yield* tick();
    if (winner !== undefined && "value" in winner) return winner.value;
    if (winner !== undefined && kind === "race") throw winner.failure;
    throw { kind: "many", errors } satisfies Failure;
  }
}
