import type { PromiseRule } from "../promise-rule.ts";
import { memberName, type Syntax, text } from "../syntax.ts";

/** Handlers of operating system signals. */
export const processSignal: PromiseRule = {
  rows: [
    {
      name: "process-signal",
      api: 'process.on("SIGINT", …)',
      class: "M",
      summary: "Also `once`, `addListener` and the other signals.",
      target: 'Cancellable.withSignal("SIGINT", "SIGTERM"), SignalSource',
    },
  ],
  find(file) {
    for (const node of file.nodes("CallExpression")) {
      const { callee } = node;
      if (callee.type !== "MemberExpression") continue;
      if (!/^(?:on|once|addListener|prependListener)$/.test(memberName(callee) ?? "")) continue;
      const name = text(node.arguments[0]);
      if (name === undefined || !/^SIG[A-Z0-9]+$/.test(name) || !isProcess(callee.object)) continue;
      file.add({
        rule: "process-signal",
        api: `process.on("${name}")`,
        node,
        class: "M",
        reason: exits(file.slice(node))
          ? "The handler calls process.exit: running operations are not cancelled, and their finally blocks do not run."
          : "A handler replaces Node's default exit. Decide how the program reacts to a second Ctrl-C.",
        suggestion: 'Use Cancellable.withSignal("SIGINT", "SIGTERM").run(main).',
      });
    }
    function isProcess(node: Syntax): boolean {
      if (file.isGlobal(node, "process")) return true;
      const origin = file.imported(node);
      return origin?.module === "process" || origin?.module === "node:process";
    }
  },
};

function exits(code: string): boolean {
  return /\bprocess\.exit\s*\(/.test(code);
}
