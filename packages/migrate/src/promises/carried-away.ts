import { isInlineFunction, memberName, type Syntax } from "./syntax.ts";

/** Methods that send the source text of a function elsewhere, such as to a page of a browser. */
const senders = new Set([
  "evaluate",
  "evaluateHandle",
  "evaluateAll",
  "evaluateOnNewDocument",
  "$eval",
  "$$eval",
  "addInitScript",
  "waitForFunction",
  "executeScript",
  "executeAsyncScript",
]);

/** Whether code is in a function whose source text runs elsewhere, where the imports of this file do not exist. */
export function isCarriedAway(node: Syntax): boolean {
  for (let at: Syntax | undefined = node; at !== undefined; at = at.parent) {
    const parent: Syntax | undefined = at.parent;
    if (!isInlineFunction(at) || parent === undefined) continue;
    if (
      parent.type === "CallExpression" &&
      parent.callee !== at &&
      senders.has(memberName(parent.callee) ?? "")
    ) {
      return true;
    }
    // `(function () { … }).toString()`, `String(() => …)`.
    const holder = parent.type === "ParenthesizedExpression" ? parent.parent : parent;
    if (memberName(holder) === "toString") return true;
    if (holder?.type === "CallExpression" && holder.callee.name === "String") return true;
  }
  return false;
}
