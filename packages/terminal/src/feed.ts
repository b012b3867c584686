import type { Cancellable, OperationRegistry, OperationSnapshot, OperationTree } from "@hother/cancelable";
import type { Board } from "./board.ts";

/** Receives the snapshot of an operation. */
export type Note = (snapshot: OperationSnapshot) => void;

/** The source of the operations that a view shows. */
export interface Feed {
  /** Passes on the events of operations, until the feed is closed. */
  follow(note: Note): Promise<void>;
  /** Passes on the current state of the operations. Called before each picture. */
  look(board: Board, note: Note): void;
  /** Called before the last picture: as {@link look}, and passes on the events that {@link follow} has not read. */
  conclude(board: Board, note: Note): void;
  close(): void;
  /** Whether all operations have ended and no other operation can follow. */
  readonly isOver: boolean;
}

/** An operation and all operations below it. The feed reads their state before each picture. */
export class OperationFeed implements Feed {
  readonly #top: Cancellable;
  /** The operations whose end has not been passed on. */
  readonly #known = new Set<Cancellable>();

  constructor(top: Cancellable) {
    this.#top = top;
    this.#known.add(top);
  }

  async follow(): Promise<void> {}

  look(_board: Board, note: Note): void {
    const ended: Cancellable[] = [];
    // The loop also visits the operations that it adds.
    for (const operation of this.#known) {
      for (const child of operation.children) this.#known.add(child);
      if (operation.hasEnded) ended.push(operation);
      else note(operation.context.toJSON());
    }
    // Children end before their parents.
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

/** The operations of a registry, which sends events. */
export class RegistryFeed implements Feed {
  readonly #registry: OperationRegistry;
  /** The operations that were registered before the view was opened. */
  #first: readonly OperationTree[];
  readonly #events: ReturnType<OperationRegistry["watch"]>;
  readonly isOver = false;

  /** @param throttle The shortest time between two progress events of one operation, in ms. */
  constructor(registry: OperationRegistry, throttle: number) {
    this.#registry = registry;
    this.#first = registry.tree();
    this.#events = registry.watch({ throttle });
  }

  async follow(note: Note): Promise<void> {
    const open = [...this.#first].reverse();
    this.#first = [];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      const { children, ...snapshot } = next;
      note(snapshot);
      // One by one: as arguments of one call, the children of a very wide tree would not fit on the stack.
      for (let index = children.length - 1; index >= 0; index--) open.push(children[index] as OperationTree);
    }
    for await (const { operation } of this.#events) note(operation);
  }

  look(board: Board): void {
    // The registry sends no event for an operation that is unregistered.
    if (board.live !== this.#registry.size) board.retain(new Set(this.#registry.list().map(({ id }) => id)));
    if (board.hasNewOrphans) board.arrange(this.#registry.tree());
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
