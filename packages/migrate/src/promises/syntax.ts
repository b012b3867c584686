import { visitorKeys } from "oxc-parser";

/**
 * A node of the syntax tree (ESTree with TypeScript's nodes), with its parent. `type` decides which properties a node
 * has; a rule tests `type` before it reads them.
 */
export interface Syntax {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  parent: Syntax | undefined;
  // ESTree has 165 node types.
  [property: string]: any;
}

/** Calls `visit` for each child, in the order of the source. */
export function eachChild(node: Syntax, visit: (child: Syntax) => void): void {
  const keys = visitorKeys[node.type];
  if (keys === undefined) return;
  for (const key of keys) {
    const value: unknown = node[key];
    if (value === null || value === undefined) continue;
    if (Array.isArray(value)) {
      for (const item of value) if (item !== null && item !== undefined) visit(item as Syntax);
    } else visit(value as Syntax);
  }
}

/** Whether `test` is true for the node or a node below it. `skip` excludes a subtree. */
export function contains(
  node: Syntax,
  test: (inner: Syntax) => boolean,
  skip: (inner: Syntax) => boolean = () => false,
): boolean {
  if (test(node)) return true;
  let found = false;
  eachChild(node, (child) => {
    if (!found && !skip(child)) found = contains(child, test, skip);
  });
  return found;
}

export function isFunction(node: Syntax | undefined): boolean {
  return (
    node?.type === "FunctionDeclaration" ||
    node?.type === "FunctionExpression" ||
    node?.type === "ArrowFunctionExpression"
  );
}

/** Whether a node is a function expression, such as a callback in place. */
export function isInlineFunction(node: Syntax | undefined): node is Syntax {
  return node?.type === "FunctionExpression" || node?.type === "ArrowFunctionExpression";
}

/** The innermost function around a node. */
export function functionAround(node: Syntax): Syntax | undefined {
  let at = node.parent;
  while (at !== undefined && !isFunction(at)) {
    if (at.type === "PropertyDefinition" || at.type === "StaticBlock") return undefined;
    at = at.parent;
  }
  return at;
}

/** The expression without parentheses and type assertions around it. */
export function bare(node: Syntax): Syntax;
export function bare(node: Syntax | null | undefined): Syntax | undefined;
export function bare(node: Syntax | null | undefined): Syntax | undefined {
  let at = node ?? undefined;
  while (
    at !== undefined &&
    (at.type === "ParenthesizedExpression" ||
      at.type === "TSAsExpression" ||
      at.type === "TSNonNullExpression" ||
      at.type === "TSSatisfiesExpression" ||
      at.type === "ChainExpression")
  ) {
    at = at.expression as Syntax;
  }
  return at;
}

/** The name of `object.name` or `object["name"]`. */
export function memberName(node: Syntax | undefined): string | undefined {
  if (node?.type !== "MemberExpression") return undefined;
  if (!node.computed) return node.property.type === "Identifier" ? node.property.name : undefined;
  return text(node.property);
}

/** The value of a string literal. */
export function text(node: Syntax | null | undefined): string | undefined {
  if (node?.type === "Literal" && typeof node.value === "string") return node.value;
  if (node?.type === "TemplateLiteral" && node.expressions.length === 0) return node.quasis[0].value.cooked;
  return undefined;
}

/** The name that a property of an object literal or pattern has. */
export function keyName(property: Syntax): string | undefined {
  if (property.type !== "Property") return undefined;
  if (property.computed) return text(property.key);
  return property.key.type === "Identifier" ? property.key.name : String(property.key.value);
}

/** The arguments of a call; undefined if one is spread. */
export function plainArguments(call: Syntax): Syntax[] | undefined {
  const list = call.arguments as Syntax[];
  return list.some((argument) => argument.type === "SpreadElement") ? undefined : list;
}

/** The only expression in the body of a function: `() => e`, `() => { e; }`, `() => { return e; }`. */
export function onlyExpression(fn: Syntax): Syntax | undefined {
  if (fn.type === "ArrowFunctionExpression" && fn.body.type !== "BlockStatement") return bare(fn.body);
  const statements = fn.body.body as Syntax[];
  if (statements.length !== 1) return undefined;
  const only = statements[0] as Syntax;
  if (only.type === "ExpressionStatement") return bare(only.expression);
  if (only.type === "ReturnStatement") return bare(only.argument);
  return undefined;
}

/** Whether the time and number of its evaluations make no difference. */
export function isConstant(node: Syntax | undefined): boolean {
  const inner = bare(node);
  if (inner === undefined) return false;
  if (inner.type === "Literal") return true;
  if (inner.type === "UnaryExpression") return inner.operator !== "delete" && isConstant(inner.argument);
  if (inner.type === "BinaryExpression") return isConstant(inner.left) && isConstant(inner.right);
  if (inner.type === "TemplateLiteral") return (inner.expressions as Syntax[]).every(isConstant);
  return false;
}

/** Whether the code awaits or yields, outside nested functions. */
export function suspends(node: Syntax): boolean {
  return contains(
    node,
    (inner) =>
      inner.type === "AwaitExpression" ||
      inner.type === "YieldExpression" ||
      (inner.type === "ForOfStatement" && inner.await === true),
    (inner) => isFunction(inner),
  );
}

/** The parent of a node, without parentheses and type assertions between them. */
export function holder(node: Syntax): Syntax | undefined {
  let at = node.parent;
  while (
    at !== undefined &&
    (at.type === "ParenthesizedExpression" ||
      at.type === "TSAsExpression" ||
      at.type === "TSNonNullExpression" ||
      at.type === "TSSatisfiesExpression" ||
      at.type === "ChainExpression")
  ) {
    at = at.parent;
  }
  return at;
}

/** The call `use.name(…)`, and the name in it. */
export function methodCall(
  use: Syntax,
  name: string,
): { readonly call: Syntax; readonly name: Syntax } | undefined {
  const member = use.parent;
  if (member?.type !== "MemberExpression" || member.object !== use || member.computed || member.optional)
    return undefined;
  const call = member.parent;
  if (memberName(member) !== name || call?.type !== "CallExpression" || call.callee !== member)
    return undefined;
  return { call, name: member.property };
}
