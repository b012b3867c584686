import type { SourceFile } from "./source-file.ts";
import {
  bare,
  contains,
  isFunction,
  isInlineFunction,
  onlyExpression,
  plainArguments,
  type Syntax,
} from "./syntax.ts";

/** A promise `new Promise((resolve, reject) => setTimeout(…))` whose executor does nothing else. */
export interface TimerPromise {
  readonly outcome: "resolve" | "reject";
  /** The delay. Without one, the timer uses 1 ms. */
  readonly ms: Syntax | undefined;
  readonly value: Syntax | undefined;
  /** Whether the value is evaluated when the timer fires. */
  readonly late: boolean;
}

/** The parts of a promise that a timer settles; undefined if the executor does more. */
export function timerPromise(file: SourceFile, node: Syntax): TimerPromise | undefined {
  if (node.type !== "NewExpression" || !file.isGlobal(node.callee, "Promise")) return undefined;
  const executor = bare(node.arguments[0]);
  if (node.arguments.length !== 1 || !isInlineFunction(executor) || executor.async || executor.generator)
    return undefined;
  const settlers = settlersOf(file, executor);
  const only = onlyExpression(executor);
  const call =
    only?.type === "UnaryExpression" && only.operator === "void" ? bare(only.argument as Syntax) : only;
  if (settlers === undefined || !isTimer(file, call)) return undefined;
  const args = plainArguments(call);
  const callback = bare(args?.[0]);
  if (args === undefined || callback === undefined || args.length > 3) return undefined;
  const ms = args[1];
  if (callback.type === "Identifier") {
    const outcome = settlers.get(callback);
    return outcome === undefined ? undefined : { outcome, ms, value: args[2], late: false };
  }
  if (!isInlineFunction(callback) || callback.params.length > 0 || callback.generator || args.length > 2)
    return undefined;
  const inner = onlyExpression(callback);
  if (callback.async || inner?.type !== "CallExpression" || inner.arguments.length > 1) return undefined;
  const outcome = settlers.get(inner.callee);
  const values = plainArguments(inner);
  if (outcome === undefined || values === undefined) return undefined;
  return { outcome, ms, value: values[0], late: true };
}

/** Whether an executor sets a timer that settles its promise, even if it does more. */
export function isTimedExecutor(file: SourceFile, executor: Syntax): boolean {
  const settlers = new Set<Syntax>();
  for (const param of executor.params as Syntax[]) {
    if (param.type !== "Identifier") continue;
    for (const use of file.names.scopeOf(param).bindings.get(param.name)?.references ?? []) settlers.add(use);
  }
  const settles = (node: Syntax): boolean => settlers.has(node);
  return contains(
    executor.body,
    (node) => isTimer(file, node) && node.arguments.length > 0 && contains(node.arguments[0], settles),
    isFunction,
  );
}

function isTimer(file: SourceFile, node: Syntax | undefined): node is Syntax {
  return node?.type === "CallExpression" && file.isGlobalCall(node, "setTimeout");
}

/** The only use of `resolve` or `reject`; undefined if there are none or several. */
function settlersOf(file: SourceFile, executor: Syntax): Map<Syntax, "resolve" | "reject"> | undefined {
  const uses = new Map<Syntax, "resolve" | "reject">();
  const params = executor.params as Syntax[];
  if (params.length < 1 || params.length > 2) return undefined;
  for (const [index, param] of params.entries()) {
    if (param.type !== "Identifier") return undefined;
    const binding = file.names.scopeOf(param).bindings.get(param.name);
    for (const use of binding?.references ?? []) uses.set(use, index === 0 ? "resolve" : "reject");
  }
  return uses.size === 1 ? uses : undefined;
}
