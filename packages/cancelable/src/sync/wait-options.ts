import { type KnownOptions, requireKnownOptions } from "../known-options.ts";
import { currentNode } from "../scope/ambient.ts";
import type { ScopeNode } from "../scope/scope-node.ts";
import { explicitParent, type ScopeParent } from "../scope/scope-options.ts";

/** The options of a wait for a lock, permit, token, item, flag or value. */
export interface WaitOptions {
  /**
   * The scope or operation in which the caller waits. Its cancellation ends the wait. Default: the ambient scope. Needed
   * where there is no ambient scope: in the handle form, and on hosts without AsyncLocalStorage.
   */
  readonly scope?: ScopeParent | undefined;
}

const waitOptions: KnownOptions<WaitOptions> = { scope: 1 };

/** @internal The node of a wait. */
export function nodeOfWait({ scope }: WaitOptions): ScopeNode {
  return scope === undefined ? currentNode() : explicitParent(scope, "options.scope");
}

/**
 * @internal The node of a wait, or a rejected promise for bad options.
 *
 * @param known The options of the wait, if it has others than `scope`. The caller checks their values.
 */
export function waitNode(
  options: WaitOptions,
  of: string,
  known: Readonly<Record<string, 1>> = waitOptions,
): ScopeNode | Promise<never> {
  try {
    requireKnownOptions(options, known, of);
    return nodeOfWait(options);
  } catch (error) {
    return Promise.reject(error);
  }
}
