import { requireKnownOptions } from "../known-options.ts";
import type { ScopeNode } from "../scope/scope-node.ts";
import { type ParentOption, parentNode } from "../scope/scope-options.ts";

/**
 * The options of a wait for a lock, permit, token, item, flag or value. The wait belongs to `parent`, whose cancellation
 * ends the wait. Needed where there is no ambient operation: in the handle form, and on hosts without AsyncLocalStorage.
 */
export interface WaitOptions extends Pick<ParentOption, "parent"> {}

/** @internal The node of a wait, or a rejected promise for bad options. */
export function waitNode(options: WaitOptions, of: string): ScopeNode | Promise<never> {
  try {
    requireKnownOptions(options, { parent: 1 }, of);
    return parentNode(options);
  } catch (error) {
    return Promise.reject(error);
  }
}
