import type { PromiseRule } from "../promise-rule.ts";
import { callsAsync } from "../promise-value.ts";
import type { SourceFile } from "../source-file.ts";
import { bare, isInlineFunction, memberName, plainArguments, type Syntax } from "../syntax.ts";

const suggestion = "Use group.startSoon(fn) in a taskGroup, which waits for it and reports its error.";

/** Promises that are dropped. */
export const floating: PromiseRule = {
  rows: [
    {
      name: "floating-promise",
      api: "a call of an async function as a statement",
      class: "M",
      summary: "Functions of the same file; with `--types` every promise.",
      target: "group.startSoon(fn)",
    },
    {
      name: "void-promise",
      api: "void call(), .catch(noop)",
      class: "M",
      summary: "The promise is dropped on purpose.",
      target: "group.startSoon(fn)",
    },
  ],
  find(file) {
    for (const statement of file.nodes("ExpressionStatement")) {
      const value = bare(statement.expression as Syntax);
      if (value.type === "UnaryExpression" && value.operator === "void") {
        if (["CallExpression", "NewExpression"].includes(bare(value.argument as Syntax).type))
          silenced(file, value, "void call()");
      } else if (value.type === "CallExpression" && isSilencing(file, value))
        silenced(file, value, ".catch(noop)");
      else if (
        value.type === "CallExpression" &&
        (callsAsync(file, value) || file.types?.isFloating(value)) &&
        !isNodeTest(file, value)
      ) {
        file.add({
          rule: "floating-promise",
          api: "floating promise",
          node: value,
          class: "M",
          reason:
            "The promise is dropped: its error is an unhandled rejection, and it may outlive its caller.",
          suggestion,
        });
      }
    }
  },
};

/** Whether a call is one of `node:test`, such as `test(…)` or `describe.skip(…)`. Their promises need no `await`. */
function isNodeTest(file: SourceFile, call: Syntax): boolean {
  let at = bare(call.callee as Syntax);
  while (at.type === "MemberExpression") at = bare(at.object as Syntax);
  return file.imported(at)?.module === "node:test";
}

function silenced(file: SourceFile, node: Syntax, api: string): void {
  file.add({
    rule: "void-promise",
    api,
    node,
    class: "M",
    reason:
      "The promise is dropped on purpose. It may outlive its caller, and a cancellation does not reach it.",
    suggestion,
  });
}

/** Whether a call is `promise.catch(() => {})`. */
function isSilencing(file: SourceFile, call: Syntax): boolean {
  if (memberName(call.callee) !== "catch") return false;
  const handler = bare(plainArguments(call)?.[0]);
  if (handler?.type === "Identifier") return /^noop$/i.test(handler.name);
  if (!isInlineFunction(handler)) return false;
  if (handler.body.type === "BlockStatement") return handler.body.body.length === 0;
  return /^(?:undefined|null|void 0|\{\})$/.test(file.slice(bare(handler.body as Syntax)));
}
