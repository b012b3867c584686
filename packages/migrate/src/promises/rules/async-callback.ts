import type { PromiseRule } from "../promise-rule.ts";
import { bare, isInlineFunction, memberName, type Syntax, text } from "../syntax.ts";

const listeners = new Set(["on", "once", "addListener", "addEventListener", "prependListener"]);

/** Async callbacks whose promise is dropped. */
export const asyncCallback: PromiseRule = {
  rows: [
    {
      name: "async-callback",
      api: "async listener, async timer callback, forEach(async …)",
      class: "M",
      summary: "The promise is dropped, and its errors are lost.",
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
          ? "The promises are dropped, and their errors are lost."
          : "The promise is dropped, so its error is an unhandled rejection.",
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
