import {
  CapacityLimiter,
  Condition,
  Event,
  Lock,
  Queue,
  QueueReceiver,
  QueueSender,
  Semaphore,
  UsageError,
} from "../../src/index.ts";
import type { ResourceState, Trace } from "./compare.ts";
import type { Program } from "./program.ts";

export interface Channel {
  readonly queue: Queue<number>;
  readonly senders: ReadonlyArray<QueueSender<number>>;
  readonly receivers: ReadonlyArray<QueueReceiver<number>>;
}

type Table<T> = Readonly<Record<string, T>>;

/** The primitives that the tasks of a program share. */
export class Resources {
  readonly locks: Table<Lock>;
  readonly events: Table<Event>;
  readonly conditions: Table<Condition>;
  readonly semaphores: Table<Semaphore>;
  readonly limiters: Table<CapacityLimiter>;
  readonly channels: Table<Channel>;

  constructor(program: Program) {
    this.locks = named(program.locks, () => new Lock());
    this.events = named(program.events, () => new Event());
    this.conditions = named(program.conds, () => new Condition());
    this.semaphores = mapped(program.sems, (permits) => new Semaphore(permits));
    this.limiters = mapped(program.lims, (tokens) => new CapacityLimiter(tokens));
    this.channels = mapped(program.chans, ([capacity, senders, receivers]) => {
      const queue = new Queue<number>(capacity ?? Number.POSITIVE_INFINITY);
      return {
        queue,
        senders: Array.from({ length: senders }, () => new QueueSender(queue)),
        receivers: Array.from({ length: receivers }, () => new QueueReceiver(queue)),
      };
    });
  }

  /** The state of all of them when the program has ended. */
  state(): Trace["resources"] {
    return {
      locks: mapped(this.locks, (lock) => lockState(lock, lock.waiting)),
      conds: mapped(this.conditions, (condition) => lockState(condition.lock, condition.waiting)),
      events: mapped(this.events, (event) => [Number(event.isSet), event.waiting]),
      sems: mapped(this.semaphores, (semaphore) => [semaphore.value, semaphore.waiting]),
      lims: mapped(this.limiters, (limiter) => [limiter.total, limiter.borrowed, limiter.waiting]),
      chans: mapped(this.channels, ({ queue }) => [queue.size, queue.waitingPutters, queue.waitingGetters]),
    };
  }
}

/** An entry that the program declares. */
export function find<T>(table: Table<T>, name: string): T {
  return declared(table[name], name);
}

export function declared<T>(entry: T | undefined, name: string): T {
  if (entry === undefined) throw new Error(`the program declares no ${name}`);
  return entry;
}

/** A broken lock shows only in the error of an attempt to acquire it. */
function lockState(lock: Lock, waiting: number): ResourceState {
  try {
    lock.acquireNowait()[Symbol.dispose]();
  } catch (error) {
    if (error instanceof UsageError && error.code === "ERR_BROKEN") return "broken";
  }
  return [Number(lock.isLocked), waiting];
}

function named<T>(names: readonly string[] | undefined, create: () => T): Table<T> {
  return Object.fromEntries((names ?? []).map((name) => [name, create()]));
}

function mapped<T, R>(table: Table<T> | undefined, convert: (value: T) => R): Table<R> {
  return Object.fromEntries(Object.entries(table ?? {}).map(([name, value]) => [name, convert(value)]));
}
