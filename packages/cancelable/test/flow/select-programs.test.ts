import { expect } from "vitest";
import {
  after,
  CancellationToken,
  CancelScope,
  CapacityLimiter,
  Deferred,
  Event,
  type Lease,
  Lock,
  Queue,
  QueueClosedError,
  type SelectArm,
  Semaphore,
  select,
  sleep,
  taskGroup,
} from "../../src/index.ts";
import { Broadcast, ReadWriteLock } from "../../src/sync/index.ts";
import { VirtualBackend } from "../../src/testing/index.ts";
import { inVirtualTime } from "../backends.ts";

const isLease = (value: unknown): value is Lease =>
  typeof value === "object" && value !== null && "release" in value;

const programs = 10_000;
const permits = 2;

/** A queue with the items that were put into it and the items that were got from it. Items are numbered in the order of the puts. */
class Channel {
  readonly queue: Queue<number>;
  next = 0;
  readonly put = new Set<number>();
  readonly got: number[] = [];
  constructor(capacity: number) {
    this.queue = new Queue<number>(capacity);
  }

  /** The faults at the end, when no task waits any more. */
  *faults(name: string): Generator<string> {
    const { queue, got, put } = this;
    if (queue.waiting > 0) yield `${name}: ${queue.waiting} waiters are left`;
    const left: number[] = [];
    while (queue.size > 0) left.push(queue.getNowait());
    const out = [...got, ...left];
    const sorted = [...put].sort((a, b) => a - b);
    if (out.join() !== sorted.join()) yield `${name}: put ${sorted.join()}, came out ${out.join()}`;
  }
}

/** One random program: tasks that select, get, put and acquire, in scopes that are cancelled at random. */
class Program {
  readonly #random: (below: number) => number;
  readonly #channels = [new Channel(Number.POSITIVE_INFINITY), new Channel(1), new Channel(0)];
  readonly #semaphore = new Semaphore(permits);
  readonly #limiter = new CapacityLimiter(1);
  readonly #lock = new Lock();
  readonly #readWrite = new ReadWriteLock();
  readonly #broadcast = new Broadcast<number>();
  readonly #subscription = this.#broadcast.subscribe({ capacity: 100 });
  readonly #heard: number[] = [];
  #published = 0;
  readonly #event = new Event();
  readonly #deferred = new Deferred<void>();
  readonly #token = new CancellationToken();
  readonly #promise = Promise.resolve();
  readonly #scopes: CancelScope[] = [];
  selects = 0;
  cutOff = 0;

  constructor(random: (below: number) => number) {
    this.#random = random;
  }

