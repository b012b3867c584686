import { outOfRange, requireCount, requireOneOf } from "../arguments.ts";
import { guardCallback } from "../guard-callback.ts";
import { requireKnownOptions } from "../known-options.ts";
import { currentNode } from "../scope/ambient.ts";
import { resolveFairly } from "../scope/fair-turn.ts";
import { explicitParent } from "../scope/scope-options.ts";
import { rejectIfCancelled } from "../scope/waiting.ts";
import { serveAfterMarking } from "../token/wave.ts";
import { UsageError } from "../usage-error.ts";
import { wouldWait } from "./arm.ts";
import { Fifo } from "./items.ts";
import { LineOwner } from "./line-owner.ts";
import { QueueClosedError } from "./queue-closed.ts";
import { type Hub, Subscription } from "./subscription.ts";
import { type WaitOptions, waitNode } from "./wait-options.ts";
import { type LineEntry, WaitQueue } from "./wait-queue.ts";

/** The options of a {@link Broadcast}. */
export interface BroadcastOptions {
  /** The number of latest items that a new subscription gets first: a whole number of at least 0, or Infinity. Default: 0. */
  readonly replay?: number | undefined;
}

/** The options of {@link Broadcast.subscribe}. They hold for the life of the subscription. */
export interface SubscribeOptions<T = unknown> {
  /**
   * The most items that wait for the subscriber: a whole number of at least 0, or Infinity. Replayed items can be more. With
   * 0, an item is handed to a waiting `get`. Default: 16.
   */
  readonly capacity?: number | undefined;
  /**
   * The rule for an item that finds the subscription full. `"wait"`: the publisher waits, so nothing is lost and the slowest
   * subscriber sets the pace. `"drop-oldest"`, `"drop-newest"`: an item is dropped and counted in `missed`. `"fail"`: the
   * subscriber gets the items that are there, and then a `LagError`. Default: `"wait"`.
   */
  readonly lag?: "wait" | "drop-oldest" | "drop-newest" | "fail" | undefined;
  /** Called after each item that was missed, with the number of all items that were missed so far. Default: none. */
  readonly onLag?: ((missed: number) => unknown) | undefined;
  /**
   * Called once for each item that this subscription had and that no `get` will return: it was dropped by the rule
   * (`"overflow"`), or was left when the subscription ended (`"closed"`). Default: none.
   */
  readonly onUndelivered?: ((item: T, why: "overflow" | "closed") => unknown) | undefined;
  /** The scope or operation that the subscription ends with. Default: the ambient scope. */
  readonly scope?: WaitOptions["scope"];
}

/**
 * Gives every item to every subscriber, in one order for all. An item is published to all of them in one step, when all
 * have room for it. Without subscribers, no subscription gets the item.
 *
 * @example
 * ```ts
 * import { taskGroup } from "@hother/cancelable";
 * import { Broadcast } from "@hother/cancelable/sync";
 *
 * const prices = new Broadcast<number>();
 * const seen: number[][] = [[], []];
 * await taskGroup(async (group) => {
 *   for (const mine of seen) {
 *     const subscription = prices.subscribe({ scope: group.scope });
 *     group.startSoon(async () => {
 *       for await (const price of subscription) mine.push(price);
 *     });
 *   }
 *   for (const price of [3, 1, 2]) await prices.publish(price);
 *   prices.close();
 * });
 * console.assert(seen.join(" ") === "3,1,2 3,1,2");
 * ```
 */
export class Broadcast<T> extends LineOwner implements Disposable {
  readonly #subscriptions = new Set<Subscription<T>>();
  readonly #publishers = new WaitQueue<void, T>(this);
  readonly #replay: number;
  /** The latest items, at most {@link #replay}. */
  readonly #latest = new Fifo<T>();
  #published = 0;
  /** The number of full subscriptions that items wait for. */
  #full = 0;
  #isClosed = false;
  readonly #admission = { serve: (): void => this.#admit() };
  readonly #hub: Hub<T>;

