import type { PromiseRule } from "../promise-rule.ts";
import { bare, isInlineFunction } from "../syntax.ts";

/** Timers that repeat. */
export const interval: PromiseRule = {
  rows: [
    {
      name: "interval",
      api: "setInterval",
      class: "M",
      summary: "Says whether an async callback may overlap itself.",
      target: "a task with a loop and sleep(ms)",
    },
  ],
  find(file) {
    for (const node of file.nodes("CallExpression")) {
      if (!file.isGlobalCall(node, "setInterval")) continue;
      const callback = bare(node.arguments[0]);
      const isAsync = isInlineFunction(callback) && callback.async;
      file.add({
        rule: "interval",
        api: "setInterval",
        node,
        class: "M",
        reason: isAsync
          ? "The async callback overlaps itself when it takes longer than the interval, and its errors are lost."
          : "It goes on until somebody clears it.",
        suggestion: "group.startSoon(async () => { for (;;) { await sleep(ms); … } }).",
      });
    }
  },
};
