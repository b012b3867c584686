import {
  type AsyncBackend,
  all,
  any,
  Cancellable,
  CancellationError,
  CancelScope,
  failAfter,
  Lock,
  moveOnAfter,
  Queue,
  race,
  run,
  Semaphore,
  setReporter,
  shield,
  sleep,
  type Task,
  TaskCancelledError,
  TaskFailedError,
  type TaskGroup,
  taskGroup,
  UsageError,
  waitFor,
} from "../../src/index.ts";
import type { Body, Event, Program, Reason, Step, StepOf, Trace } from "./program.ts";
import { rootAbove } from "./root.ts";

type Value = string | undefined;

/** A scope or an operation that a step may cancel. */
interface Target {
  cancel(reason: Reason, message: string): boolean;
}

/** Thrown by a `throw` step. */
class ProgramError extends Error {}

/** The text of an error in a trace. */
export function describe(error: unknown): string {
  if (error instanceof ProgramError) return error.message;
  if (error instanceof TaskFailedError) return `failed(${describe(error.cause)})`;
  if (error instanceof TaskCancelledError) return `gone(${describe(error.cause)})`;
  if (error instanceof AggregateError) return `[${error.errors.map(describe).join(", ")}]`;
  if (error instanceof UsageError) return error.code;
  if (!(error instanceof CancellationError)) return `?${String(error)}`;
  const { reason, message } = error;
  const span = (error as { timeoutMs?: number }).timeoutMs;
  if (message.startsWith("by #")) return `${reason} ${message}`;
  if (span !== undefined) return `${reason} after ${span}`;
  if (message === "Operation timed out: its deadline has passed") return `${reason} at its deadline`;
  return error.cause === undefined ? `${reason} "${message}"` : `${reason}(${describe(error.cause)})`;
}

export interface Ran extends Trace {
  /** Leftovers: held locks, waiters, missing permits, children of the root. */
  readonly left: readonly string[];
}

/** Blocks the thread: time passes, and no timer fires. */
export type Block = (ms: number) => void;

