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
 * Why calls that are made in place must not become children of `node`'s group; undefined where they may.
 * A child starts a turn later than a call, and what it hands on may run when the child has ended.
 */
export function hindersChildren(
  file: SourceFile,
  node: Syntax,
  starts: readonly Syntax[],
): string | undefined {
  if (starts.some((start) => handsOnFunction(file, start)))
    return "A function is handed on, and may run when the child that it was made in has ended.";
  if (isSeenStarting(node) && !starts.every((start) => isLimited(file, onlyCall(start))))
    return "The calls would start a turn later than now, which who calls this function can see.";
  return undefined;
}

/** Methods that call a function before they return, or that belong to the promise itself. */
const direct = new Set(
  "map filter forEach reduce some every find findIndex flatMap sort then catch finally".split(" "),
);

/** Whether a call in it has a function among its arguments, as `queue.add(() => …)` has. */
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

/** Whether a call goes through a limiter, which starts nothing at once, and everything in its caller's place. */
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

/** The function of this file that a name always stands for. */
function functionNamed(file: SourceFile, name: Syntax): Syntax | undefined {
  if (name.type !== "Identifier") return undefined;
  const [declaration] = file.names.binding(name)?.declarations ?? [];
  if (declaration?.parent?.type === "FunctionDeclaration") return declaration.parent;
  const value = bare(file.constant(name));
  return isInlineFunction(value) ? value : undefined;
}

/**
 * Whether the code runs before its function first suspends, so that the caller goes on with the calls made.
 * Nobody looks at the callback of a test or of a listener like that.
 */
function isSeenStarting(node: Syntax): boolean {
  const fn = functionAround(node);
  if (fn === undefined) return false;
  if (fn.parent?.type === "CallExpression" && fn.parent.callee !== fn) return false;
  for (let at = node; at.parent !== undefined && at !== fn; at = at.parent) {
    const { parent } = at;
    // The body of a loop or a handler may be reached without what stands before it in the source.
    if (parent.type !== "BlockStatement") continue;
    const statements = parent.body as Syntax[];
    if (statements.slice(0, statements.indexOf(at)).some(alwaysSuspends)) return false;
  }
  return true;
}

/** A statement that no way leads through without an `await`. */
function alwaysSuspends(statement: Syntax): boolean {
  if (statement.type === "ForOfStatement") return statement.await === true;
  if (statement.type === "TryStatement") return (statement.block.body as Syntax[]).some(alwaysSuspends);
  if (statement.type !== "ExpressionStatement" && statement.type !== "VariableDeclaration") return false;
  return suspends(statement) && !contains(statement, isConditional, isFunction);
}

function isConditional(node: Syntax): boolean {
  return node.type === "ConditionalExpression" || node.type === "LogicalExpression";
}
