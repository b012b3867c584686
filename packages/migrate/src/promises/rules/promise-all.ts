import type { Finding } from "../finding.ts";
import { movedProblem } from "../later-reads.ts";
import { hindersChildren } from "../later-start.ts";
import type { PromiseRule } from "../promise-rule.ts";
import { isPromiseValue } from "../promise-value.ts";
import { isChained } from "../signal-argument.ts";
import type { SourceFile } from "../source-file.ts";
import {
  bare,
  holder,
  isInlineFunction,
  memberName,
  plainArguments,
  type Syntax,
  suspends,
} from "../syntax.ts";

/** The combinators of promises, except for the race. */
export const promiseAll: PromiseRule = {
  rows: [
    {
      name: "promise-all",
      api: "await Promise.all([a(), b()])",
      class: "R",
      summary:
        "Awaited, returned or chained, with calls in place or `items.map(fn)`, if no caller can observe that the calls start one turn later, and no call passes a function on; else marked.",
      target: "await all([() => a(), () => b()]), await map(items, fn)",
    },
    {
      name: "promise-all-settled",
      api: "Promise.allSettled(…)",
      class: "M",
      summary: "The use of the results is unknown.",
      target: "a taskGroup that collects results",
    },
    {
      name: "promise-any",
      api: "Promise.any(…)",
      class: "M",
      summary: "The losing promises continue.",
      target: "any([() => a(), () => b()])",
    },
  ],
  find(file) {
    for (const node of file.nodes("CallExpression")) {
      if (file.isStaticCall(node, "Promise", "all")) file.add(allFinding(file, node));
      else if (file.isStaticCall(node, "Promise", "allSettled")) {
        file.add({
          rule: "promise-all-settled",
          api: "Promise.allSettled",
          node,
          class: "M",
          reason: "When the caller is cancelled, the promises continue.",
          suggestion: "Use a taskGroup whose tasks catch their errors, or op.settle per call.",
        });
      } else if (file.isStaticCall(node, "Promise", "any")) {
        file.add({
          rule: "promise-any",
          api: "Promise.any",
          node,
          class: "M",
          reason: "The losing promises continue, and no code waits for them.",
          suggestion: "Use any([() => a(), () => b()]), which cancels the losers. It takes functions.",
        });
      }
    }
  },
};

const suggestion = "Use all([() => a(), () => b()]) or map(items, fn, { concurrency }).";

function allFinding(file: SourceFile, node: Syntax): Finding {
  const base = { rule: "promise-all", api: "Promise.all", node };
  const mark = (reason: string): Finding => ({ ...base, class: "M", reason, suggestion });
  const structural =
    "The calls start one turn later, as children. The first failure cancels the others, and it rejects when they have ended: a call that ignores its cancellation and never ends keeps it waiting. Further errors are reported on the console.";
  if (!isTaken(node)) {
    return mark(
      "It rejects at the first failure while the others continue, and its promise is not awaited here.",
    );
  }
  if (node.typeArguments) return mark("Its type arguments do not fit `all` and `map`.");
  const list = bare(plainArguments(node)?.[0]);
  if (list === undefined || node.arguments.length !== 1)
    return mark("It rejects at the first failure while the others continue.");
  if (list.type === "ArrayExpression") {
    const elements = list.elements as Array<Syntax | null>;
    if (elements.length === 0 || !elements.every((each) => isStartable(each) || isKnownPromise(file, each))) {
      return mark(
        "It rejects at the first failure while the others continue. Some elements are neither calls in place nor known promises.",
      );
    }
    const calls = (elements as Syntax[]).filter(isStartable);
    const hindrance = hindersChildren(file, node, calls) ?? movedProblem(file, calls);
    if (hindrance !== undefined) return mark(hindrance);
    return {
      ...base,
      class: "R",
      reason: structural,
      suggestion,
      changes: () => [
        { start: node.callee.start, end: node.callee.end, text: file.imports.use("all", node) },
        ...(elements as Syntax[])
          .filter(isStartable)
          .map((each) => ({ start: each.start, end: each.start, text: "() => " })),
      ],
    };
  }
  const mapped = mapOf(file, list);
  if (mapped === undefined)
    return mark(
      "It rejects at the first failure while the others continue. The promises are created elsewhere.",
    );
  const { items, fn } = mapped;
  const hindrance = hindersChildren(file, node, [fn]);
  if (hindrance !== undefined) return mark(hindrance);
  return {
    ...base,
    class: "R",
    reason: structural,
    suggestion,
    changes: () => [
      { start: node.callee.start, end: node.callee.end, text: file.imports.use("map", node) },
      { start: items.end, end: fn.start, text: ", " },
      { start: fn.end, end: list.end, text: "" },
    ],
  };
}

/** Whether its promise is used in place: awaited, returned, or chained. */
function isTaken(node: Syntax): boolean {
  const held = holder(node);
  if (held?.type === "AwaitExpression" || held?.type === "ReturnStatement" || isChained(node)) return true;
  return held?.type === "ArrowFunctionExpression" && bare(held.body as Syntax) === node;
}

/** Whether an element is a call in place that a child can make instead. */
function isStartable(node: Syntax | null): boolean {
  const inner = bare(node);
  return inner?.type === "CallExpression" && !suspends(inner);
}

/** Whether an element is a promise in a variable. It is passed as it is. */
function isKnownPromise(file: SourceFile, node: Syntax | null): boolean {
  return node !== null && bare(node).type === "Identifier" && isPromiseValue(file, node);
}

/** The parts of `items.map(fn)`, if the function takes an item and its index. */
function mapOf(file: SourceFile, list: Syntax): { items: Syntax; fn: Syntax } | undefined {
  if (
    list.type !== "CallExpression" ||
    memberName(list.callee) !== "map" ||
    list.optional ||
    list.callee.optional
  )
    return undefined;
  const [fn, ...others] = plainArguments(list) ?? [];
  if (fn?.type === "Identifier" && others.length === 0) return { items: list.callee.object, fn };
  if (fn === undefined || others.length > 0 || !isInlineFunction(fn) || fn.generator || list.typeArguments)
    return undefined;
  const params = fn.params as Syntax[];
  if (params.length > 2 || params.some((each) => each.type === "RestElement")) return undefined;
  if (fn.type === "FunctionExpression" && /\b(?:this|arguments)\b/.test(file.slice(fn))) return undefined;
  if (file.hasComment(list.callee.object.end, fn.start) || file.hasComment(fn.end, list.end))
    return undefined;
  return { items: list.callee.object, fn };
}
