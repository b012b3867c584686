import type { RuleContext } from "./rule.ts";
import type { SourceFile } from "./source-file.ts";
import { childOf, containsHere, type SyntaxNode } from "./tree.ts";

/** Coroutine functions of asyncio that have a counterpart in anyio. */
export const coroutineFunctions: ReadonlySet<string> = new Set(["sleep", "to_thread"]);

/**
 * Whether a call returns a coroutine for certain: the callee is an `async def` of this file, a method of the class
 * around the call or of an object that this file creates, or a coroutine function of asyncio. Task groups do not
 * accept futures.
 */
export function isCoroutineCall(call: SyntaxNode, context: RuleContext): boolean {
  const callee = childOf(call, "function");
  if (call.type !== "call" || callee === undefined) return false;
  const known = context.references.find(({ node }) => node === callee);
  if (known !== undefined) return coroutineFunctions.has(known.api);
  if (/^anyio\.(sleep|to_thread\.run_sync)$/.test(context.file.of(callee))) return true;
  return coroutineDefinition(call, context) !== undefined;
}

/** The `async def` of this file that a call reaches for certain. */
export function coroutineDefinition(call: SyntaxNode, context: RuleContext): SyntaxNode | undefined {
  const callee = childOf(call, "function");
  if (callee?.type === "identifier") return coroutineFunction(definitionOf(callee, context), context.file);
  const object = callee?.type === "attribute" ? childOf(callee, "object") : undefined;
  const name = callee?.type === "attribute" ? childOf(callee, "attribute") : undefined;
  if (object?.type !== "identifier" || name === undefined) return undefined;
  const owner = context.file.of(object) === "self" ? classAround(object) : classOf(object, context);
  return owner && coroutineFunction(method(owner, context.file.of(name), context.file), context.file);
}

/** The definition or assignment of a name that is bound only once. */
function definitionOf(identifier: SyntaxNode, { file, scopes }: RuleContext): SyntaxNode | undefined {
  const name = file.of(identifier);
  const at = scopes.occurrences.get(name)?.find(({ node }) => node === identifier);
  const bindings = at?.scope.find(name)?.bindings.get(name) ?? [];
  return bindings.length === 1 ? bindings[0]?.node : undefined;
}

/** The class of the object that a name holds: `crawler = Crawler(…)`, with the class in this file. */
function classOf(object: SyntaxNode, context: RuleContext): SyntaxNode | undefined {
  const target = definitionOf(object, context);
  const assignment = target?.field === "left" ? target.parent : undefined;
  const made = assignment?.type === "assignment" ? childOf(assignment, "right") : undefined;
  const callee = made?.type === "call" ? childOf(made, "function") : undefined;
  const name = callee?.type === "identifier" ? definitionOf(callee, context) : undefined;
  const definition = name?.field === "name" ? name.parent : undefined;
  if (definition?.type !== "class_definition") return undefined;
  const decorators = definition.parent?.children.filter(({ type }) => type === "decorator") ?? [];
  if (!decorators.every((decorator) => /^@\s*(dataclasses\.)?dataclass\b/.test(context.file.of(decorator))))
    return undefined;
  // A base class or a metaclass may change the result of the call.
  return childOf(definition, "superclasses") === undefined ? definition : undefined;
}

function classAround(node: SyntaxNode): SyntaxNode | undefined {
  let at: SyntaxNode | undefined = node;
  while (at !== undefined && at.type !== "class_definition") at = at.parent;
  return at;
}

function method(owner: SyntaxNode, wanted: string, file: SourceFile): SyntaxNode | undefined {
  const named: SyntaxNode[] = [];
  for (const child of childOf(owner, "body")?.children ?? []) {
    const definition = child.type === "decorated_definition" ? childOf(child, "definition") : child;
    const name = definition && childOf(definition, "name");
    if (name !== undefined && file.of(name) === wanted) named.push(name);
  }
  return named.length === 1 ? named[0] : undefined;
}

/** Decorators that keep a function a coroutine function. */
const harmless =
  /^@\s*(staticmethod|classmethod|((typing|functools|abc|t)\.)?(wraps\([^]*\)|override|final|abstractmethod))$/;

/** The `async def` of this name, unless it is a generator or a decorator may replace it. */
function coroutineFunction(name: SyntaxNode | undefined, file: SourceFile): SyntaxNode | undefined {
  const definition = name?.parent;
  if (definition?.type !== "function_definition" || name?.field !== "name") return undefined;
  if (!file.text.startsWith("async", definition.start)) return undefined;
  const around = definition.parent;
  if (around?.type === "decorated_definition") {
    const decorators = around.children.filter(({ type }) => type === "decorator");
    if (!decorators.every((decorator) => harmless.test(file.of(decorator)))) return undefined;
  }
  return containsHere(definition, new Set(["yield"])) ? undefined : definition;
}
