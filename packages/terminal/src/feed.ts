import type { Cancellable } from "../cancellable.ts";
import type { OperationSnapshot } from "../operation/context.ts";
import type { OperationRegistry, OperationTree } from "../registry/registry.ts";
import type { Board } from "./board.ts";

/** Takes note of an operation. */
export type Note = (snapshot: OperationSnapshot) => void;

/** Tells a view which operations there are and what they are like. */
export interface Feed {
  /** Tells what it hears of, until it is closed or nothing more can come. */
  follow(note: Note): Promise<void>;
  /** Tells what can be seen now. */
  look(board: Board, note: Note): void;
  /** As {@link look}, for the last picture: tells also what {@link follow} has not come to yet. */
  conclude(board: Board, note: Note): void;
  close(): void;
  /** Whether nothing more can come. */
  readonly isOver: boolean;
}

/** An operation and everything below it, which is looked at again and again. */
export class OperationFeed implements Feed {
  readonly #top: Cancellable;
  /** Those that have not ended. */
  readonly #known = new Set<Cancellable>();

  constructor(top: Cancellable) {
    this.#top = top;
    this.#known.add(top);
  }

  async follow(): Promise<void> {}

  look(_board: Board, note: Note): void {
    const ended: Cancellable[] = [];
    // What is added on the way is visited too.
    for (const operation of this.#known) {
      for (const child of operation.children) this.#known.add(child);
      if (operation.hasEnded) ended.push(operation);
      else note(operation.context.toJSON());
    }
    // Those below end first.
    for (const operation of ended.reverse()) {
      note(operation.context.toJSON());
      this.#known.delete(operation);
    }
  }

  conclude(board: Board, note: Note): void {
    this.look(board, note);
  }

  close(): void {}

  get isOver(): boolean {
    return this.#top.hasEnded;
  }
}

/** The operations of a registry, which tells of them itself. */
export class RegistryFeed implements Feed {
  readonly #registry: OperationRegistry;
  /** What was in it when watching began. */
  readonly #first: OperationTree[];
  readonly #events: ReturnType<OperationRegistry["watch"]>;
  readonly isOver = false;

  /** @param throttle How often to hear of an operation's progress, in ms. */
  constructor(registry: OperationRegistry, throttle: number) {
    this.#registry = registry;
    this.#first = registry.tree();
    this.#events = registry.watch({ throttle });
  }

  async follow(note: Note): Promise<void> {
    const open = this.#first.splice(0).reverse();
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      const { children, ...snapshot } = next;
      note(snapshot);
      open.push(...[...children].reverse());
    }
    for await (const { operation } of this.#events) note(operation);
  }

  look(board: Board): void {
    // Of those that are unregistered there is no event.
    if (board.live !== this.#registry.size) board.keep(new Set(this.#registry.list().map(({ id }) => id)));
    if (board.hasNewStrays) board.arrange(this.#registry.tree());
  }

  conclude(board: Board, note: Note): void {
    const past = new Map(this.#registry.history().map((snapshot) => [snapshot.id, snapshot]));
    const living = new Map(this.#registry.list().map((snapshot) => [snapshot.id, snapshot]));
    for (const { snapshot } of [...board.rows()]) {
      const end = living.has(snapshot.id) ? undefined : past.get(snapshot.id);
      if (end !== undefined) note(end);
    }
    for (const snapshot of living.values()) note(snapshot);
    this.look(board);
  }

  close(): void {
    void this.#events.return?.();
  }
}
