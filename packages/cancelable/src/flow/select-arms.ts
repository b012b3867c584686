import { isThenable } from "../arguments.ts";
import type { ScopeNode } from "../scope/scope-node.ts";
import { type Task, TaskHandle } from "../scope/task.ts";
import { Arm, type Selectable, wouldWait } from "../sync/arm.ts";
import type { LinePlace, Receiver } from "../sync/wait-queue.ts";
import { CancellationToken } from "../token/token.ts";
import { type CancelNode, Waiter } from "../token/tree.ts";
import { After } from "./after.ts";

/** The kinds of an arm of `select`: a primitive, `after(span)`, a token, a task or a promise. */
export type SelectArm = Selectable<unknown> | After | CancellationToken | PromiseLike<unknown>;

/** The value of an arm. */
export type ArmValue<A> =
  A extends Selectable<infer T>
    ? T
    : A extends After | CancellationToken
      ? undefined
      : A extends PromiseLike<infer T>
        ? Awaited<T>
        : never;

/** A receiver that an arm can also leave for good. */
export interface ArmReceiver extends Receiver<unknown> {
  /** The arm will never be ready. */
  closed(): void;
}

/** An arm of this file: its `line` needs an {@link ArmReceiver}. */
export interface SelectedArm {
  /** Whether the arm listens to a promise, which can have settled. */
  readonly listens?: boolean;
  poll: Arm<unknown>["poll"];
  line(receiver: ArmReceiver): LinePlace;
}

/** The arm for a value, or undefined if the value is none. `"closed"`: a token that can no longer be cancelled. */
export function armFor(
  value: unknown,
  node: ScopeNode,
): SelectedArm | "closed" | "of another copy" | undefined {
  if (typeof value === "function") return undefined;
  const { arm } = (value ?? {}) as Partial<Selectable<unknown>>;
  if (arm instanceof Arm) return arm;
  if (typeof (arm as Partial<Arm<unknown>> | undefined)?.poll === "function") return "of another copy";
  if (value instanceof After) return timeArm(value, node);
  if (value instanceof CancellationToken) {
    // The token is looked at now, and not in a poll: the look can find a cancellation, and run user code.
    const isCancelled = value.node.pending() !== undefined;
    return value.node.isClosed && !isCancelled ? "closed" : tokenArm(value.node);
  }
  if (value instanceof TaskHandle) return taskArm(value as TaskHandle<unknown>);
  return isThenable(value) ? promiseArm(value) : undefined;
}

function timeArm({ ms }: After, { clock }: ScopeNode): SelectedArm {
  return {
    poll: () => (ms <= 0 ? undefined : wouldWait),
    line: (receiver) => {
      const alarm = clock.setAlarm(clock.now() + ms, () => receiver.resolve(undefined));
      return { withdraw: () => alarm[Symbol.dispose]() };
    },
  };
}

class TokenPlace extends Waiter implements LinePlace {
  readonly #receiver: ArmReceiver;
  constructor(receiver: ArmReceiver) {
    super();
    this.#receiver = receiver;
  }
  override reached(): void {
    this.#receiver.resolve(undefined);
  }
  override nodeClosed(): void {
    this.#receiver.closed();
  }
  withdraw(): void {
    this.remove();
  }
}

function tokenArm(node: CancelNode): SelectedArm {
  return {
    poll: () => (node.reached === undefined ? wouldWait : undefined),
    line: (receiver) => {
      const place = new TokenPlace(receiver);
      node.wait(place);
      return place;
    },
  };
}

function taskArm(task: TaskHandle<unknown>): SelectedArm {
  return {
    poll: () => (task.hasEnded ? task.value : wouldWait),
    line: (receiver) => {
      const ending = (): void => {
        let value: unknown;
        try {
          value = (task as Task<unknown>).value;
        } catch (error) {
          receiver.reject(error);
          return;
        }
        receiver.resolve(value);
      };
      task.endings ??= new Set();
      task.endings.add(ending);
      return { withdraw: () => void task.endings?.delete(ending) };
    },
  };
}

/**
 * The receivers of a promise that has not settled. One reaction for all of them: the reactions of a promise cannot be
 * removed, and a promise that many calls of `select` listen to would keep them all.
 */
const receiversOf = new WeakMap<PromiseLike<unknown>, Set<ArmReceiver>>();

function promiseArm(promise: PromiseLike<unknown>): SelectedArm {
  const receivers = receiversOf.get(promise) ?? listen(promise);
  return {
    listens: true,
    poll: () => wouldWait,
    line: (receiver) => {
      receivers.add(receiver);
      return { withdraw: () => void receivers.delete(receiver) };
    },
  };
}

function listen(promise: PromiseLike<unknown>): Set<ArmReceiver> {
  const receivers = new Set<ArmReceiver>();
  receiversOf.set(promise, receivers);
  const tell = (each: (receiver: ArmReceiver) => void): void => {
    receiversOf.delete(promise);
    for (const receiver of receivers) each(receiver);
  };
  // `Promise.resolve` protects against thenables that throw or that call their callbacks twice.
  Promise.resolve(promise).then(
    (value) => tell((receiver) => receiver.resolve(value)),
    (error: unknown) => tell((receiver) => receiver.reject(error)),
  );
  return receivers;
}
