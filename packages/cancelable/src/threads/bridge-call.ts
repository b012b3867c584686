import { CancellationError } from "../errors.ts";
import { currentScope } from "../flow/current.ts";
import { isCancellation } from "../is-cancellation.ts";
import { report } from "../reporter.ts";
import type { Task } from "../scope/task.ts";
import type { ToCaller } from "./bridge-messages.ts";
import type { CallGate } from "./call-gate.ts";
import { encodeError, uncloneable } from "./thread-error.ts";

/** The thread from which calls come, as its bridge sees it. */
export interface Caller {
  readonly gate: CallGate;
  /** The calls that have arrived and have not ended. */
  live: number;
  /** The calls among them whose answer the thread awaits, by number. */
  readonly awaited: Map<number, BridgeCall>;
  answer(message: ToCaller): void;
}

/** One call of a handler, from its arrival to its end. */
export class BridgeCall {
  readonly name: string;
  readonly #payload: unknown;
  readonly #id: number | undefined;
  readonly #caller: Caller;
  #task: Task<unknown> | undefined = undefined;
  #hasEnded = false;

  constructor(caller: Caller, name: string, payload: unknown, id: number | undefined) {
    this.name = name;
    this.#payload = payload;
    this.#id = id;
    this.#caller = caller;
    caller.live++;
    if (id !== undefined) caller.awaited.set(id, this);
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** The caller does not want the answer any more. Before its start the call ends at once, and is never started. */
  cancel(bridge: string): void {
    const message = "the caller in another thread was cancelled";
    if (this.#task === undefined) this.fail(new CancellationError("parent", message), bridge);
    else this.#task.cancel("parent", message);
  }

  runsIn(task: Task<unknown>): void {
    this.#task = task;
  }

  /** Calls the handler, and answers. Never rejects. */
  async run(handler: (payload: never) => unknown, bridge: string): Promise<void> {
    const scope = currentScope();
    try {
      // The caller has the same names and types, and checks the type of the handler.
      this.#succeed(await handler(this.#payload as never), bridge);
    } catch (error) {
      if (this.#id === undefined && isCancellation(error, scope)) this.#end();
      else this.fail(error, bridge);
    }
  }

  #succeed(value: unknown, bridge: string): void {
    const id = this.#id;
    if (id === undefined) this.#end();
    else {
      try {
        this.#caller.answer({ id, value });
        this.#end();
      } catch (cause) {
        this.fail(uncloneable(`the result of the handler "${this.name}"`, value, cause), bridge);
      }
    }
  }

  /** Ends the call with an error: of the handler, or of the bridge. */
  fail(error: unknown, bridge: string): void {
    const id = this.#id;
    if (id !== undefined) this.#caller.answer({ id, error: encodeError(error) });
    else report(error, `the handler "${this.name}" of the bridge "${bridge}"`);
    this.#end();
  }

  #end(): void {
    this.#hasEnded = true;
    const caller = this.#caller;
    if (this.#id !== undefined) caller.awaited.delete(this.#id);
    caller.live--;
    caller.gate.leave();
  }
}
