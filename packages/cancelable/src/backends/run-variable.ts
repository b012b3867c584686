import { invalidType, requireText } from "../arguments.ts";
import { currentNode } from "../scope/ambient.ts";
import type { ScopeNode } from "../scope/scope-node.ts";
import { UsageError } from "../usage-error.ts";

/** The nodes that `run()` made. */
const runs = new WeakSet<ScopeNode>();

/** @internal */
export function markRun(node: ScopeNode): void {
  runs.add(node);
}

/** The node of the nearest `run()` around the caller; outside of all, the root of its runtime. */
function currentRun(): ScopeNode {
  let node = currentNode();
  while (!runs.has(node) && node.parent !== undefined) node = node.parent as ScopeNode;
  return node;
}

/** What {@link RunVariable.set} returns: puts the value before it back, once. */
export interface RunVariableToken extends Disposable {
  /** The variable that made it. */
  readonly variable: RunVariable<unknown>;
}

/**
 * A value for everything that runs in one `run()`: what is set in it, by whatever task, is seen by all of it, and not by
 * another run (anyio's `RunVar`). For a run's own pool or cache; for values that follow the code's
 * nesting there is AsyncLocalStorage. Outside of every `run()` all code shares one.
 *
 * @example
 * ```ts
 * import { RunVariable, run } from "@hother/cancelable";
 *
 * const cache = new RunVariable<Map<string, number>>("cache");
 * await run(async () => {
 *   cache.set(new Map([["answer", 42]]));
 *   console.assert(cache.get().get("answer") === 42);
 * });
 * ```
 */
export class RunVariable<T> {
  readonly name: string;
  readonly #fallback: { readonly value: T } | undefined;
  readonly #values = new WeakMap<ScopeNode, { readonly value: T }>();
  readonly #tokens = new WeakMap<RunVariableToken, () => void>();

  /** @param fallback Its value where none was set. Without it, reading there is an error. */
  constructor(name: string, ...fallback: [value?: T]) {
    if (name === undefined) throw invalidType("name", "a string", name);
    requireText(name, "name");
    this.name = name;
    this.#fallback = fallback.length === 0 ? undefined : { value: fallback[0] as T };
  }

  /** @throws UsageError `ERR_NOT_SET` when it has no value in this run, and no default. */
  get(): T {
    const found = this.#values.get(currentRun()) ?? this.#fallback;
    if (found === undefined) throw new UsageError("ERR_NOT_SET", `The run variable "${this.name}"`);
    return found.value;
  }

  /** Sets it for this run, at once. Keep what it returns for {@link reset}, or declare it with `using`. */
  set(value: T): RunVariableToken {
    const node = currentRun();
    const before = this.#values.get(node);
    this.#values.set(node, { value });
    const token: RunVariableToken = {
      variable: this as RunVariable<unknown>, // of whatever type: only compared
      [Symbol.dispose]: () => {
        if (this.#tokens.has(token)) this.reset(token);
      },
    };
    this.#tokens.set(token, () => {
      if (before === undefined) this.#values.delete(node);
      else this.#values.set(node, before);
    });
    return token;
  }

  /**
   * Puts back what was there before that `set`, in the run in which it was called.
   *
   * @throws TypeError when the token is another variable's. UsageError `ERR_ENDED` when it was used before.
   */
  reset(token: RunVariableToken): void {
    if (token?.variable !== this) throw invalidType("token", `one of the run variable "${this.name}"`, token);
    const restore = this.#tokens.get(token);
    if (restore === undefined) throw new UsageError("ERR_ENDED", "The token", "it puts a value back once");
    this.#tokens.delete(token);
    restore();
  }
}
