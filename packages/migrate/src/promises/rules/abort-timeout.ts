import { type Pattern, straightPattern, tryPattern } from "../abort-pattern.ts";
import { delayOf } from "../delay.ts";
import type { Finding } from "../finding.ts";
import { assignsOutside, narrowedProblem } from "../later-reads.ts";
import type { PromiseRule } from "../promise-rule.ts";
import { testsAbort } from "../signal-argument.ts";
import type { SourceFile } from "../source-file.ts";
import {
  bare,
  functionAround,
  isInlineFunction,
  memberName,
  onlyExpression,
  type Syntax,
} from "../syntax.ts";

const suggestion = "failAfter(ms, async (scope) => …), with scope.signal for code that takes a signal.";

/** An `AbortController` that a timer aborts. */
export const abortTimeout: PromiseRule = {
  rows: [
    {
      name: "abort-timeout",
      api: "AbortController + setTimeout(abort) + clearTimeout",
      class: "R",
      summary:
        "In one function: the controller is local and has no other uses, the timer is cleared in `finally` or directly after one statement, and no code tests the name of the error.",
      target: "await failAfter(ms, async (scope) => { … scope.signal … })",
    },
    {
      name: "abort-timer",
      api: "setTimeout(() => controller.abort(), ms)",
      class: "M",
      summary:
        "A timer that aborts a controller, but does not match abort-timeout; for example, it is never cleared.",
      target: "failAfter(ms, body), moveOnAfter(ms, body)",
    },
  ],
  find(file) {
    for (const node of file.nodes("CallExpression")) {
      if (!file.isGlobalCall(node, "setTimeout")) continue;
      const controller = abortedBy(file, bare(node.arguments[0]));
      if (controller !== undefined) file.add(findingFor(file, node, controller));
    }
  },
};

/** The controller that a callback aborts: `() => c.abort()`, `() => { c.abort(e); }`, `c.abort.bind(c)`. */
function abortedBy(file: SourceFile, callback: Syntax | undefined): Syntax | undefined {
  if (callback === undefined) return undefined;
  const call = isInlineFunction(callback) ? onlyExpression(callback) : callback;
  if (call?.type !== "CallExpression" || call.callee.type !== "MemberExpression") return undefined;
  if (memberName(call.callee) === "abort")
    return isInlineFunction(callback) ? bare(call.callee.object) : undefined;
  const method = bare(call.callee.object);
  if (memberName(call.callee) !== "bind" || memberName(method) !== "abort") return undefined;
  const object = bare(method.object);
  return file.slice(object) === file.slice(call.arguments[0] ?? call) ? object : undefined;
}

function findingFor(file: SourceFile, timer: Syntax, controller: Syntax): Finding {
  const mark = (reason: string): Finding => {
    return { rule: "abort-timer", api: "setTimeout(abort)", node: timer, class: "M", reason, suggestion };
  };
  const init = bare(file.constant(controller));
  if (init === undefined || !file.isGlobalCall(init, "AbortController")) {
    return mark("The controller is not a local constant, so it may have other uses.");
  }
  const pattern = tryPattern(file, timer, controller, init) ?? straightPattern(file, timer, controller, init);
  if (typeof pattern === "string" || pattern === undefined) {
    return mark(pattern ?? "The timer is not cleared at the end of the limited work.");
  }
  if (testsAbort(file, timer) || testsAbort(file, pattern.work)) {
    return mark("Code around it tests the name or class of the error, which changes.");
  }
  const problem = narrowedProblem(file, [pattern.moved]);
  if (problem !== undefined) return mark(problem);
  if (file.isTypeScript && assignsOutside(file, pattern.moved))
    return mark("The work assigns a variable of the function around it, which TypeScript does not follow.");
  const delay = delayOf(file, timer.arguments[1]);
  const fn = functionAround(timer);
  if (fn !== undefined && !fn.async) return mark("The function around it is not async.");
  return {
    rule: "abort-timeout",
    api: "AbortController + setTimeout",
    node: timer,
    claims: [init],
    class: "R",
    reason: `The error becomes a TimeoutCancellation, whose name is TimeoutError, not AbortError. The call waits until the work has ended.${delay.doubt}`,
    suggestion,
    changes: () => rewrite(file, timer, pattern, delay.text),
  };
}

function rewrite(
  file: SourceFile,
  timer: Syntax,
  pattern: Pattern,
  delay: string,
): Array<{ start: number; end: number; text: string }> {
  const scope = file.imports.fresh("scope", timer);
  const head = `${file.imports.use("failAfter", timer)}(${delay}, `;
  const changes = pattern.signals.map((each) => ({
    start: each.start,
    end: each.end,
    text: `${scope}.signal`,
  }));
  return [...pattern.changes(head, scope), ...changes];
}
