import type { Change } from "@hother/cancelable-migrate/engine";
import type { Reference } from "./references.ts";
import type { RuleContext } from "./rule.ts";
import { functionAround, isAsyncFunction, type SourceFile } from "./source-file.ts";
import type { SyntaxNode } from "./tree.ts";

/** The call whose function is the reference. */
export function callOf(reference: Reference): SyntaxNode | undefined {
  const { node } = reference;
  return node.parent?.type === "call" && node.field === "function" ? node.parent : undefined;
}

/** Whether the call's coroutine is awaited in place: in the source, or by the rewrite of an outer call. */
export function isAwaited(call: SyntaxNode, context: RuleContext): boolean {
  return awaitOf(call) !== undefined || context.isConsumed(call);
}

/** The `await` around an expression, with or without parentheses between them. */
export function awaitOf(node: SyntaxNode): SyntaxNode | undefined {
  let at = node.parent;
  while (at?.type === "parenthesized_expression") at = at.parent;
  return at?.type === "await" ? at : undefined;
}

/** The edit that replaces only the name of the API. */
export function rename(reference: Reference, text: string): Change {
  return { start: reference.node.start, end: reference.node.end, text };
}

/** Whether the innermost function around the reference is an `async def`. */
export function inAsyncFunction(reference: Reference, file: SourceFile): boolean {
  return isAsyncFunction(functionAround(reference.node), file);
}

/** Whether the reference is an assignment or deletion target. */
export function isStore(node: SyntaxNode): boolean {
  const parent = node.parent;
  if (parent === undefined) return false;
  if (parent.type === "delete_statement") return true;
  return (parent.type === "assignment" || parent.type === "augmented_assignment") && node.field === "left";
}

/** Whether the text between two arguments holds a comment. No string can start there. */
export function hasComment(file: SourceFile, start: number, end: number): boolean {
  return file.between(start, end).includes("#");
}
