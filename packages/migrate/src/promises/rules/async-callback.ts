import type { PromiseRule } from "../promise-rule.ts";
import { bare, isInlineFunction, memberName, type Syntax, text } from "../syntax.ts";

const listeners = new Set(["on", "once", "addListener", "addEventListener", "prependListener"]);

/** Async functions whose promise nobody sees. */
export const asyncCallback: PromiseRule = {
  rows: [
    {
      name: "async-callback",
      api: "async listener, async timer callback, forEach(async …)",
      class: "M",
      summary: "Its errors are lost today.",
      target: "a task of a taskGroup; map(items, fn)",
    },
  ],
  find(file) {
    for (const node of file.nodes("CallExpression")) {
      const args = node.arguments as Syntax[];
      const callback = args.map((each) => bare(each)).find((each) => isInlineFunction(each) && each.async);
      if (callback === undefined) continue;
      const name = memberName(node.callee);
      const isTimer = args[0] !== undefined && bare(args[0]) === callback && isTimerCall(node);
      const isListener = name !== undefined && listeners.has(name) && text(args[0]) !== undefined;
      const isLoop = name === "forEach" && bare(args[0]) === callback;
      if (!isTimer && !isListener && !isLoop) continue;
      file.add({
        rule: "async-callback",
        api: isLoop ? "forEach(async)" : isTimer ? "setTimeout(async)" : `${name}(async)`,
        node: callback,
        class: "M",
        reason: isLoop
          ? "Nobody waits for the promises, and their errors are lost."
          : "Nobody sees the promise: its error is an unhandled rejection.",
        suggestion: isLoop
          ? "await map(items, fn)."
          : "Start a task of a taskGroup in the callback: group.startSoon(fn).",
      });
    }
    function isTimerCall(node: Syntax): boolean {
      return ["setTimeout", "setImmediate", "queueMicrotask"].some((each) => file.isGlobalCall(node, each));
    }
  },
};
