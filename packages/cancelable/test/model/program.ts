/*
 * A small language of concurrent programs. Every step has a number and runs at most once.
 *
 * Times never tie: the i-th timed step takes `r * 2^n + 2^i`, with n timed steps in the program. An event at a moment was
 * caused by a chain of timed steps. The moment is the sum of their times and so identifies the set of steps. If two chains
 * had the same set with different last steps, each of these two steps would have ended before the other one started.
 */

export type Body = readonly Step[];
export type ScopeForm = "CancelScope" | "moveOnAfter" | "failAfter" | "shield";

/** The common part of every step: its number and its task (0: the main task; else the number of the task's step). */
interface Common {
  readonly id: number;
  readonly lane: number;
}
export type Step = Common &
  (
    | { readonly kind: "sleep"; readonly ms: number }
    | { readonly kind: "block"; readonly ms: number }
    | { readonly kind: "checkpoint" }
    | { readonly kind: "throw" }
    | {
        readonly kind: "scope";
        readonly form: ScopeForm;
        readonly span: number | undefined;
        readonly shield: boolean;
        readonly body: Body;
      }
    | { readonly kind: "operation"; readonly span: number | undefined; readonly body: Body }
    | {
        readonly kind: "group";
        readonly collect: boolean;
        readonly lanes: readonly number[];
        readonly children: readonly Body[];
        readonly body: Body;
      }
    | {
        readonly kind: "race" | "any" | "all";
        readonly lanes: readonly number[];
        readonly children: readonly Body[];
      }
    | {
        readonly kind: "start";
        readonly group: number;
        readonly lanes: readonly [number];
        readonly before: Body;
        readonly after: Body;
      }
    | { readonly kind: "cancel"; readonly target: number; readonly reason: Reason }
    | { readonly kind: "cancelTask" | "join"; readonly group: number; readonly index: number }
    | { readonly kind: "shielding"; readonly target: number; readonly on: boolean }
    | { readonly kind: "deadline"; readonly target: number; readonly ms: number }
    | { readonly kind: "finally"; readonly body: Body; readonly cleanUp: Body }
    | { readonly kind: "catch"; readonly body: Body }
    | { readonly kind: "lock" | "semaphore"; readonly index: number; readonly body: Body }
    | { readonly kind: "put" | "get"; readonly index: number }
  );
export type Reason = "manual" | "shutdown" | "timeout" | "condition";
export type StepOf<K extends Step["kind"]> = Step & { readonly kind: K };

export interface Program {
  /** A scope with a timeout, so that every program ends. */
  readonly root: StepOf<"scope">;
  /** The permits of each semaphore, the capacity of each queue, and the number of locks. */
  readonly permits: readonly number[];
  readonly capacities: readonly number[];
  readonly locks: number;
}

export interface Event {
  readonly at: number;
  readonly id: number;
  readonly lane: number;
  /** "start", "ok" with the value, or "err" with a description of the error. */
  readonly what: string;
}

/** The result of a program. */
export interface Trace {
  readonly events: readonly Event[];
  /** The descriptions of the errors that went to the reporter. */
  readonly reported: readonly string[];
}

/** The bodies directly below a step. */
export function bodiesOf(step: Step): readonly Body[] {
  switch (step.kind) {
    case "scope":
    case "operation":
    case "catch":
    case "lock":
    case "semaphore":
      return [step.body];
    case "finally":
      return [step.body, step.cleanUp];
    case "start":
      return [step.before, step.after];
    case "group":
      return [...step.children, step.body];
    case "race":
    case "any":
    case "all":
      return step.children;
    default:
      return [];
  }
}

export function countSteps(step: Step): number {
  return (
    1 + bodiesOf(step).reduce((sum, body) => sum + body.reduce((n, inner) => n + countSteps(inner), 0), 0)
  );
}

/** The events of each task, in the order in which the task made them. */
export function byLane(events: readonly Event[]): Map<number, string[]> {
  const lanes = new Map<number, string[]>();
  for (const { at, id, lane, what } of events) {
    const list = lanes.get(lane) ?? [];
    lanes.set(lane, list);
    list.push(`${at} #${id} ${what}`);
  }
  return lanes;
}

/** A program as text that reads like code. */
export function print(program: Program): string {
  const { permits, capacities, locks } = program;
  const lines = [`// locks: ${locks}, semaphores: [${permits}], queues: [${capacities}]`];
  const add = (depth: number, text: string): void => void lines.push("  ".repeat(depth) + text);
  const all = (body: Body, depth: number): void => {
    for (const step of body) one(step, depth);
  };
  const block = (depth: number, head: string, body: Body, tail = "}"): void => {
    add(depth, `${head} {`);
    all(body, depth + 1);
    add(depth, tail);
  };
  const one = (step: Step, depth: number): void => {
    const at = `#${step.id} `;
    switch (step.kind) {
      case "sleep":
      case "block":
        return add(depth, `${at}${step.kind}(${step.ms})`);
      case "checkpoint":
        return add(depth, `${at}checkpoint()`);
      case "throw":
        return add(depth, `${at}throw E${step.id}`);
      case "scope": {
        const span = step.span === undefined ? "" : ` timeout ${step.span}`;
        return block(depth, `${at}${step.form}${span}${step.shield ? " shielded" : ""}`, step.body);
      }
      case "operation":
        return block(
          depth,
          `${at}operation${step.span === undefined ? "" : ` timeout ${step.span}`}`,
          step.body,
        );
      case "group":
      case "race":
      case "any":
      case "all":
        add(depth, `${at}${step.kind}${step.kind === "group" && step.collect ? " collect" : ""} {`);
        step.children.forEach((child, index) => {
          block(depth + 1, `child ${index}`, child);
        });
        if (step.kind === "group") all(step.body, depth + 1);
        return add(depth, "}");
      case "cancel":
        return add(depth, `${at}cancel #${step.target} (${step.reason})`);
      case "cancelTask":
      case "join":
        return add(depth, `${at}${step.kind} child ${step.index} of #${step.group}`);
      case "shielding":
        return add(depth, `${at}#${step.target}.shield = ${step.on}`);
      case "deadline":
        return add(depth, `${at}#${step.target}.deadline = now + ${step.ms}`);
      case "start":
        block(depth, `${at}start in #${step.group}`, step.before, "} started {");
        all(step.after, depth + 1);
        return add(depth, "}");
      case "finally":
        block(depth, `${at}try`, step.body, "} finally {");
        all(step.cleanUp, depth + 1);
        return add(depth, "}");
      case "catch":
        return block(depth, `${at}catching`, step.body);
      case "lock":
      case "semaphore":
        return block(depth, `${at}with ${step.kind} ${step.index}`, step.body);
      case "put":
      case "get":
        return add(depth, `${at}queue ${step.index}: ${step.kind}`);
    }
  };
  one(program.root, 0);
  return lines.join("\n");
}