  async run(): Promise<string[]> {
    const random = this.#random;
    await taskGroup(async (group) => {
      for (let n = 2 + random(3); n > 0; n--) group.startSoon(() => this.#work(1 + random(6)));
      for (let n = random(12); n > 0; n--) {
        await this.#hops();
        this.#act();
      }
      while (group.tasks.length > 0) {
        for (const scope of this.#scopes) scope.cancel();
        await sleep(0);
      }
    });
    const faults = this.#channels.flatMap((channel, index) => [...channel.faults(`queue ${index}`)]);
    const [semaphore, limiter, lock] = [this.#semaphore, this.#limiter, this.#lock];
    if (semaphore.value !== permits) faults.push(`${semaphore.value} permits are left`);
    if (limiter.borrowed > 0) faults.push("a token is lost");
    if (lock.isLocked) faults.push("the lock is held");
    if (this.#readWrite.isWriting || this.#readWrite.readers > 0) faults.push("the read-write lock is held");
    while (this.#subscription.size > 0) this.#heard.push(await this.#subscription.get());
    const heard = this.#heard.join();
    if (heard !== Array.from({ length: this.#published }, (_, i) => i).join())
      faults.push(`published ${this.#published}, heard ${heard}`);
    this.#subscription.close();
    const { waiting: listening } = this.#subscription;
    if (listening > 0) faults.push(`subscription: ${listening} waiters are left`);
    for (const line of [semaphore, limiter, lock, this.#readWrite, this.#event, this.#deferred])
      if (line.waiting > 0) faults.push(`${line.constructor.name}: ${line.waiting} waiters are left`);
    if (this.#token.node.waiters !== undefined) faults.push("the token has waiters");
    return faults;
  }

  async #hops(): Promise<void> {
    for (let n = this.#random(5); n > 0; n--) await undefined;
  }

  /** Something happens outside of the tasks, several things in one turn. */
  #act(): void {
    const random = this.#random;
    for (let n = 1 + random(3); n > 0; n--) {
      const what = random(13);
      const channel = this.#channels[random(3)] as Channel;
      if (what < 4) this.#putNowait(channel);
      else if (what < 6) this.#getNowait(channel);
      else if (what < 10) this.#scopes[random(this.#scopes.length)]?.cancel();
      else if (what === 10) this.#event.set();
      else if (what === 11) this.#broadcast.publishNowait(this.#published++);
      else if (random(2) === 0) this.#token.cancel();
      else if (!this.#deferred.isSettled) this.#deferred.resolve();
    }
  }

  #putNowait(channel: Channel): void {
    const item = channel.next++;
    try {
      channel.queue.putNowait(item);
      channel.put.add(item);
    } catch {
      // full
    }
  }

  #getNowait(channel: Channel): void {
    if (channel.queue.size === 0) return;
    const item = channel.queue.getNowait();
    // An item that was handed to a waiter before is noted one microtask after the hand-over.
    queueMicrotask(() => channel.got.push(item));
  }

  async #work(steps: number): Promise<void> {
    for (let i = 0; i < steps; i++) {
      const scope = new CancelScope();
      this.#scopes.push(scope);
      await scope.run(() => (this.#random(4) === 0 ? this.#plainly() : this.#select()));
      if (scope.cancelledCaught) this.cutOff++;
      await this.#hops();
    }
  }

  /** A wait without `select`, whose place must not change. */
  async #plainly(): Promise<void> {
    const channel = this.#channels[this.#random(3)] as Channel;
    switch (this.#random(3)) {
      case 0:
        channel.got.push(await channel.queue.get());
        return;
      case 1: {
        const item = channel.next++;
        await channel.queue.put(item);
        channel.put.add(item);
        return;
      }
      default:
        await this.#hold(await this.#semaphore.acquire());
    }
  }

  async #select(): Promise<void> {
    const random = this.#random;
    const arms: Record<string, SelectArm | undefined> = {};
    const puts = new Map<string, [Channel, number]>();
    const gets = new Map<string, Channel>();
    for (let n = 1 + random(4); n > 0; n--) {
      const key = `${n}`;
      const channel = this.#channels[random(3)] as Channel;
      const kind = random(22);
      if (kind < 5) {
        arms[key] = channel.queue;
        gets.set(key, channel);
      } else if (kind < 9) {
        const item = channel.next++;
        arms[key] = channel.queue.putting(item);
        puts.set(key, [channel, item]);
      } else arms[key] = this.#otherArm(kind);
    }
    if (Object.values(arms).every((arm) => arm === undefined)) return;
    this.selects++;
    const { key, value } = await select(arms, { order: random(2) === 0 ? "fair" : "listed" });
    gets.get(key)?.got.push(value as number);
    const put = puts.get(key);
    put?.[0].put.add(put[1]);
    if (arms[key] === this.#subscription) this.#heard.push(value as number);
    if (isLease(value)) await this.#hold(value);
  }

  #otherArm(kind: number): SelectArm | undefined {
    switch (kind) {
      case 9:
        return this.#semaphore;
      case 10:
        return this.#limiter;
      case 11:
        return this.#lock;
      case 12:
        return this.#event;
      case 13:
        return this.#deferred;
      case 15:
        return this.#semaphore.acquiring({ weight: 2 });
      case 16:
        return this.#semaphore.acquiring({ priority: this.#random(3) });
      case 17:
        return this.#limiter.acquiring({ priority: 1 });
      case 18:
        return this.#readWrite.reading();
      case 19:
        return this.#readWrite.writing();
      case 20:
        return this.#subscription;
      case 14:
        return this.#random(4) === 0 ? this.#promise : this.#token;
      default:
        return this.#random(2) === 0 ? undefined : after(this.#random(3));
    }
  }

  async #hold(lease: Lease): Promise<void> {
    try {
      await this.#hops();
    } finally {
      lease.release();
    }
  }
}

inVirtualTime(
  "10,000 random programs with select lose nothing, get nothing twice and keep every order (VERB-26)",
  async () => {
    const backend = new VirtualBackend({ seed: 26 });
    const random = (below: number): number => Math.floor(backend.random() * below);
    let [selects, cutOff] = [0, 0];
    for (let number = 0; number < programs; number++) {
      const program = new Program(random);
      try {
        expect({ number, faults: await program.run() }).toEqual({ number, faults: [] });
      } catch (error) {
        if (error instanceof QueueClosedError) throw new Error("no queue is closed", { cause: error });
        throw error;
      }
      selects += program.selects;
      cutOff += program.cutOff;
    }
    expect([selects > 50_000, cutOff > 10_000]).toEqual([true, true]);
  },
  60_000,
);
