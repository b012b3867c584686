import type { Change } from "../engine/engine.ts";
import { leaves, testsError } from "./signal-argument.ts";
import type { SourceFile } from "./source-file.ts";
import { bare, contains, functionAround, isFunction, memberName, type Syntax } from "./syntax.ts";

/** A controller, its timer, and the limited work, as statements of one block. */
export interface Pattern {
  /** The uses of `controller.signal`. */
  readonly signals: readonly Syntax[];
  readonly work: Syntax;
  /** The part of the work that moves into a function. */
  readonly moved: Syntax;
  /** The changes around the work. `head` is the text `failAfter(ms, `. */
  changes(head: string, scope: string): Change[];
}

interface Parts {
  readonly block: readonly Syntax[];
  readonly controller: Syntax;
  readonly timer: Syntax;
  /** The call of `clearTimeout`. */
  readonly clear: Syntax;
  readonly signals: readonly Syntax[];
}

/** The parts of a pattern whose timer is cleared once, or the reason why they do not fit. */
function partsOf(
  file: SourceFile,
  call: Syntax,
  controller: Syntax,
  init: Syntax,
): Parts | string | undefined {
  const made = init.parent?.parent as Syntax;
  const timerDeclarator = call.parent;
  const handle = file.declared(timerDeclarator);
  const started = timerDeclarator?.parent;
  if (handle === undefined || started?.type !== "VariableDeclaration") return undefined;
  if (made.declarations.length !== 1 || started.declarations.length !== 1)
    return "Its statement has other declarations.";
  if (made.parent !== started.parent) return "The controller is created in another block.";
  const block = made.parent?.body as Syntax[] | undefined;
  if (!Array.isArray(block)) return undefined;
  const [use] = handle.references;
  const clear = use?.parent;
  if (
    handle.references.length !== 1 ||
    clear?.type !== "CallExpression" ||
    !file.isGlobalCall(clear, "clearTimeout")
  ) {
    return handle.references.length > 1
      ? "The timer is cleared in more than one place, or has other uses."
      : undefined;
  }
  const binding = file.names.binding(controller);
  const signals: Syntax[] = [];
  for (const reference of binding?.references ?? []) {
    const member = reference.parent as Syntax;
    if (member.type === "MemberExpression" && memberName(member) === "signal") signals.push(member);
    else if (reference.start < call.start || reference.end > call.end)
      return "The controller has other uses than this timer and its signal.";
  }
  if (file.hasComment(made.start, made.end) || file.hasComment(started.start, started.end))
    return "A rewrite would lose a comment.";
  return { block, controller: made, timer: started, clear, signals };
}

/** Finds `try { work } finally { clearTimeout(timer); }` directly after the timer. */
export function tryPattern(
  file: SourceFile,
  call: Syntax,
  controller: Syntax,
  init: Syntax,
): Pattern | string | undefined {
  const parts = partsOf(file, call, controller, init);
  if (parts === undefined || typeof parts === "string") return parts;
  const work = parts.clear.parent?.parent?.parent;
  if (work?.type !== "TryStatement" || work.finalizer !== parts.clear.parent?.parent) return undefined;
  const index = parts.block.indexOf(work);
  if (index < 0 || !follow(parts, index)) return "Other statements stand between the timer and the work.";
  if (work.handler && testsError(file.slice(work.handler)))
    return "Its catch tests the name or class of the error, which changes.";
  if (work.finalizer.body.length !== 1) return "The finally block does more than clear the timer.";
  if (!within(parts.signals, work.block)) return "The signal is used outside of the work.";
  if (leaves(work.block, ["YieldExpression", "BreakStatement", "ContinueStatement"]))
    return "The work leaves its block by break, continue or yield.";
  if (file.hasComment(work.finalizer.start, work.finalizer.end))
    return "A rewrite would lose a comment in the finally block.";
  if (declaresVar(work.block)) return "The work declares a `var`, which the whole function can use.";
  const returns = leaves(work.block, ["ReturnStatement"]);
  const last = (work.block.body as Syntax[]).at(-1);
  const closed = last?.type === "ReturnStatement" || last?.type === "ThrowStatement";
  if (returns && !closed) return "Some paths of the work return, others do not.";
  return {
    signals: parts.signals,
    work,
    moved: work.block,
    changes(head, scope) {
      const begin = `${returns ? "return " : ""}await ${head}async (${scope}) => `;
      if (work.handler) {
        // The catch stays around the limited work.
        return [
          { start: work.block.start, end: work.block.start, text: `{ ${begin}` },
          { start: work.block.end, end: work.block.end, text: "); }" },
          { start: work.handler.end, end: work.end, text: "" },
          ...lines(file, parts),
        ];
      }
      return [
        { start: work.start, end: work.block.start, text: begin },
        { start: work.block.end, end: work.end, text: ");" },
        ...lines(file, parts),
      ];
    },
  };
}

