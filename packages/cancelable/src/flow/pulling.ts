import { isThenable } from "../arguments.ts";
import { report } from "../reporter.ts";
import { ambientNode } from "../scope/ambient.ts";
import { AmbientScope } from "../scope/ambient-scope.ts";
import type { CancelScope } from "../scope/cancel-scope.ts";
import { afterTurn } from "../scope/fair-turn.ts";
import { nameAfter } from "../scope/task.ts";
import type { TaskGroup } from "../scope/task-group.ts";
import { abandon, PromiseWaiter, waitIn } from "../scope/waiting.ts";
import { closingSource } from "../streams/reading/close-limit.ts";
import { type StreamInput, toOpenableInput } from "../streams/reading/stream-input.ts";
import { StreamReader } from "../streams/reading/stream-reader.ts";

/** The items of a source, pulled one at a time. */
export interface Items<I> {
  next(): IteratorResult<I> | Promise<IteratorResult<I>>;
  /** Whether it is known that no item is left. */
  readonly isOver?: boolean;
  /** Closes the source if it has neither come to its end nor failed. */
  close(): unknown;
}

/** The items of a checked source. An array is read without a wait, and its promises are items. */
export function itemsOf<I>(source: StreamInput<I>, argument: string): Items<I | PromiseLike<I>> {
  if (!Array.isArray(source)) {
    return new StreamReader({ input: toOpenableInput(source, argument) }) as Items<I>; // the reader has no type of items
  }
  const array: readonly (I | PromiseLike<I>)[] = source;
  // A promise that no call reaches has no other handler for its rejection.
  for (const item of array) if (item instanceof Promise) abandon(item);
  return new ArrayItems(array);
}

class ArrayItems<I> implements Items<I> {
  readonly #array: readonly I[];
  #index = 0;

  constructor(array: readonly I[]) {
    this.#array = array;
  }

  get isOver(): boolean {
    return this.#index >= this.#array.length;
  }

  next(): IteratorResult<I> {
    if (this.isOver) return { done: true, value: undefined };
    return { done: false, value: this.#array[this.#index++] as I }; // in bounds
  }

  close(): void {}
}

export interface PullingLimits {
  /** The most calls at the same time. */
  readonly concurrency: number;
  /** The most items that have been pulled and not released. */
  readonly ahead: number;
}

/** The number of calls that start in one go. The limit keeps calls that end at once from piling up. */
const batch = 100;

/** Pulls an item when there is room for it, and not before, and calls a function with it in a task of its own. */
export class Pulling<I, T> {
  /** The number of items that were pulled. */
  pulled = 0;
  #given = 0;
  #isExhausted = false;
  readonly #group: TaskGroup;
  readonly #items: Items<I | PromiseLike<I>>;
  readonly #limits: PullingLimits;
  readonly #call: (item: I, index: number, scope: AmbientScope) => T | PromiseLike<T>;
  readonly #completed: (value: T, index: number) => void;
  #running = 0;
  #released = 0;
  #room: PromiseWaiter<void> | undefined;

  constructor(
    group: TaskGroup,
    items: Items<I | PromiseLike<I>>,
    limits: PullingLimits,
    call: (item: I, index: number, scope: AmbientScope) => T | PromiseLike<T>,
    completed: (value: T, index: number) => void,
  ) {
    this.#group = group;
    this.#items = items;
    this.#limits = limits;
    this.#call = call;
    this.#completed = completed;
  }

  get scope(): CancelScope {
    return this.#group.scope;
  }

  /** Whether the source has come to its end, and every call has given a value. */
  get isComplete(): boolean {
    return this.#isExhausted && this.#given === this.pulled;
  }

  /** Starts a call for each item. Resolves at the end of the source; rejects when it fails, and when the group is cancelled. */
  async run(): Promise<void> {
    const { node } = this.#group.scope;
    try {
      for (;;) {
        node.check();
        while (!this.#hasRoom) {
          this.#room = new PromiseWaiter(node);
          await this.#room.promise;
        }
        const next = this.#items.next();
        const result = next instanceof Promise ? await next : next;
        if (result.done) {
          this.#isExhausted = true;
          return;
        }
        this.#running++;
        // An item that was pulled always reaches its call, also when the group was cancelled meanwhile.
        const { value } = result;
        nameAfter(
          this.#group.startSoon(this.#child, value, this.pulled++),
          typeof value === "function" ? value : this.#call,
        );
        if (node.clock.isTurnDue()) await afterTurn(node, undefined);
        else if (this.pulled % batch === 0) await undefined;
        // A cancellation during that turn finds every call in progress, and each may still give its value.
        if (this.#items.isOver) {
          this.#isExhausted = true;
          return;
        }
      }
    } catch (error) {
      try {
        await this.#items.close();
      } catch (failure) {
        report(failure, closingSource);
      }
      throw error;
    }
  }

  /** One of the items counts as ahead no longer. */
  release(): void {
    this.#released++;
    this.#makeRoom();
  }

  get #hasRoom(): boolean {
    const { concurrency, ahead } = this.#limits;
    return this.#running < concurrency && this.pulled - this.#released < ahead;
  }

  #makeRoom(): void {
    if (this.#room === undefined || !this.#hasRoom) return;
    this.#room.resolve();
    this.#room = undefined;
  }

  readonly #child = async (item: I | PromiseLike<I>, index: number): Promise<void> => {
    const node = ambientNode();
    const scope = new AmbientScope(node);
    const value = await this.#call(isThenable(item) ? await waitIn(node, item) : item, index, scope);
    // A call that failed makes no room: the group is cancelled when the task of the call has ended.
    this.#running--;
    this.#given++;
    this.#completed(value, index);
    this.#makeRoom();
  };
}
