import { nameOfKey } from "./parsed-file.ts";
import type { SourceFile } from "./source-file.ts";
import { functionAround, isFunction, memberName, type Syntax } from "./syntax.ts";

/*
 * A promise is dropped when no code waits for it: `void f()`, `f().catch(log)`, an async listener. In an operation,
 * code that is started so may still run when the operation has ended.
 */

/** Whether the file starts the code around a node, directly or through its functions, without waiting for its end. */
export function isDropped(file: SourceFile, node: Syntax, seen: Set<Syntax> = new Set()): boolean {
  const fn = functionAround(node);
  if (fn === undefined || seen.has(fn)) return false;
  seen.add(fn);
  return usesOf(file, fn).some((use) => isDroppedUse(file, use, seen));
}

/** The places where a function is used: the function itself in place, or the uses of its name. */
function usesOf(file: SourceFile, fn: Syntax): readonly Syntax[] {
  const owner = fn.parent;
  if (
    owner?.type === "MethodDefinition" ||
    owner?.type === "PropertyDefinition" ||
    owner?.type === "Property"
  )
    return file.membersNamed(nameOfKey(owner.key));
  const name =
    fn.type === "FunctionDeclaration" ? fn.id : owner?.type === "VariableDeclarator" ? owner.id : undefined;
  if (name?.type !== "Identifier") return [fn];
  return file.names.scopeOf(name).lookup(name.name)?.references ?? [];
}

const timers = ["setTimeout", "setInterval", "setImmediate", "queueMicrotask"];
const receivers = new Set([
  "on",
  "once",
  "addListener",
  "addEventListener",
  "prependListener",
  "nextTick",
  "forEach",
]);

/** Whether the promise of a function's call is dropped at this use. */
function isDroppedUse(file: SourceFile, use: Syntax, seen: Set<Syntax>): boolean {
  const parent = use.parent;
  // Code at the top of a module runs outside operations.
  if (functionAround(use) === undefined) return false;
  if (parent?.type === "ParenthesizedExpression") return isDroppedUse(file, parent, seen);
  if (parent?.type === "NewExpression")
    return parent.callee !== use && file.isGlobal(parent.callee, "Promise");
  if (parent?.type !== "CallExpression") return false;
  if (parent.callee === use) return isDroppedPromise(file, parent, seen);
  const method = memberName(parent.callee);
  if (method !== undefined && ["then", "catch", "finally"].includes(method))
    return isDroppedPromise(file, parent, seen);
  return (
    (method !== undefined && receivers.has(method)) || timers.some((name) => file.isGlobalCall(parent, name))
  );
}

/** Whether a promise is dropped where its expression stands. */
function isDroppedPromise(file: SourceFile, promise: Syntax, seen: Set<Syntax>): boolean {
  const parent = promise.parent;
  switch (parent?.type) {
    case "ExpressionStatement":
      return true;
    case "UnaryExpression":
      return parent.operator === "void";
    case "ParenthesizedExpression":
    case "ChainExpression":
    case "LogicalExpression":
    case "ConditionalExpression":
    case "TSAsExpression":
    case "TSNonNullExpression":
      return isDroppedPromise(file, parent, seen);
    case "AwaitExpression":
    case "ReturnStatement":
      return isDropped(file, parent, seen);
    case "ArrowFunctionExpression":
      return parent.body === promise && isDropped(file, promise, seen);
    case "MemberExpression": {
      // `f().catch(log);` handles the error, but no code waits.
      const call = parent.parent;
      const isChain = parent.object === promise && call?.type === "CallExpression" && call.callee === parent;
      return isChain && isDroppedPromise(file, call, seen);
    }
    default:
      return false;
  }
}

/** Whether a node is in a `finally` block of its function. */
export function isInFinally(node: Syntax): boolean {
  for (let at = node; at.parent !== undefined; at = at.parent) {
    if (isFunction(at)) return false;
    if (at.parent.type === "TryStatement" && at.parent.finalizer === at) return true;
  }
  return false;
}
