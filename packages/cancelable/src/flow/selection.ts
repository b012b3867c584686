import type { ScopeNode } from "../scope/scope-node.ts";
import { PromiseWaiter } from "../scope/waiting.ts";
import type { LinePlace } from "../sync/wait-queue.ts";
import { leaveTogether } from "../token/wave.ts";
import { UsageError } from "../usage-error.ts";
import type { ArmReceiver, SelectedArm } from "./select-arms.ts";

/** An arm with its key. */
export interface KeyedArm {
  readonly key: string;
  readonly arm: SelectedArm;
}

/** The arm that was chosen, and its value. */
export interface Chosen {
  readonly key: string;
  readonly value: unknown;
}

/**
 * A `select` that waits: it stands in the lines of all its arms. The first arm that is served or fails ends the `select`.
 * In this step the `select` leaves the other lines (W2).
 */
export class Selection extends PromiseWaiter<Chosen> {
  /** Emptied when the selection leaves its lines. */
  #places: LinePlace[] = [];
  /** The number of arms that can still be ready. */
  #open: number;

  constructor(node: ScopeNode, arms: readonly KeyedArm[]) {
    super(node);
    this.#open = arms.length;
    for (const { key, arm } of arms) {
      this.#places.push(arm.line(new KeyedReceiver(this, key)));
      // A rate limiter looks at the clock again.
      if (this.end !== undefined) {
        this.withdraw();
        return;
      }
    }
  }

  get task(): object | undefined {
    return (this.node as ScopeNode | undefined)?.task;
  }

  choose(key: string, value: unknown): void {
    this.withdraw();
    this.resolve({ key, value });
  }

  fail(error: unknown): void {
    this.withdraw();
    this.reject(error);
  }

  override cut(error: unknown): void {
    this.withdraw();
    super.cut(error);
  }

  /** An arm can never be ready. The other arms go on. */
  armClosed(): void {
    if (--this.#open === 0) this.reject(noArmLeft());
  }

  override withdraw(): void {
    const places = this.#places;
    this.#places = [];
    leaveTogether(() => {
      for (const place of places) place.withdraw();
    });
  }
}

/** The receiver of one arm. */
class KeyedReceiver implements ArmReceiver {
  readonly #selection: Selection;
  readonly #key: string;

  constructor(selection: Selection, key: string) {
    this.#selection = selection;
    this.#key = key;
  }

  get task(): object | undefined {
    return this.#selection.task;
  }

  resolve(value: unknown): void {
    this.#selection.choose(this.#key, value);
  }

  reject(error: unknown): void {
    this.#selection.fail(error);
  }

  closed(): void {
    this.#selection.armClosed();
  }
}

/** All arms were tokens, and all are closed. */
export function noArmLeft(): UsageError {
  return new UsageError("ERR_CLOSED", "Every token of the select");
}
