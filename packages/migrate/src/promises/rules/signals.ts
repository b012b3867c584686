import type { Finding } from "../finding.ts";
import type { PromiseRule } from "../promise-rule.ts";
import type { SourceFile } from "../source-file.ts";
import { bare, contains, holder, memberName, type Syntax, text } from "../syntax.ts";

/** Uses of an AbortSignal. */
export const signals: PromiseRule = {
  rows: [
    {
      name: "throw-if-aborted",
      api: "signal.throwIfAborted()",
      class: "S",
      summary: "On the signal of a scope or operation that this library passed to a callback; else marked.",
      target: "scope.check()",
    },
    {
      name: "abort-poll",
      api: "while (!signal.aborted)",
      class: "M",
      summary: "A loop that tests a signal.",
      target: "for (;;) { await checkpoint(); … }",
    },
    {
      name: "signal-aborted",
      api: "signal.aborted",
      class: "M",
      summary: "A test of a signal.",
      target: "scope.check(), or scope.isCancelled",
    },
    {
      name: "abort-listener",
      api: 'signal.addEventListener("abort", …)',
      class: "M",
      summary: "Also `onabort`. The reason says whether the listener is removed.",
      target: "using subscription = token.onCancel(fn)",
    },
  ],
  find(file) {
    for (const node of file.nodes("WhileStatement")) poll(file, node, node.test);
    for (const node of file.nodes("DoWhileStatement")) poll(file, node, node.test);
    for (const node of file.nodes("ForStatement")) if (node.test) poll(file, node, node.test);
    for (const node of file.nodes("MemberExpression")) {
      const name = memberName(node);
      if (name === "throwIfAborted" && isCalled(node)) file.add(throwing(file, node));
      else if (name === "aborted" && isSignal(file, node.object)) file.add(aborted(node));
      else if (name === "addEventListener" && isCalled(node)) listener(file, node);
      else if (name === "onabort" && isAssigned(node)) file.add(onabort(node));
    }
  },
};

function isCalled(node: Syntax): boolean {
  return node.parent?.type === "CallExpression" && node.parent.callee === node;
}

function isAssigned(node: Syntax): boolean {
  return node.parent?.type === "AssignmentExpression" && node.parent.left === node;
}

/** Whether a node is an AbortSignal, by its type or its name. */
function isSignal(file: SourceFile, node: Syntax): boolean {
  const inner = bare(node);
  if (file.types !== undefined && file.types.isAbortSignal(inner)) return true;
  const name = inner.type === "Identifier" ? inner.name : memberName(inner);
  if (name !== undefined && /(?:^|[a-z_])(?:signal|abort)$/i.test(name)) return true;
  if (inner.type !== "Identifier") return false;
  const type = file.names.binding(inner)?.declarations[0]?.typeAnnotation;
  return type !== undefined && type !== null && /\bAbortSignal\b/.test(file.slice(type));
}

function poll(file: SourceFile, loop: Syntax, test: Syntax): void {
  const found: Syntax[] = [];
  contains(test, (inner) => {
    if (memberName(inner) === "aborted" && isSignal(file, inner.object)) found.push(inner);
    return false;
  });
  if (found.length === 0) return;
  file.add({
    rule: "abort-poll",
    api: "signal.aborted",
    node: loop,
    claims: found,
    class: "M",
    reason: "When it is cancelled, the loop ends without an error, and only at its test.",
    suggestion:
      "Use for (;;) { await sleep(ms); … }, or await checkpoint(). Both throw when the scope is cancelled.",
  });
}

/** Functions that pass a scope to their callback. */
const givers = new Set(["failAfter", "moveOnAfter", "withTimeout", "shield"]);

/** The parameter `scope` in `failAfter(ms, (scope) => …scope.signal…)`, if a signal is the signal of such a scope. */
function ownScope(file: SourceFile, signal: Syntax): Syntax | undefined {
  if (memberName(signal) !== "signal") return undefined;
  const declaration = file.names.binding(bare(signal.object))?.declarations[0];
  const fn = declaration?.parent;
  if (declaration === undefined || fn?.params?.[0] !== declaration) return undefined;
  const call = holder(fn);
  if (call?.type !== "CallExpression" || !call.arguments.includes(fn)) return undefined;
  if (memberName(call.callee) === "run" || memberName(call.callee) === "settle") {
    return contains(call.callee, (inner) => isOurs(file, inner, "Cancellable")) ? declaration : undefined;
  }
  return [...givers].some((name) => isOurs(file, call.callee, name)) ? declaration : undefined;
}

function isOurs(file: SourceFile, node: Syntax, name: string): boolean {
  const origin = file.imported(node);
  return origin?.module === "@hother/cancelable" && origin.name === name;
}

function throwing(file: SourceFile, node: Syntax): Finding {
  const call = node.parent as Syntax;
  const base = { rule: "throw-if-aborted", api: "signal.throwIfAborted", node: call, claims: [node] };
  const signal = bare(node.object);
  const scope = ownScope(file, signal);
  if (scope === undefined || call.optional || node.optional) {
    return {
      ...base,
      class: "M",
      reason: "The owner of the signal is unknown.",
      suggestion: "Use scope.check() or op.check(), or await checkpoint() for the current scope.",
    };
  }
  return {
    ...base,
    class: "S",
    reason: "The signal belongs to the scope of the callback.",
    suggestion: "scope.check()",
    changes: () => [{ start: signal.object.end, end: node.end, text: ".check" }],
  };
}

function aborted(node: Syntax): Finding {
  return {
    rule: "signal-aborted",
    api: "signal.aborted",
    node,
    class: "M",
    reason: "The code reacts to the abort in its own way.",
    suggestion: "Use scope.check() to throw, scope.isCancelled to test.",
  };
}

function listener(file: SourceFile, node: Syntax): void {
  const call = node.parent as Syntax;
  if (text(call.arguments[0]) !== "abort") return;
  const receiver = file.slice(node.object).replace(/[?!]+$/, "");
  const once = call.arguments[2] !== undefined && /\bonce\b/.test(file.slice(call.arguments[2]));
  const removed = file.text.includes("removeEventListener") && removes(file, receiver);
  const leak = removed
    ? "The code removes the listener."
    : once
      ? "Only an abort removes the listener. It stays on a long-lived signal."
      : "No code here removes the listener. It stays on a long-lived signal.";
  file.add({
    rule: "abort-listener",
    api: "signal.addEventListener",
    node: call,
    claims: [node],
    class: "M",
    reason: leak,
    suggestion:
      "Use op.onCancel(fn), or `using subscription = token.onCancel(fn)`, which ends with its block.",
  });
}

function removes(file: SourceFile, receiver: string): boolean {
  for (const node of file.nodes("MemberExpression")) {
    if (memberName(node) !== "removeEventListener" || !isCalled(node)) continue;
    const call = node.parent as Syntax;
    if (text(call.arguments[0]) !== "abort") continue;
    if (file.slice(node.object).replace(/[?!]+$/, "") === receiver) return true;
  }
  return false;
}

function onabort(node: Syntax): Finding {
  return {
    rule: "abort-listener",
    api: "signal.onabort",
    node,
    class: "M",
    reason: "A second assignment would replace it silently.",
    suggestion: "Use op.onCancel(fn) or token.onCancel(fn).",
  };
}
