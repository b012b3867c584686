import { awaitOf, callOf, hasComment } from "../call.ts";
import type { Reference } from "../references.ts";
import { type AsyncioRule, type RuleContext, review, type TextEdit, type Verdict } from "../rule.ts";
import { argumentsOf, plainArguments } from "../source-file.ts";
import { isCaughtHere, isCoroutineCall, type Unfolded, unfoldCall } from "../start-soon.ts";
import { childOf, type SyntaxNode } from "../tree.ts";

export const gatherRule: AsyncioRule = {
  name: "gather",
  api: "asyncio.gather",
  apis: ["gather"],
  class: "R",
  summary:
    "calls of coroutine functions, awaited as a statement; the first failure cancels the others and comes in a group",
  target: "async with anyio.create_task_group() (results: handles, from anyio 4.14)",
  apply: applyGather,
};

const advice = "use `async with anyio.create_task_group() as tg:` and `tg.start_soon(f, *args)`";

function applyGather(reference: Reference, context: RuleContext): Verdict {
  const { file } = context;
  const call = callOf(reference);
  const awaited = call && awaitOf(call);
  if (call === undefined || awaited === undefined)
    return review("the gathered future is not awaited on the spot", advice);
  const statement = file.statementOf(call);
  const indent = statement && file.indent(statement);
  if (statement === undefined || indent === undefined)
    return review("it is not a statement of its own", advice);
  const plain = plainArguments(call, file);
  if (plain === undefined) return review("what is gathered is unpacked from a collection", advice);
  for (const [name, value] of plain.keywords) {
    if (name !== "return_exceptions" || file.of(value) !== "False") {
      return review(
        name === "return_exceptions"
          ? "exceptions are returned as results"
          : `\`${name}=\` has no counterpart`,
        "catch `Exception` in a wrapper per task; cancellation must pass",
      );
    }
  }
  if (plain.positional.length === 0) return review("nothing is gathered", advice);
  if (isCaughtHere(statement, file)) {
    return review(
      "an `except` around it would meet an exception group",
      "catch with `except*`, then use a task group",
    );
  }
  const strange = plain.positional.find((argument) => !isCoroutineCall(argument, context));
  if (strange !== undefined) {
    return review(`\`${short(file.of(strange))}\` is not seen to be the call of an \`async def\``, advice);
  }
  return startAll({ call, awaited, statement, indent }, plain.positional, context);
}

interface Place {
  readonly call: SyntaxNode;
  readonly awaited: SyntaxNode;
  readonly statement: SyntaxNode;
  readonly indent: string;
}

function startAll(place: Place, calls: readonly SyntaxNode[], context: RuleContext): Verdict {
  const { file } = context;
  const bare = place.awaited.parent === place.statement && place.statement.type === "expression_statement";
  if (!bare) return keepResults(place, calls, context);
  const unfolded = calls.map((argument) => unfoldCall(argument, context));
  const problem = unfolded.find((result) => typeof result === "string");
  if (problem !== undefined) return review(problem, advice);
  const seams = seamsOf(place, calls, context);
  if (seams === undefined) return review("a comment stands between the arguments", advice);
  const group = context.freeName("tg");
  const inner = file.deeper(place.indent);
  const edits: TextEdit[] = [];
  calls.forEach((argument, index) => {
    const seam = seams[index] as Seam;
    const open = index === 0 ? `async with anyio.create_task_group() as ${group}:` : ")";
    edits.push({ ...seam, text: `${open}${file.eol}${inner}${group}.start_soon(` });
    edits.push(...(unfolded[index] as Unfolded).edits);
    context.consume(argument);
  });
  edits.push({ ...(seams.at(-1) as Seam), text: ")" });
  const partial = unfolded.some((result) => typeof result !== "string" && result.partial);
  return { class: "R", edits, modules: partial ? ["anyio", "functools"] : ["anyio"] };
}

/** `x, y = await gather(…)`: handles, whose results are read after the block. */
function keepResults(place: Place, calls: readonly SyntaxNode[], context: RuleContext): Verdict {
  const { file } = context;
  const holder = place.awaited.parent;
  const whole =
    holder?.type === "assignment"
      ? childOf(holder, "left") !== undefined && holder.parent === place.statement
      : holder === place.statement;
  if (!context.anyioHas("4.14"))
    return review("its results are used", "anyio 4.14 has task handles with results: pass --anyio-min 4.14");
  if (!whole || holder === undefined)
    return review("its results are used inside a larger expression", advice);
  const seams = seamsOf(place, calls, context);
  if (seams === undefined) return review("a comment stands between the arguments", advice);
  const group = context.freeName("tg");
  const inner = file.deeper(place.indent);
  const handles = calls.map((_, index) => context.freeName(`task_${index + 1}`));
  const edits: TextEdit[] = [];
  calls.forEach((argument, index) => {
    const start = `${file.eol}${inner}${handles[index]} = ${group}.create_task(`;
    const open = index === 0 ? `async with anyio.create_task_group() as ${group}:` : ")";
    edits.push({ ...(seams[index] as Seam), text: open + start });
    context.consume(argument);
  });
  const before = file.between(place.statement.start, place.awaited.start);
  const results = handles.map((handle) => `${handle}.return_value`).join(", ");
  edits.push({ ...(seams.at(-1) as Seam), text: `)${file.eol}${place.indent}${before}[${results}]` });
  return { class: "R", edits, modules: ["anyio"] };
}

interface Seam {
  readonly start: number;
  readonly end: number;
}

/** The text before, between and after the gathered calls; undefined where a comment would be lost. */
function seamsOf(place: Place, calls: readonly SyntaxNode[], context: RuleContext): Seam[] | undefined {
  const { file } = context;
  const all = argumentsOf(place.call) ?? [];
  if (all.slice(0, calls.length).some((argument, index) => argument !== calls[index])) return undefined;
  const starts = [place.statement.start, ...calls.map(({ end }) => end)];
  const ends = [...calls.map(({ start }) => start), place.statement.end];
  const seams = starts.map((start, index) => ({ start, end: ends[index] as number }));
  return seams.some(({ start, end }) => hasComment(file, start, end)) ? undefined : seams;
}

function short(text: string): string {
  const line = text.split(/\r?\n/, 1)[0] ?? "";
  return line.length < text.length || line.length > 40 ? `${line.slice(0, 40)}…` : line;
}
