import type { Finding } from "../finding.ts";
import type { PromiseRule } from "../promise-rule.ts";
import type { SourceFile } from "../source-file.ts";
import { bare, contains, holder, memberName, type Syntax, text } from "../syntax.ts";

/** What code does with an AbortSignal. */
export const signals: PromiseRule = {
  rows: [
    {
      name: "throw-if-aborted",
      api: "signal.throwIfAborted()",
      class: "S",
      summary: "On the signal of a scope or operation that a call of this library handed over; else marked.",
      target: "scope.check()",
    },
    {
      name: "abort-poll",
      api: "while (!signal.aborted)",
      class: "M",
      summary: "A loop that looks at a signal.",
      target: "for (;;) { await checkpoint(); … }",
    },
    {
      name: "signal-aborted",
      api: "signal.aborted",
      class: "M",
      summary: "A look at a signal.",
      target: "scope.check(), or scope.isCancelled",
    },
    {
      name: "abort-listener",
      api: 'signal.addEventListener("abort", …)',
      class: "M",
      summary: "Also `onabort`; says whether the listener is ever removed.",
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

/** By its type, if that is known; else by its name. */
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
    reason: "The loop ends silently when it is cancelled, and only where it looks.",
    suggestion:
      "for (;;) { await sleep(ms); … } or await checkpoint(): both throw when the scope is cancelled.",
  });
}

/** Functions that hand a scope or an operation to their callback. */
const givers = new Set(["failAfter", "moveOnAfter", "withTimeout", "shield"]);

/** The parameter in `failAfter(ms, (scope) => …scope.signal…)`, if a signal is its. */
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
      reason: "Whose signal it is cannot be seen here.",
      suggestion:
        "scope.check() or op.check(), which also compares the clock with the deadline; await checkpoint() for the ambient one.",
    };
  }
  return {
    ...base,
    class: "S",
    reason: "The signal is the scope's own.",
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
    reason: "What follows when it is aborted is for a person to say.",
    suggestion: "scope.check() to throw, scope.isCancelled to look.",
  };
}

function listener(file: SourceFile, node: Syntax): void {
  const call = node.parent as Syntax;
  if (text(call.arguments[0]) !== "abort") return;
  const receiver = file.slice(node.object).replace(/[?!]+$/, "");
  const once = call.arguments[2] !== undefined && /\bonce\b/.test(file.slice(call.arguments[2]));
  const removed = file.text.includes("removeEventListener") && removes(file, receiver);
  const leak = removed
    ? "The listener is removed by hand."
    : once
      ? "The listener goes only when the signal is aborted: on a long-lived signal it stays."
      : "Nothing here removes the listener: on a long-lived signal it stays.";
  file.add({
    rule: "abort-listener",
    api: "signal.addEventListener",
    node: call,
    claims: [node],
    class: "M",
    reason: leak,
    suggestion: "op.onCancel(fn), or `using subscription = token.onCancel(fn)`, which ends with its block.",
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
    reason: "Another assignment replaces it without a word.",
    suggestion: "op.onCancel(fn), or token.onCancel(fn).",
  };
}