/** Runs a program on a backend through the public API, and records the events. */
export async function interpret(program: Program, backend: AsyncBackend, block: Block): Promise<Ran> {
  const events: Event[] = [];
  const reported: string[] = [];
  const before = setReporter((error) => {
    // The model does not know of the report about a task that waits for its own lock.
    if (!(error instanceof UsageError && error.code === "ERR_ALREADY_HELD")) reported.push(describe(error));
  });
  const start = backend.now();
  const locks = Array.from({ length: program.locks }, () => new Lock());
  const semaphores = program.permits.map((permits) => new Semaphore(permits));
  const queues = program.capacities.map((capacity) => new Queue<string>(capacity));
  const tasks = new Map<number, ReadonlyArray<Task<Value>>>();
  const targets = new Map<number, Target>();
  const groups = new Map<number, TaskGroup>();
  const scopes = new Map<number, CancelScope>();

  const record = (step: Step, what: string): void => {
    events.push({ at: Math.round(backend.now() - start), id: step.id, lane: step.lane, what });
  };
  const sequence = async (body: Body): Promise<Value> => {
    let value: Value;
    for (const step of body) value = await one(step);
    return value;
  };
  const one = async (step: Step): Promise<Value> => {
    record(step, "start");
    try {
      const value = await act(step);
      record(step, `ok ${value}`);
      return value;
    } catch (error) {
      record(step, `err ${describe(error)}`);
      throw error;
    }
  };
  const inScope = (step: StepOf<"scope">): Promise<Value> => {
    const { form, span } = step;
    const body = (scope: CancelScope): Promise<Value> => {
      targets.set(step.id, scope);
      scopes.set(step.id, scope);
      return sequence(step.body);
    };
    switch (form) {
      case "CancelScope":
        return new CancelScope({ shield: step.shield, ...(span === undefined ? {} : { timeout: span }) }).run(
          body,
        );
      case "moveOnAfter":
        return moveOnAfter(span ?? null, body, { shield: step.shield });
      case "failAfter":
        return failAfter(span ?? null, body, { shield: step.shield });
      case "shield":
        return shield(body, span === undefined ? {} : { timeout: span });
    }
  };
  const act = async (step: Step): Promise<Value> => {
    switch (step.kind) {
      case "sleep":
        await sleep(step.ms);
        return `s${step.id}`;
      case "block":
        // After the other tasks wait. Otherwise the order of microtasks between tasks would matter.
        await sleep(0);
        block(step.ms);
        return `b${step.id}`;
      case "checkpoint":
        // Not `checkpoint()`, which looks at the real clock.
        return waitFor(Promise.resolve("passed"));
      case "throw":
        throw new ProgramError(`E${step.id}`);
      case "scope":
        return inScope(step);
      case "operation": {
        const op = step.span === undefined ? new Cancellable() : Cancellable.withTimeout(step.span);
        targets.set(step.id, op);
        return op.run(() => sequence(step.body));
      }
      case "group":
        return taskGroup(
          (group) => {
            targets.set(step.id, group);
            groups.set(step.id, group);
            tasks.set(
              step.id,
              step.children.map((child) => group.startSoon(sequence, child)),
            );
            return sequence(step.body);
          },
          { failures: step.collect ? "collect" : "first" },
        );
      case "race":
        return race(step.children.map((child) => () => sequence(child)));
      case "any":
        return any(step.children.map((child) => () => sequence(child)));
      case "all":
        return (await all(step.children.map((child) => () => sequence(child)))).join();
      case "start":
        return (groups.get(step.group) as TaskGroup).start<string>(async (started) => {
          await sequence(step.before);
          started(`v${step.id}`);
          await sequence(step.after);
        });
      case "cancel":
        return String(targets.get(step.target)?.cancel(step.reason, `by #${step.id}`));
      case "cancelTask":
        return String(tasks.get(step.group)?.[step.index]?.cancel("manual", `by #${step.id}`));
      case "join":
        return await (tasks.get(step.group)?.[step.index] as Task<Value>);
      case "shielding":
        (scopes.get(step.target) as CancelScope).shield = step.on;
        return "set";
      case "deadline":
        (scopes.get(step.target) as CancelScope).deadline = backend.now() + step.ms;
        return "set";
      case "finally":
        try {
          return await sequence(step.body);
        } finally {
          await sequence(step.cleanUp);
        }
      case "catch":
        try {
          return await sequence(step.body);
        } catch (error) {
          return `caught ${describe(error)}`;
        }
      case "lock":
        return (locks[step.index] as Lock).run(() => sequence(step.body));
      case "semaphore":
        return (semaphores[step.index] as Semaphore).run(() => sequence(step.body));
      case "put":
        await (queues[step.index] as Queue<string>).put(`i${step.id}`);
        return "put";
      case "get":
        return (queues[step.index] as Queue<string>).get();
    }
  };

  let root: CancelScope["node"] | undefined;
  try {
    await run(
      (scope) => {
        root = rootAbove(scope);
        return one(program.root);
      },
      { backend },
    ).then(undefined, () => {});
  } finally {
    setReporter(before);
  }
  const left: string[] = [];
  locks.forEach((lock, i) => {
    if (lock.isLocked || lock.waiting > 0) left.push(`lock ${i}: ${lock.isLocked}, ${lock.waiting} wait`);
  });
  semaphores.forEach((semaphore, i) => {
    if (semaphore.value !== program.permits[i] || semaphore.waiting > 0)
      left.push(`semaphore ${i}: ${semaphore.value}, ${semaphore.waiting} wait`);
  });
  queues.forEach((queue, i) => {
    if (queue.waitingGetters + queue.waitingPutters > 0) left.push(`queue ${i}: somebody waits`);
  });
  if (root?.live !== 0 || root.firstChild !== undefined) left.push(`${root?.live} children in the root`);
  if (root?.waiters !== undefined) left.push("waiters in the root");
  return { events, reported, left };
}
