import { type Span, toMilliseconds } from "../duration.ts";
import { requireKnownOptions } from "../known-options.ts";
import { CancelScope } from "../scope/cancel-scope.ts";
import type { ScopeNode } from "../scope/scope-node.ts";
import { type ScopeOptions, scopeOptions } from "../scope/scope-options.ts";

/**
 * A scope with a deadline, to be run below `parent`. The verbs run it themselves, because each frame between two nested
 * scopes costs depth of the stack.
 *
 * @param of The name of the verb, for messages.
 */
export function timedScope(
  span: Span,
  options: ScopeOptions | undefined,
  parent: ScopeNode,
  of: string,
): CancelScope {
  const ms = toMilliseconds(span, "span");
  requireKnownOptions(options, scopeOptions, of);
  return new CancelScope(options, parent.clock, ms);
}
