import type { PromiseRule } from "../promise-rule.ts";
import type { SourceFile } from "../source-file.ts";
import {
  bare,
  contains,
  functionAround,
  isInlineFunction,
  memberName,
  type Syntax,
  text,
} from "../syntax.ts";
import { isTimedExecutor } from "../timer-promise.ts";

const suggestion = "Use an Event or a Queue, or waitFor(promise), which ends when the scope is cancelled.";

/** Promises that are created with an executor. */
export const deferred: PromiseRule = {
  rows: [
    {
      name: "abortable-sleep",
      api: "new Promise with a timer and an abort listener",
      class: "M",
      summary: "A hand-written cancellable sleep.",
      target: "sleep(ms)",
    },
    {
      name: "timer-promise",
      api: "new Promise with a timer and more",
      class: "M",
      summary: "An executor that sets a timer and does more, such as `unref()`.",
      target: "sleep(ms), withTimeout(ms, work)",
    },
    {
      name: "deferred",
      api: "Promise.withResolvers(), let resolve; new Promise(r => { resolve = r; })",
      class: "M",
      summary: "A promise that is settled outside its executor.",
      target: "Event, Queue, waitFor(promise)",
    },
  ],
  find(file) {
    for (const node of file.nodes("NewExpression")) {
      if (!file.isGlobal(node.callee, "Promise")) continue;
      const executor = bare(node.arguments[0]);
      if (!isInlineFunction(executor)) continue;
      if (isAbortableSleep(file, executor)) {
        file.add({
          rule: "abortable-sleep",
          api: "new Promise(setTimeout + abort)",
          node,
          claims: inside(executor),
          class: "M",
          reason:
            "This is a hand-written cancellable sleep. Such code often leaves its listener or timer behind.",
          suggestion: "Use sleep(ms) in the scope of that signal.",
        });
      } else if (isTimedExecutor(file, executor)) {
        file.add({
          rule: "timer-promise",
          api: "new Promise(setTimeout + more)",
          node,
          class: "M",
          reason: "It sets a timer and does more. No cancellation reaches it.",
          suggestion: "Use sleep(ms), or withTimeout(ms, work) if the timer is a limit.",
        });
      } else if (escapes(file, executor)) {
        file.add({
          rule: "deferred",
          api: "new Promise(escaping resolve)",
          node,
          class: "M",
          reason: "It is settled elsewhere. If that never happens, its await never ends.",
          suggestion,
        });
      }
    }
    for (const node of file.nodes("CallExpression")) {
      if (!file.isStaticCall(node, "Promise", "withResolvers")) continue;
      file.add({
        rule: "deferred",
        api: "Promise.withResolvers",
        node,
        class: "M",
        reason: "It is settled elsewhere. If that never happens, its await never ends.",
        suggestion,
      });
    }
  },
};

function isAbortableSleep(file: SourceFile, executor: Syntax): boolean {
  const isTimer = (node: Syntax): boolean => file.isGlobalCall(node, "setTimeout");
  return contains(executor.body, isTimer) && contains(executor.body, listens);
}

function listens(node: Syntax): boolean {
  if (memberName(node) === "onabort") return true;
  return (
    node.type === "CallExpression" &&
    memberName(node.callee) === "addEventListener" &&
    text(node.arguments[0]) === "abort"
  );
}

/** The nodes in an executor that other rules would report too. */
function inside(executor: Syntax): Syntax[] {
  const found: Syntax[] = [];
  contains(executor.body, (node) => {
    if (listens(node)) found.push(node, node.callee ?? node);
    if (memberName(node) === "aborted" || memberName(node) === "throwIfAborted") found.push(node);
    return false;
  });
  return found;
}

/** Whether `resolve` or `reject` is stored: assigned, put into an object or array, or added to a collection. */
function escapes(file: SourceFile, executor: Syntax): boolean {
  return (executor.params as Syntax[]).some((param) => {
    if (param.type !== "Identifier") return false;
    const binding = file.names.scopeOf(param).bindings.get(param.name);
    return (binding?.references ?? []).some((use) => {
      if (functionAround(use) !== executor) return false;
      const parent = use.parent as Syntax;
      if (parent.type === "AssignmentExpression") return parent.right === use;
      if (parent.type === "Property") return true;
      if (parent.type === "ArrayExpression") return true;
      return (
        parent.type === "CallExpression" &&
        parent.callee !== use &&
        ["push", "set", "add", "unshift"].includes(memberName(parent.callee) ?? "")
      );
    });
  });
}
