import { invalidType, requireText } from "../arguments.ts";
import { ambientNode } from "../scope/ambient.ts";
import { rootOf } from "../scope/root.ts";
import type { ScopeNode } from "../scope/scope-node.ts";
import { UsageError } from "../usage-error.ts";

/** The nodes of the scopes that `run()` has created. */
const runs = new WeakSet<ScopeNode>();

/** @internal */
export function markRun(node: ScopeNode): void {
  runs.add(node);
}

/** The node of the nearest `run()` around the caller. Outside every `run()`: the implicit root. */
function currentRun(): ScopeNode {
  let node = ambientNode();
  while (!runs.has(node) && node.parent !== undefined) node = node.parent as ScopeNode;
  return runs.has(node) ? node : rootOf(node.clock);
}

/** The result of {@link RunVariable.set}. Disposing it restores the previous value, once. */
export interface RunVariableToken extends Disposable {
  /** The variable whose `set` returned this token. */
  readonly variable: RunVariable<unknown>;
}

/**
 * A variable with one value per `run()`, like anyio's `RunVar`. All tasks of a run share the value; other runs have
 * their own. Use it for a connection pool or a cache of one run. For values that follow the nesting of the code, use
 * AsyncLocalStorage. All code outside every `run()` shares one value.
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

  /** @param fallback The value in a run that has set none. Without a fallback, {@link get} throws there. */
  constructor(name: string, ...fallback: [value?: T]) {
    if (name === undefined) throw invalidType("name", "a string", name);
    requireText(name, "name");
    this.name = name;
    this.#fallback = fallback.length === 0 ? undefined : { value: fallback[0] as T };
  }

  /** The value in this run. @throws UsageError `ERR_NOT_SET` if there is no value and no fallback. */
  get(): T {
    const found = this.#values.get(currentRun()) ?? this.#fallback;
    if (found === undefined) throw new UsageError("ERR_NOT_SET", `The run variable "${this.name}"`);
    return found.value;
  }

  /** Sets the value in this run. Pass the result to {@link reset}, or declare the result with `using`. */
  set(value: T): RunVariableToken {
    const node = currentRun();
    const before = this.#values.get(node);
    this.#values.set(node, { value });
    const token: RunVariableToken = {
      variable: this as RunVariable<unknown>, // the type of the value does not matter: `reset` compares identities
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
   * Restores the value before the `set` that returned `token`, in the run of that `set`.
   *
   * @throws TypeError if another variable created the token. UsageError `ERR_ENDED` if the token was used before.
   */
  reset(token: RunVariableToken): void {
    if (token?.variable !== this)
      throw invalidType("token", `a token of the run variable "${this.name}"`, token);
    const restore = this.#tokens.get(token);
    if (restore === undefined) throw new UsageError("ERR_ENDED", "The token", "it restores a value once");
    this.#tokens.delete(token);
    restore();
  }
}
