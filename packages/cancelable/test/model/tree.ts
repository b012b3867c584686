import type { Engine, Failure, Resume } from "./engine.ts";

export type Cancelled = Failure & { readonly kind: "cancelled" };

export function cancelled(reason: string, by: string | undefined, cause?: Failure): Cancelled {
  return { kind: "cancelled", reason, by, cause };
}

/** A task that waits in a place. The first caller continues it. */
export class Waiter {
  done = false;
  readonly #place: Place;
  readonly #resume: Resume;

  constructor(place: Place, resume: Resume) {
    this.#place = place;
    this.#resume = resume;
    place.waiters.add(this);
  }

  ok(value?: string): void {
    if (this.#end()) this.#resume.ok(value);
  }

  fail(failure: Failure): void {
    if (this.#end()) this.#resume.fail(failure);
  }

  #end(): boolean {
    if (this.done) return false;
    this.done = true;
    this.#place.waiters.delete(this);
    return true;
  }
}

/** A scope of the model: its place in the tree, its deadline, its shield and its state. */
export class Place {
  readonly engine: Engine;
  parent: Place | undefined;
  /** Operations take a cancellation from above as their own, with reason `parent`. */
  readonly isOperation: boolean;
  readonly children = new Set<Place>();
  readonly waiters = new Set<Waiter>();
  shielded: boolean;
  own: Cancelled | undefined;
  /** The cancellation that a checkpoint in this place throws. */
  reached: Cancelled | undefined;
  /** The cancellation that had reached the place when a shield above it was switched on. */
  freed: Cancelled | undefined;
  deadline = Number.POSITIVE_INFINITY;
  closed = false;
  /** The description of a timeout. */
  #by = "";

  constructor(
    engine: Engine,
    parent: Place | undefined,
    options: {
      readonly shield?: boolean;
      readonly span?: number | undefined;
      readonly isOperation?: boolean;
    } = {},
  ) {
    this.engine = engine;
    this.parent = parent;
    this.shielded = options.shield ?? false;
    this.isOperation = options.isOperation ?? false;
    parent?.children.add(this);
    if (parent?.reached !== undefined && !this.shielded) this.#fromAbove(parent.reached);
    if (options.span !== undefined) this.#arm(engine.time + options.span, `after ${options.span}`);
  }

  close(): void {
    this.closed = true;
    this.parent?.children.delete(this);
  }

  /** Moves the place, with everything inside, below another place. */
  move(parent: Place): void {
    this.parent?.children.delete(this);
    this.parent = parent;
    parent.children.add(this);
    if (parent.reached !== undefined && this.reached === undefined && !this.shielded)
      this.#fromAbove(parent.reached);
  }

  /** Rules 7 and 12: cancels everything below at once, down to the shields, and once only. */
  cancel(what: Cancelled): boolean {
    if (this.own !== undefined) return false;
    this.own = what;
    if (this.reached !== undefined) return false;
    this.#reach(what);
    return true;
  }

  /** Rules 8 and 25: the cancellation that a checkpoint throws. A checkpoint looks at the clock itself. */
  pending(): Cancelled | undefined {
    if (this.reached !== undefined) return this.reached;
    let first: Place | undefined;
    for (let place: Place | undefined = this; place !== undefined; place = place.parent) {
      const { deadline, own, closed } = place;
      if (deadline <= this.engine.time && own === undefined && !closed) {
        if (first === undefined || deadline <= first.deadline) first = place;
      }
      if (place.shielded) break;
    }
    if (first !== undefined) first.expire();
    return this.reached;
  }

  /** Rule 14. */
  moveDeadline(at: number): void {
    this.#arm(at, "at its deadline");
    if (at <= this.engine.time) this.expire();
  }

  setShield(on: boolean): void {
    if (this.shielded === on) return;
    this.shielded = on;
    const above = this.parent?.reached;
    if (on) this.#free();
    else if (above !== undefined && this.reached === undefined) this.#fromAbove(above);
  }

  #arm(at: number, by: string): void {
    this.deadline = at;
    this.#by = by;
    const dead = (): boolean => this.closed || this.deadline !== at || this.own !== undefined;
    this.engine.setTimer({ at, turn: false, fire: () => this.expire(), dead });
  }

  expire(): void {
    this.cancel(cancelled("timeout", this.#by));
  }

  #fromAbove(above: Cancelled): void {
    if (this.isOperation) this.own ??= cancelled("parent", undefined, above);
    this.#reach(this.isOperation ? (this.own as Cancelled) : above);
  }

  #reach(what: Cancelled): void {
    this.reached = what;
    for (const waiter of [...this.waiters]) waiter.fail(what);
    for (const child of this.children)
      if (!child.shielded && child.reached === undefined) child.#fromAbove(what);
  }

  /** A shield was switched on: cancellations from above are removed here and below, except where a place took them as its own. */
  #free(): void {
    if (this.reached === undefined || this.reached === this.own) return;
    this.freed = this.reached;
    this.reached = undefined;
    for (const child of this.children) if (!child.shielded) child.#free();
    if (this.own !== undefined) this.#reach(this.own);
  }
}

/** The rest of a failure without the cancellation `own` (rule 4); undefined if nothing is left. */
export function without(failure: Failure, own: Cancelled): Failure | undefined {
  if (failure.kind !== "many") return belongs(failure, own) ? undefined : failure;
  const left = failure.errors.map((error) => without(error, own));
  if (left.every((error, i) => error === failure.errors[i])) return failure;
  const errors = left.filter((error) => error !== undefined);
  return errors.length === 0 ? undefined : { kind: "many", errors };
}

/** A failure belongs to a cancellation if the chain of its causes leads to the cancellation, or to its origin. */
export function belongs(failure: Failure, own: Cancelled): boolean {
  const links = chain(own);
  // A failure that led to a cancellation is not a cancellation.
  const end = links.findIndex((link) => link.kind !== "cancelled" || link.reason === "error");
  const origins = new Set(end < 0 ? links : links.slice(0, end + (links[end]?.kind === "cancelled" ? 1 : 0)));
  return chain(failure).some((link) => origins.has(link));
}

function chain(failure: Failure): Failure[] {
  const links: Failure[] = [];
  for (let link: Failure | undefined = failure; link !== undefined; ) {
    links.push(link);
    link = "cause" in link ? link.cause : undefined;
  }
  return links;
}
