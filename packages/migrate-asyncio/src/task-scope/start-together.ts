import type { Change } from "@hother/cancelable-migrate/engine";
import { hasComment } from "../call.ts";
import { type RuleContext, review, type Verdict } from "../rule.ts";
import { childOf, type SyntaxNode } from "../tree.ts";
import { type Unfolded, unfoldCall } from "./start-soon.ts";

const advice = "Use `async with anyio.create_task_group() as tg:` and `tg.start_soon(f, *args)`.";

/** An awaited call that starts several coroutines, and its statement. */
export interface Place {
  readonly call: SyntaxNode;
  readonly awaited: SyntaxNode;
  readonly statement: SyntaxNode;
  readonly indent: string;
  /** Set if the result is the result of one coroutine, not a list. */
  readonly single?: true;
}

/** One coroutine to start: the call that creates it, possibly inside `create_task(…)`. */
export interface Started {
  readonly call: SyntaxNode;
  /** The whole argument. */
  readonly outer: SyntaxNode;
}

/** Replaces the statement by a task group that starts every coroutine. */
export function startAll(place: Place, calls: readonly Started[], context: RuleContext): Verdict {
  const { file } = context;
  const bare = place.awaited.parent === place.statement && place.statement.type === "expression_statement";
  if (!bare) return keepResults(place, calls, context);
  const unfolded = calls.map(({ call }) => unfoldCall(call, context));
  const problem = unfolded.find((result) => typeof result === "string");
  if (problem !== undefined) return review(problem, advice);
  const seams = seamsOf(place, calls, context);
  if (seams === undefined) return review("A comment stands between the arguments.", advice);
  const group = context.freeName("tg", place.statement);
  const inner = file.deeper(place.indent);
  const edits: Change[] = [];
  calls.forEach(({ call }, index) => {
    const seam = seams[index] as Seam;
    const open = index === 0 ? `async with anyio.create_task_group() as ${group}:` : ")";
    edits.push({ ...seam, text: `${open}${file.eol}${inner}${group}.start_soon(` });
    edits.push(...(unfolded[index] as Unfolded).edits);
    context.consume(call);
  });
  edits.push({ ...(seams.at(-1) as Seam), text: ")" });
  const partial = unfolded.some((result) => typeof result !== "string" && result.partial);
  return { class: "R", edits, modules: partial ? ["anyio", "functools"] : ["anyio"] };
}

/** Rewrites `x, y = await gather(…)` with task handles; their results are read after the block. */
function keepResults(place: Place, calls: readonly Started[], context: RuleContext): Verdict {
  const { file } = context;
  const holder = place.awaited.parent;
  const whole =
    holder?.type === "assignment"
      ? childOf(holder, "left") !== undefined && holder.parent === place.statement
      : holder === place.statement;
  if (!context.anyioHas("4.14"))
    return review(
      "Its results are used.",
      "anyio 4.14 has task handles with results: pass --anyio-min 4.14.",
    );
  if (!whole || holder === undefined)
    return review("Its results are used inside a larger expression.", advice);
  const seams = seamsOf(place, calls, context);
  if (seams === undefined) return review("A comment stands between the arguments.", advice);
  const group = context.freeName("tg", place.statement);
  const inner = file.deeper(place.indent);
  const handles = calls.map((_, index) => context.freeName(`task_${index + 1}`, place.statement));
  const edits: Change[] = [];
  calls.forEach(({ call }, index) => {
    const start = `${file.eol}${inner}${handles[index]} = ${group}.create_task(`;
    const open = index === 0 ? `async with anyio.create_task_group() as ${group}:` : ")";
    edits.push({ ...(seams[index] as Seam), text: open + start });
    context.consume(call);
  });
  const before = file.between(place.statement.start, place.awaited.start);
  const results = handles.map((handle) => `${handle}.return_value`).join(", ");
  edits.push({
    ...(seams.at(-1) as Seam),
    text: `)${file.eol}${place.indent}${before}${place.single ? results : `[${results}]`}`,
  });
  return { class: "R", edits, modules: ["anyio"] };
}

interface Seam {
  readonly start: number;
  readonly end: number;
}

/** The text before, between and after the gathered calls; undefined if a comment would be lost. */
function seamsOf(place: Place, calls: readonly Started[], context: RuleContext): Seam[] | undefined {
  const { file } = context;
  const starts = [place.statement.start, ...calls.map(({ outer }) => outer.end)];
  const ends = [...calls.map(({ outer }) => outer.start), place.statement.end];
  const seams = starts.map((start, index) => ({ start, end: ends[index] as number }));
  return seams.some(({ start, end }) => hasComment(file, start, end)) ? undefined : seams;
}
