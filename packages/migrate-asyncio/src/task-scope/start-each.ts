import type { Change } from "@hother/cancelable-migrate/engine";
import { hasComment } from "../call.ts";
import { type RuleContext, review, type Verdict } from "../rule.ts";
import { functionAround } from "../source-file.ts";
import { childOf, containsHere, isInside, type SyntaxNode, walk } from "../tree.ts";
import { unfoldCall } from "./start-soon.ts";
import type { Place } from "./start-together.ts";

const advice = "Use `async with anyio.create_task_group() as tg:` and `tg.start_soon(f, *args)`.";

/**
 * Rewrites `await gather(*[f(x) for x in xs])` to a loop in a task group. If the results are used, the comprehension
 * creates task handles, which anyio has from 4.14 on.
 */
export function startEach(place: Place, comprehension: SyntaxNode, context: RuleContext): Verdict {
  const { file } = context;
  const { statement, awaited, indent } = place;
  const body = childOf(comprehension, "body") as SyntaxNode;
  if (hasComment(file, statement.start, statement.end)) return review("A comment stands inside it.", advice);
  const bare = awaited.parent === statement && statement.type === "expression_statement";
  const inner = file.deeper(indent);
  const group = context.freeName("tg", statement);
  const open = `async with anyio.create_task_group() as ${group}:${file.eol}${inner}`;
  if (!bare) {
    const direct = awaited.parent === statement || awaited.parent?.parent === statement;
    if (!context.anyioHas("4.14"))
      return review(
        "Its results are used.",
        "anyio 4.14 has task handles with results: pass --anyio-min 4.14.",
      );
    if (!direct || !["assignment", "return_statement"].includes(awaited.parent?.type ?? ""))
      return review("Its results are used inside a larger expression.", advice);
    const [tasks, task] = [context.freeName("tasks", statement), context.freeName("task", statement)];
    const before = file.between(statement.start, awaited.start);
    const results = `]${file.eol}${indent}${before}[${task}.return_value for ${task} in ${tasks}]`;
    context.consume(body);
    return {
      class: "R",
      edits: [
        { start: statement.start, end: body.start, text: `${open}${tasks} = [${group}.create_task(` },
        { start: body.end, end: body.end, text: ")" },
        { start: comprehension.end - 1, end: statement.end, text: results },
      ],
      modules: ["anyio"],
    };
  }
  const unfolded = unfoldCall(body, context);
  if (typeof unfolded === "string") return review(unfolded, advice);
  const head = loopHead(comprehension, context);
  if (head === undefined)
    return review(
      "Its comprehension has more than one `for`, or its names have another meaning in the function.",
      advice,
    );
  context.consume(body);
  const deepest = file.deeper(inner);
  const edits: Change[] = [
    {
      start: statement.start,
      end: body.start,
      text: `${open}${head}:${file.eol}${deepest}${group}.start_soon(`,
    },
    ...unfolded.edits,
    { start: body.end, end: statement.end, text: ")" },
  ];
  return { class: "R", edits, modules: unfolded.partial ? ["anyio", "functools"] : ["anyio"] };
}

/** The `for x in xs` of a comprehension as the head of a loop; undefined if there is more, or its names would leak. */
export function loopHead(comprehension: SyntaxNode, context: RuleContext): string | undefined {
  const { file } = context;
  const [loop, ...others] = comprehension.children.filter(({ field }) => field !== "body");
  if (loop?.type !== "for_in_clause" || others.length > 0 || /^async\b/.test(file.of(loop))) return undefined;
  if (containsHere(loop, new Set(["await", "named_expression"]))) return undefined;
  if (namesLeak(loop, comprehension, context)) return undefined;
  return file.of(loop).replace(/\s*\n\s*/g, " ");
}

/** Whether other code of the function uses the loop's names. A loop binds them in the function, a comprehension does not. */
function namesLeak(loop: SyntaxNode, comprehension: SyntaxNode, { file, scopes }: RuleContext): boolean {
  const around = functionAround(comprehension);
  const target = childOf(loop, "left");
  if (around === undefined || target === undefined) return true;
  if (containsHere(target, new Set(["attribute", "subscript"]))) return true;
  let leaks = false;
  walk(target, (node) => {
    if (node.type !== "identifier") return undefined;
    const name = file.of(node);
    const read = (scopes.occurrences.get(name) ?? []).some(
      (at) => isInside(at.node, around) && !isInside(at.node, comprehension),
    );
    if (read || new RegExp(`\\b(global|nonlocal)\\b[^\\n]*\\b${name}\\b`).test(file.of(around))) leaks = true;
    return undefined;
  });
  return leaks;
}
