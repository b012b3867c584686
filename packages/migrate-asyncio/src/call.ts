import type { Change } from "@hother/cancelable-migrate/engine";
import type { Reference } from "./references.ts";
import type { RuleContext } from "./rule.ts";
import { functionAround, isAsyncFunction, type SourceFile } from "./source-file.ts";
import type { SyntaxNode } from "./tree.ts";

/** The call of which the reference is the function. */
export function callOf(reference: Reference): SyntaxNode | undefined {
  const { node } = reference;
  return node.parent?.type === "call" && node.field === "function" ? node.parent : undefined;
}

/** Whether the call's coroutine is awaited on the spot, by source or by the rewrite around it. */
export function isAwaited(call: SyntaxNode, context: RuleContext): boolean {
  return awaitOf(call) !== undefined || context.isConsumed(call);
}

/** The `await` around an expression, through parentheses. */
export function awaitOf(node: SyntaxNode): SyntaxNode | undefined {
  let at = node.parent;
  while (at?.type === "parenthesized_expression") at = at.parent;
  return at?.type === "await" ? at : undefined;
}

/** Replaces the name of the API and nothing else. */
export function rename(reference: Reference, text: string): Change {
  return { start: reference.node.start, end: reference.node.end, text };
}

/** Whether the reference stands in the body of an `async def`, not in one of its lambdas or inner functions. */
export function inAsyncFunction(reference: Reference, file: SourceFile): boolean {
  return isAsyncFunction(functionAround(reference.node), file);
}

/** Whether the reference is assigned to or deleted, not read. */
export function isStore(node: SyntaxNode): boolean {
  const parent = node.parent;
  if (parent === undefined) return false;
  if (parent.type === "delete_statement") return true;
  return (parent.type === "assignment" || parent.type === "augmented_assignment") && node.field === "left";
}

/** Whether text between two offsets holds a comment (no string starts between arguments). */
export function hasComment(file: SourceFile, start: number, end: number): boolean {
  return file.between(start, end).includes("#");
}
