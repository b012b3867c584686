import { isInFinally } from "./dropped-call.ts";
import type { SourceFile } from "./source-file.ts";
import {
  bare,
  contains,
  functionAround,
  isFunction,
  isInlineFunction,
  memberName,
  onlyExpression,
  type Syntax,
  suspends,
} from "./syntax.ts";

/**
 * The reason why calls in place must not become children of the group at `node`, or undefined. A child starts one turn
 * later than a call, and a function that it passes on may run after the child has ended.
 */
export function hindersChildren(
  file: SourceFile,
  node: Syntax,
  starts: readonly Syntax[],
): string | undefined {
  if (isInFinally(node))
    return "In the finally block of a cancelled operation, the calls would not start. Run them in shield().";
  if (starts.some((start) => handsOnFunction(file, start)))
    return "A call passes a function on, which may run after its child has ended.";
  if (isSeenStarting(node) && !starts.every((start) => isLimited(file, onlyCall(start))))
    return "The calls would start one turn later, and callers of this function can observe that.";
  return undefined;
}

/** Methods that call a function before they return, and methods of promises. */
const direct = new Set(
  "map filter forEach reduce some every find findIndex flatMap sort then catch finally".split(" "),
);

/** Whether it contains a call with a function among its arguments: `queue.add(() => …)`. */
function handsOnFunction(file: SourceFile, start: Syntax): boolean {
  const inner = bare(start);
  const code = inner.type === "Identifier" ? functionNamed(file, inner) : inner;
  if (code === undefined) return false;
  return contains(
    code,
    (each) =>
      each.type === "CallExpression" &&
      !direct.has(memberName(each.callee) ?? "") &&
      !isLimited(file, each) &&
      (each.arguments as Syntax[]).some((argument) => {
        const value = bare(argument);
        return isInlineFunction(value) || functionNamed(file, value) !== undefined;
      }),
  );
}

function onlyCall(start: Syntax): Syntax | undefined {
  const inner = bare(start);
  return isInlineFunction(inner) ? onlyExpression(inner) : inner;
}

/** Whether a call goes through a limiter, which starts its function later anyway. */
function isLimited(file: SourceFile, call: Syntax | undefined): boolean {
  if (call?.type !== "CallExpression") return false;
  const limiter = memberName(call.callee) === "run" ? call.callee.object : call.callee;
  const made = bare(file.constant(bare(limiter)));
  if (made?.type !== "CallExpression" && made?.type !== "NewExpression") return false;
  const binding = made.callee.type === "Identifier" ? file.names.binding(made.callee) : undefined;
  const origin = binding && file.imports.origin(binding);
  return (
    origin?.module === "p-limit" || (origin?.module === "@hother/cancelable" && origin.name === "Semaphore")
  );
}

/** The function of this file that a name always refers to. */
function functionNamed(file: SourceFile, name: Syntax): Syntax | undefined {
  if (name.type !== "Identifier") return undefined;
  const [declaration] = file.names.binding(name)?.declarations ?? [];
  if (declaration?.parent?.type === "FunctionDeclaration") return declaration.parent;
  const value = bare(file.constant(name));
  return isInlineFunction(value) ? value : undefined;
}

/**
 * Whether the code may run before its function first suspends, so that the caller continues after the calls. Callers
 * of a callback, such as a test runner, do not observe that.
 */
function isSeenStarting(node: Syntax): boolean {
  const fn = functionAround(node);
  if (fn === undefined) return false;
  if (fn.parent?.type === "CallExpression" && fn.parent.callee !== fn) return false;
  for (let at = node; at.parent !== undefined && at !== fn; at = at.parent) {
    const { parent } = at;
    // Statements before a loop or a handler may not run before its body; only blocks guarantee their order.
    if (parent.type !== "BlockStatement") continue;
    const statements = parent.body as Syntax[];
    if (statements.slice(0, statements.indexOf(at)).some(alwaysSuspends)) return false;
  }
  return true;
}

/** Whether every path through a statement suspends. */
function alwaysSuspends(statement: Syntax): boolean {
  if (statement.type === "ForOfStatement") return statement.await === true;
  if (statement.type === "TryStatement") return (statement.block.body as Syntax[]).some(alwaysSuspends);
  if (statement.type !== "ExpressionStatement" && statement.type !== "VariableDeclaration") return false;
  return suspends(statement) && !contains(statement, isConditional, isFunction);
}

function isConditional(node: Syntax): boolean {
  return node.type === "ConditionalExpression" || node.type === "LogicalExpression";
}
