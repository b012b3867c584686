import { hasComment } from "./call.ts";
import type { RuleContext, TextEdit } from "./rule.ts";
import { argumentsOf, type SourceFile } from "./source-file.ts";
import { childOf, containsHere, type SyntaxNode } from "./tree.ts";

/** `f(a, b)` as arguments for `start_soon`: `f, a, b`; keyword arguments go through functools.partial. */
export interface Unfolded {
  readonly edits: readonly TextEdit[];
  readonly partial: boolean;
}

const waits: ReadonlySet<string> = new Set(["await", "yield", "named_expression"]);

/** The edits that turn a call into a function and its arguments, or why it cannot be. */
export function unfoldCall(call: SyntaxNode, context: RuleContext): Unfolded | string {
  const { file } = context;
  const callee = childOf(call, "function");
  const list = childOf(call, "arguments");
  const all = argumentsOf(call);
  if (call.type !== "call" || callee === undefined || list === undefined || all === undefined) {
    return "the coroutine is not made by a call on the spot";
  }
  if (isOtherAsyncio(call, context)) return "another call of asyncio makes the coroutine";
  if (containsHere(call, waits)) return "its arguments await or bind something";
  const partial = all.some(({ type }) => type === "keyword_argument" || type === "dictionary_splat");
  const first = all[0];
  const last = all.at(-1);
  const edits: TextEdit[] = [];
  if (partial) edits.push({ start: callee.start, end: callee.start, text: "functools.partial(" });
  if (first === undefined || last === undefined) {
    if (hasComment(file, callee.end, call.end)) return "a comment stands between the brackets";
    edits.push({ start: callee.end, end: call.end, text: "" });
    return { edits, partial };
  }
  if (hasComment(file, callee.end, first.start) || hasComment(file, last.end, call.end)) {
    return "a comment stands between the brackets";
  }
  edits.push({ start: callee.end, end: first.start, text: ", " });
  edits.push({ start: last.end, end: call.end, text: partial ? ")" : "" });
  return { edits: edits.filter((edit) => edit.start !== edit.end || edit.text !== ""), partial };
}

const coroutineFunctions: ReadonlySet<string> = new Set(["sleep", "to_thread"]);

/** Whether a function of asyncio is called that cannot simply be started: `wait_for(…)`, `shield(…)`. */
function isOtherAsyncio(call: SyntaxNode, context: RuleContext): boolean {
  const callee = childOf(call, "function");
  const known = context.references.find(({ node }) => node === callee);
  return known !== undefined && !coroutineFunctions.has(known.api);
}

/**
 * Whether calling this gives a coroutine: an `async def` of this file, a method of the class around it,
 * or one of asyncio's coroutine functions. Task groups refuse futures.
 */
export function isCoroutineCall(call: SyntaxNode, context: RuleContext): boolean {
  const callee = childOf(call, "function");
  if (call.type !== "call" || callee === undefined) return false;
  const known = context.references.find(({ node }) => node === callee);
  if (known !== undefined) return coroutineFunctions.has(known.api);
  if (callee.type === "identifier") return bindsAsyncFunction(callee, context);
  if (callee.type !== "attribute") return false;
  const text = context.file.of(callee);
  if (text === "anyio.sleep" || text === "anyio.to_thread.run_sync") return true;
  const object = childOf(callee, "object");
  if (object === undefined || context.file.of(object) !== "self") return false;
  return ownMethod(callee, context.file);
}

function bindsAsyncFunction(callee: SyntaxNode, context: RuleContext): boolean {
  const name = context.file.of(callee);
  const at = context.scopes.occurrences.get(name)?.find(({ node }) => node === callee);
  const bindings = at?.scope.find(name)?.bindings.get(name) ?? [];
  const [binding] = bindings;
  return bindings.length === 1 && binding !== undefined && isAsyncDefinition(binding.node, context.file);
}

/** The name of an undecorated `async def` that yields nothing. */
function isAsyncDefinition(name: SyntaxNode, file: SourceFile): boolean {
  const definition = name.parent;
  if (definition?.type !== "function_definition" || name.field !== "name") return false;
  if (!file.text.startsWith("async", definition.start) || definition.parent?.type === "decorated_definition")
    return false;
  return !containsHere(definition, new Set(["yield"]));
}

function ownMethod(callee: SyntaxNode, file: SourceFile): boolean {
  const wanted = file.of(childOf(callee, "attribute") as SyntaxNode);
  let at: SyntaxNode | undefined = callee;
  while (at !== undefined && at.type !== "class_definition") at = at.parent;
  const body = at && childOf(at, "body");
  const named = body?.children.filter((child) => {
    const name = childOf(child, "name");
    return name !== undefined && file.of(name) === wanted;
  });
  const name = named?.length === 1 && named[0] !== undefined ? childOf(named[0], "name") : undefined;
  return name !== undefined && isAsyncDefinition(name, file);
}

/** Whether an exception raised here would meet an `except` or a `raises` of the same function. */
export function isCaughtHere(statement: SyntaxNode, file: SourceFile): boolean {
  for (let at = statement; at.parent !== undefined; at = at.parent) {
    const parent = at.parent;
    if (parent.type === "function_definition") return false;
    const handlers = parent.children.some((child) => child.type === "except_clause");
    if (parent.type === "try_statement" && at.field === "body" && handlers) return true;
    if (parent.type === "with_statement") {
      const clause = parent.children.find((child) => child.type === "with_clause");
      if (clause !== undefined && /raises|suppress|assertRaises|warns/.test(file.of(clause))) return true;
    }
  }
  return false;
}
