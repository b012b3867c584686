import { Cancellable, CancelScope, type Task, type TaskGroup } from "../../src/index.ts";
import type { Trace, TracedEvent } from "./compare.ts";
import { nameOf } from "./errors.ts";
import type { Host } from "./hosts.ts";
import {
  type Body,
  bodiesOf,
  type Program,
  type ScopeKind,
  type ScopeLimits,
  type Statement,
  type StatementOf,
} from "./program.ts";
import { Resources } from "./resources.ts";

/** A task of a program, as its statements see it. */
export interface TaskContext {
  readonly name: string;
  /** In a child of `start`: says that it has started. */
  readonly started?: (value: number) => void;
}

type Handler<Op extends Statement["op"]> = (
  world: World,
  statement: StatementOf<Op>,
  task: TaskContext,
) => void | Promise<void>;

/** How statements are run, by their `op`. */
export type Handlers<Op extends Statement["op"] = Statement["op"]> = { readonly [O in Op]: Handler<O> };

/** One run of a program: what its tasks share, and what has been recorded. */
export class World {
  readonly program: Program;
  readonly host: Host;
  /**
   * Whether what is known to differ is kept out of the trace: `cancelCalled` of groups, the entry of a scope after
   * its deadline, and leases of locks that the program releases by hand. Each has a program in known.json.
   */
  readonly evensOut: boolean;
  readonly resources: Resources;
  readonly trace: Record<string, TracedEvent[]> = {};
  /** The latest scope, group and child of each name. */
  readonly scopes: Map<string, CancelScope | Cancellable> = new Map();
  readonly groups: Map<string, TaskGroup> = new Map();
  readonly tasks: Map<string, Task<void>> = new Map();
  /** Every scope and every spawned child of the run. */
  readonly entered: Array<{
    readonly key: string;
    readonly kind: ScopeKind | "group";
    readonly scope: CancelScope | Cancellable;
  }> = [];
  readonly spawned: Map<string, Task<void>> = new Map();
  /** No shield is raised any more: a program that never ends by itself is being ended. */
  ending = false;
  readonly #start: number;
  readonly #handlers: Handlers;
  readonly #occurrences = new Map<string, number>();
  readonly #releasedByHand = new Set<string>();

  /** Created inside of `run`, so that scopes are on the clock of the host's backend. */
  constructor(program: Program, host: Host, handlers: Handlers) {
    this.program = program;
    this.host = host;
    this.evensOut = program.raw !== true;
    this.#handlers = handlers;
    this.#start = host.backend.now();
    this.resources = new Resources(program);
    for (const body of program.tasks) this.#noteReleases(body);
    for (const [name, limits] of Object.entries(program.pre ?? {})) {
      this.register(`pre:${name}`, name, "plain", this.createScope(limits));
    }
  }

  /** Milliseconds since the start of the program. */
  get now(): number {
    return Math.round(this.host.backend.now() - this.#start);
  }

  /** A moment of the backend's clock, as a trace has it. */
  moment(at: number): string {
    if (Number.isFinite(at)) return String(Math.round(at - this.#start));
    return at > 0 ? "inf" : "-inf";
  }

  log(task: TaskContext, statement: Statement | "top", what: string): void {
    const events = this.trace[task.name] ?? [];
    this.trace[task.name] = events;
    events.push([this.now, statement === "top" ? "top" : statement.id, what]);
  }

  async run(body: Body, task: TaskContext): Promise<void> {
    for (const statement of body) {
      const handler = this.#handlers[statement.op] as Handler<Statement["op"]>;
      const running = handler(this, statement, task);
      // Statements that do not wait follow each other without any turn in between.
      if (running !== undefined) await running;
    }
  }

  /** Runs a body as a task, and notes the end of the task. */
  async runTask(body: Body, task: TaskContext, statement: Statement | "top"): Promise<void> {
    try {
      await this.run(body, task);
    } catch (error) {
      this.log(task, statement, `end!${nameOf(error)}`);
      throw error;
    }
    this.log(task, statement, "end");
  }

  /** Notes what a call that waits gives. */
  async wait(task: TaskContext, statement: Statement, call: () => Promise<unknown>): Promise<void> {
    let value: unknown;
    try {
      value = await call();
    } catch (error) {
      this.log(task, statement, `!${nameOf(error)}`);
      throw error;
    }
    this.log(task, statement, value === undefined ? "ok" : `ok ${value}`);
  }

  /** Notes what a call that does not wait gives. */
  call(task: TaskContext, statement: Statement, call: () => unknown): void {
    let value: unknown;
    try {
      value = call();
    } catch (error) {
      this.log(task, statement, `!${nameOf(error)}`);
      throw error;
    }
    this.log(task, statement, value === undefined ? "ok" : `ok ${value}`);
  }

  /** A key for one run of a statement in a task: a loop runs it several times. */
  keyOf(task: TaskContext, statement: Statement): string {
    const key = `${task.name}:${statement.id}`;
    const occurrence = (this.#occurrences.get(key) ?? 0) + 1;
    this.#occurrences.set(key, occurrence);
    return `${key}#${occurrence}`;
  }

  createScope(limits: ScopeLimits): CancelScope {
    const { t, abs } = limits;
    const relative = t === undefined || t === null || abs === true ? {} : { timeout: t };
    const scope = new CancelScope({ shield: this.isShielded(limits), ...relative });
    if (t !== undefined && t !== null && abs === true) scope.deadline = this.host.backend.now() + t;
    return scope;
  }

  isShielded(limits: ScopeLimits): boolean {
    return limits.shield === true && !this.ending;
  }

  register(key: string, name: string, kind: ScopeKind | "group", scope: CancelScope | Cancellable): void {
    this.scopes.set(name, scope);
    this.entered.push({ key, kind, scope });
  }

  /** Whether the program releases the lock by hand: then nothing uses a lease of the lock, which would not notice. */
  isReleasedByHand(lock: string): boolean {
    return this.#releasedByHand.has(lock);
  }

  #noteReleases(body: Body): void {
    for (const statement of body) {
      if (statement.op === "rel") this.#releasedByHand.add(statement.name);
      for (const below of bodiesOf(statement)) this.#noteReleases(below);
    }
  }

  /** What has been recorded, when the program has ended. */
  result(outcome: string, ended: number): Trace {
    const flags = (scope: CancelScope): string =>
      `${Number(scope.cancelCalled)}${Number(scope.cancelledCaught)}`;
    const scopes: Record<string, string> = {};
    const groups: Record<string, string> = {};
    for (const { key, kind, scope } of this.entered) {
      if (scope instanceof Cancellable) continue;
      (kind === "group" ? groups : scopes)[key] = flags(scope);
    }
    const tasks = Object.fromEntries([...this.spawned].map(([key, task]) => [key, task.status]));
    return { trace: this.trace, outcome, ended, scopes, groups, tasks, resources: this.resources.state() };
  }
}