  constructor(options?: BroadcastOptions) {
    super();
    requireKnownOptions(options, { replay: 1 }, "Broadcast");
    const { replay = 0 } = options ?? {};
    requireCount(replay, "options.replay", 0);
    this.#replay = replay;
    const published = (): number => this.#published;
    this.#hub = {
      get published() {
        return published();
      },
      countFull: (change) => {
        this.#full += change;
        // Not at once: the same wave can end other subscriptions, and their changes come first (B2).
        if (this.#full === 0 && this.#publishers.size > 0) serveAfterMarking(this.#admission);
      },
      pull: (by) => this.#pull(by),
      emptied: () => this.tellIdle(),
      remove: (subscription) => {
        if (this.#subscriptions.delete(subscription)) this.tellIdle();
      },
    };
  }

  /** The number of waiting `publish` calls. */
  override get waiting(): number {
    return this.#publishers.size;
  }

  /** Whether the broadcast was closed. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /**
   * Starts to listen: the subscription gets the replayed items, and every item that is published from now on. It ends with
   * the scope of this call. The subscription of a closed broadcast has only the replayed items.
   *
   * @throws The error of the scope when it is cancelled; RangeError for a capacity of 0 with a rule that drops.
   */
  subscribe(options?: SubscribeOptions<T>): Subscription<T> {
    const known = { capacity: 1, lag: 1, onLag: 1, onUndelivered: 1, scope: 1 } as const;
    requireKnownOptions(options, known, "subscribe");
    const { capacity = 16, lag = "wait", scope } = options ?? {};
    requireCount(capacity, "options.capacity", 0);
    requireOneOf(lag, "options.lag", ["wait", "drop-oldest", "drop-newest", "fail"]);
    if (capacity === 0 && lag.startsWith("drop"))
      throw outOfRange("options.capacity", `at least 1 with the rule "${lag}"`, capacity);
    const onLag = guardCallback(options?.onLag, "onLag");
    const onUndelivered = guardCallback(options?.onUndelivered, "onUndelivered");
    const node = scope === undefined ? currentNode() : explicitParent(scope, "options.scope");
    node.check();
    const rules = { capacity, lag, onLag, onUndelivered };
    const subscription = new Subscription(this.#hub, rules, node, this.#latest);
    this.#subscriptions.add(subscription);
    if (this.#isClosed) subscription.finish();
    return subscription;
  }

  /**
   * Gives an item to all subscribers; waits while one of them is full and has the rule `"wait"`. A checkpoint. No
   * subscriber sees the item of a cancelled `publish`. All of them see the item of a `publish` that resolves.
   *
   * @throws QueueClosedError when the broadcast is closed.
   */
  publish(item: T, options?: WaitOptions): Promise<void> {
    const node = options === undefined ? currentNode() : waitNode(options, "publish");
    if (node instanceof Promise) return node;
    const rejected = rejectIfCancelled(node);
    if (rejected !== undefined) return rejected;
    if (this.#isClosed) return Promise.reject(new QueueClosedError("sender", "broadcast"));
    return this.#publishNow(item)
      ? resolveFairly(node, undefined)
      : this.#publishers.join(node, item).promise;
  }

  /** Gives an item to all subscribers at once; throws a `UsageError` `ERR_WOULD_BLOCK` when `publish` would wait. */
  publishNowait(item: T): void {
    if (this.#isClosed) throw new QueueClosedError("sender", "broadcast");
    if (!this.#publishNow(item)) throw new UsageError("ERR_WOULD_BLOCK", "Broadcast");
  }

  /** Ends the broadcast: waiting `publish` calls reject, and each subscriber gets the items that it has and then ends. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#publishers.rejectAll(() => new QueueClosedError("sender", "broadcast"));
    for (const subscription of this.#subscriptions) subscription.finish();
    this.tellIdle();
  }

  /** As {@link close}. */
  [Symbol.dispose](): void {
    this.close();
  }

  /** Rejects all waiting `publish` calls with `error`. No subscriber gets their items. */
  override rejectWaiters(error: unknown): void {
    this.#publishers.rejectAll(() => error);
    this.tellIdle();
  }

  /** Waits until no `publish` waits and every subscriber has taken all its items. A checkpoint. */
  override whenIdle(options?: WaitOptions): Promise<void> {
    return super.whenIdle(options);
  }

  protected override get isIdle(): boolean {
    if (this.#publishers.size > 0) return false;
    for (const { size } of this.#subscriptions) if (size > 0) return false;
    return true;
  }

  #publishNow(item: T): boolean {
    if (this.#full > 0) return false; // while a publisher waits, a subscription is full
    this.#deliver(item, undefined);
    return true;
  }

  /** Publishes the items of waiting `publish` calls while there is room. */
  #admit(): void {
    while (this.#full === 0) {
      const publisher = this.#publishers.shift();
      if (publisher === undefined) break;
      this.#deliver(publisher.payload, undefined);
      publisher.resolve();
    }
    this.tellIdle();
  }

  #pull(by: Subscription<T>): T | typeof wouldWait {
    if (this.#publishers.size === 0 || this.#full > (by.isFull ? 1 : 0)) return wouldWait;
    const publisher = this.#publishers.shift() as LineEntry<void, T>; // the size was checked above
    this.#deliver(publisher.payload, by);
    publisher.resolve();
    this.#admit();
    return publisher.payload;
  }

  /** Gives an item to all subscriptions but one, in one step (B1). */
  #deliver(item: T, except: Subscription<T> | undefined): void {
    this.#published++;
    if (this.#replay > 0) {
      if (this.#latest.size === this.#replay) this.#latest.take();
      this.#latest.add(item);
    }
    for (const subscription of this.#subscriptions) if (subscription !== except) subscription.accept(item);
  }
}