/** Finds one statement with an `await`, followed by `clearTimeout(timer);`. */
export function straightPattern(
  file: SourceFile,
  call: Syntax,
  controller: Syntax,
  init: Syntax,
): Pattern | string | undefined {
  const parts = partsOf(file, call, controller, init);
  if (parts === undefined || typeof parts === "string") return parts;
  const cleared = parts.clear.parent as Syntax;
  const index = parts.block.indexOf(cleared) - 1;
  const work = parts.block[index];
  if (cleared.type !== "ExpressionStatement" || work === undefined) return undefined;
  if (!follow(parts, index)) return "More than one statement stands between the timer and clearTimeout.";
  const awaited = soleAwait(work);
  if (awaited === undefined) return "The statement does not consist of one await.";
  const promise = awaited.argument as Syntax;
  if (functionAround(promise) !== functionAround(work)) return undefined;
  if (!within(parts.signals, promise)) return "The signal is used outside of the work.";
  if (leaves(promise, ["AwaitExpression", "YieldExpression"])) return "The work awaits among its arguments.";
  return {
    signals: parts.signals,
    work,
    moved: promise,
    changes(head, scope) {
      return [
        { start: promise.start, end: promise.start, text: `${head}(${scope}) => ` },
        { start: promise.end, end: promise.end, text: ")" },
        line(file, cleared),
        ...lines(file, parts),
      ];
    },
  };
}

function declaresVar(block: Syntax): boolean {
  const isVar = (node: Syntax): boolean => node.type === "VariableDeclaration" && node.kind === "var";
  return contains(block, isVar, isFunction);
}

function within(nodes: readonly Syntax[], outer: Syntax): boolean {
  return nodes.every((node) => node.start >= outer.start && node.end <= outer.end);
}

/** Whether controller, timer and work are adjacent statements. */
function follow(parts: Parts, index: number): boolean {
  const timer = parts.block.indexOf(parts.timer);
  const controller = parts.block.indexOf(parts.controller);
  return timer === index - 1 && controller === timer - 1;
}

/** The `await` of `await e;`, `x = await e;`, `const x = await e;`. */
function soleAwait(statement: Syntax): Syntax | undefined {
  let value: Syntax | undefined;
  if (statement.type === "ExpressionStatement") value = bare(statement.expression);
  else if (statement.type === "VariableDeclaration" && statement.declarations.length === 1) {
    value = bare(statement.declarations[0].init);
  }
  if (value?.type === "AssignmentExpression") value = bare(value.right);
  return value?.type === "AwaitExpression" ? value : undefined;
}

function lines(file: SourceFile, parts: Parts): Change[] {
  return [line(file, parts.controller), line(file, parts.timer)];
}

/** The change that removes a statement, and its line if nothing else is on it. */
function line(file: SourceFile, node: Syntax): Change {
  const before = /(?:^|\n)[ \t]*$/.exec(file.text.slice(0, node.start));
  const after = /^[ \t]*\r?\n/.exec(file.text.slice(node.end));
  if (before === null || after === null) return { start: node.start, end: node.end, text: "" };
  const indent = before[0].replace("\n", "").length;
  return { start: node.start - indent, end: node.end + after[0].length, text: "" };
}
