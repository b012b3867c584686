import type { SourceFile } from "./source-file.ts";
import {
  contains,
  functionAround,
  isFunction,
  keyName,
  memberName,
  type Syntax,
  suspends,
} from "./syntax.ts";

/**
 * The call in `await call(…, { signal: node })`, if its promise is used in place: awaited, returned by an async function,
 * or chained with `then`, `catch` or `finally`.
 */
export function awaitedCallWith(file: SourceFile, node: Syntax): { call: Syntax } | undefined {
  const property = node.parent;
  if (property?.type !== "Property" || property.value !== node || keyName(property) !== "signal")
    return undefined;
  const object = property.parent;
  const call = object?.parent;
  if (object?.type !== "ObjectExpression" || call?.type !== "CallExpression") return undefined;
  if (!call.arguments.includes(object) || !isPromise(call) || suspends(call) || call.optional)
    return undefined;
  return file.hasComment(call.end, (call.parent as Syntax).end) && call.parent?.type === "AwaitExpression"
    ? undefined
    : { call };
}

/** Whether the use of a call shows that it returns a promise. */
function isPromise(call: Syntax): boolean {
  const parent = call.parent as Syntax;
  if (parent.type === "AwaitExpression") return true;
  if (isChained(call)) return true;
  const fn = functionAround(call);
  if (!fn?.async || fn.generator) return false;
  return parent.type === "ReturnStatement" || (parent === fn && fn.body === call);
}

/** Whether `then`, `catch` or `finally` follows a call. */
export function isChained(call: Syntax): boolean {
  const member = call.parent as Syntax;
  if (member.type !== "MemberExpression" || member.object !== call || member.optional) return false;
  const isCalled = member.parent?.type === "CallExpression" && member.parent.callee === member;
  return isCalled && ["then", "catch", "finally"].includes(memberName(member) ?? "");
}

const tested =
  /\b(?:AbortError|TimeoutError|ABORT_ERR|DOMException|isAbort\w*|isTimeout\w*)\b|\.name\b|\.code\b|\binstanceof\b|\baborted\b/;

/** Whether the code of a handler tests the kind of its error. */
export function testsError(code: string): boolean {
  return tested.test(code);
}

/** Whether a `catch` block or a `.catch(…)` around a node tests the kind of its error. */
export function testsAbort(file: SourceFile, node: Syntax): boolean {
  for (
    let at: Syntax | undefined = node;
    at !== undefined && !(isFunction(at) && at !== node);
    at = at.parent
  ) {
    const parent: Syntax | undefined = at.parent;
    if (parent?.type === "TryStatement" && parent.block === at && parent.handler) {
      if (tested.test(file.slice(parent.handler))) return true;
    }
    if (parent?.type === "MemberExpression" && parent.property?.name === "catch" && parent.parent) {
      if (tested.test(file.slice(parent.parent))) return true;
    }
  }
  return false;
}

/** Whether a statement contains one of the node types outside nested functions. */
export function leaves(node: Syntax, kinds: readonly string[]): boolean {
  return contains(
    node,
    (inner) => kinds.includes(inner.type),
    (inner) => isFunction(inner),
  );
}
