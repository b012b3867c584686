import type { PromiseRule } from "../promise-rule.ts";
import { contains, isFunction, memberName, type Syntax } from "../syntax.ts";

const loops = ["ForStatement", "WhileStatement", "DoWhileStatement", "ForOfStatement"];

/** Hand-written retry loops. */
export const retryLoop: PromiseRule = {
  rows: [
    {
      name: "retry-loop",
      api: "for (…) try { await … } catch { wait }",
      class: "M",
      summary: "A loop around a try statement whose catch block continues the loop.",
      target: "retry(fn, { attempts, backoff }), or a loop that throws a cancellation on",
    },
  ],
  find(file) {
    for (const type of loops) {
      for (const loop of file.nodes(type)) {
        const attempt = attemptIn(loop);
        if (attempt === undefined || !waits(loop)) continue;
        file.add({
          rule: "retry-loop",
          api: "retry loop",
          node: loop,
          class: "M",
          reason: "Its catch block treats a cancellation as a failure, and retries.",
          suggestion:
            "Use retry(fn, options), or start the catch block with: if (isCancellation(error)) throw error.",
        });
      }
    }
  },
};

const inner = (node: Syntax): boolean => isFunction(node);

function attemptIn(loop: Syntax): Syntax | undefined {
  const statements = (loop.body.type === "BlockStatement" ? loop.body.body : [loop.body]) as Syntax[];
  return statements.find((each) => {
    if (each.type !== "TryStatement" || !each.handler) return false;
    const awaits = contains(each.block, (node) => node.type === "AwaitExpression", inner);
    // If the last statement throws or leaves, there is no retry.
    const last = (each.handler.body.body as Syntax[]).at(-1)?.type;
    return awaits && last !== "ThrowStatement" && last !== "ReturnStatement" && last !== "BreakStatement";
  });
}

/** Whether the loop sleeps or counts attempts. */
function waits(loop: Syntax): boolean {
  return contains(loop, (node) => {
    if (node.type === "Identifier")
      return /^(?:retr(?:y|ies)|attempts?|tries|maxRetries|backoff)$/i.test(node.name);
    if (node.type !== "CallExpression") return false;
    const name = node.callee.type === "Identifier" ? node.callee.name : memberName(node.callee);
    return name !== undefined && /^(?:sleep|delay|wait|setTimeout|backoff)$/i.test(name);
  });
}
