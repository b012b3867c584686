import type { Reference } from "./references.ts";
import type { RuleContext } from "./rule.ts";
import type { SourceFile } from "./source-file.ts";
import { childOf, type SyntaxNode, walk } from "./tree.ts";

/** One use of an object that a name or attribute holds. */
export interface HeldUse {
  /** The expression for the object: `lock`, `self._lock`. */
  readonly node: SyntaxNode;
  /** `with` for `async with`, the name of the method, or `escapes` for any other use. */
  readonly kind: string;
  /** The call of the method. */
  readonly call: SyntaxNode | undefined;
}

export interface HeldObject {
  /** `local`: a local variable, all uses are known. `private` and `public`: other files may use the name. */
  readonly reach: "local" | "private" | "public";
  readonly name: string;
  readonly assignment: SyntaxNode;
  readonly uses: readonly HeldUse[];
}

/** The name or attribute that holds the object a call creates, with all its uses in this file. */
export function heldObject(
  call: SyntaxNode,
  reference: Reference,
  context: RuleContext,
): HeldObject | undefined {
  const assignment = call.parent;
  const left = assignment && childOf(assignment, "left");
  if (assignment?.type !== "assignment" || call.field !== "right" || left === undefined) return undefined;
  const { file, scopes } = context;
  if (left.type === "attribute") {
    const name = file.of(childOf(left, "attribute") as SyntaxNode);
    const nodes = attributesNamed(name, file).filter((node) => !isTarget(node));
    return {
      reach: name.startsWith("_") ? "private" : "public",
      name,
      assignment,
      uses: nodes.map((node) => use(node, file)),
    };
  }
  if (left.type !== "identifier") return undefined;
  const name = file.of(left);
  const scope = reference.scope.find(name);
  if (scope === undefined || scope.bindings.get(name)?.length !== 1) return undefined;
  const nodes = (scopes.occurrences.get(name) ?? [])
    .filter((at) => at.scope.find(name) === scope)
    .map(({ node }) => node);
  const outside = scope.kind === "class" ? attributesNamed(name, file) : [];
  const reach = scope.kind === "function" ? "local" : name.startsWith("_") ? "private" : "public";
  return { reach, name, assignment, uses: [...nodes, ...outside].map((node) => use(node, file)) };
}

function use(node: SyntaxNode, file: SourceFile): HeldUse {
  const parent = node.parent;
  if (parent?.type === "with_item" && file.text.startsWith("async", parent.parent?.parent?.start)) {
    return { node, kind: "with", call: undefined };
  }
  if (parent?.type === "attribute" && node.field === "object") {
    const name = file.of(childOf(parent, "attribute") as SyntaxNode);
    const call = parent.parent?.type === "call" && parent.field === "function" ? parent.parent : undefined;
    return call === undefined ? { node, kind: "escapes", call } : { node, kind: name, call };
  }
  return { node, kind: "escapes", call: undefined };
}

function isTarget(node: SyntaxNode): boolean {
  return (
    node.field === "left" && (node.parent?.type === "assignment" || node.parent?.type === "delete_statement")
  );
}

const attributes: WeakMap<SyntaxNode, Map<string, SyntaxNode[]>> = new WeakMap();

function attributesNamed(name: string, file: SourceFile): readonly SyntaxNode[] {
  let index = attributes.get(file.root);
  if (index === undefined) {
    index = new Map();
    const names = index;
    walk(file.root, (node) => {
      if (node.type !== "attribute") return undefined;
      const key = file.of(childOf(node, "attribute") as SyntaxNode);
      const known = names.get(key);
      if (known === undefined) names.set(key, [node]);
      else known.push(node);
      return undefined;
    });
    attributes.set(file.root, index);
  }
  return index.get(name) ?? [];
}

/** Whether a call is the statement `await x.y()` or `await asyncio.wait_for(x.y(), t)`, with an unused result. */
export function isBareAwait(call: SyntaxNode, file: SourceFile): boolean {
  const outer = call.parent?.type === "argument_list" ? call.parent.parent : undefined;
  const timed = outer !== undefined && /\bwait_for$/.test(file.of(childOf(outer, "function") ?? outer));
  const awaited = timed ? outer : call;
  return awaited.parent?.type === "await" && awaited.parent.parent?.type === "expression_statement";
}
