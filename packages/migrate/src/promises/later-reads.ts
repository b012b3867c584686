import { nameOfKey } from "./parsed-file.ts";
import type { Binding } from "./scopes.ts";
import type { SourceFile } from "./source-file.ts";
import { bare, contains, eachChild, functionAround, isFunction, type Syntax } from "./syntax.ts";

/*
 * Code that moves into a new function loses the types that TypeScript derives from the tests before it: those of
 * variables that are assigned somewhere, and those of properties. If the function runs later, it also reads the values
 * that such variables and properties have then.
 */

/** The reason why code must not move into a new function; undefined if it may. */
export function movedProblem(file: SourceFile, nodes: readonly Syntax[]): string | undefined {
  for (const node of nodes) {
    for (const name of readsIn(node)) {
      const problem = name.type === "Identifier" ? nameProblem(file, name, node) : memberProblem(file, name);
      if (problem !== undefined) return problem;
    }
  }
  return undefined;
}

/** The same for a function that runs at once: only TypeScript makes a difference. */
export function narrowedProblem(file: SourceFile, nodes: readonly Syntax[]): string | undefined {
  return file.isTypeScript ? movedProblem(file, nodes) : undefined;
}

/** Whether code assigns a variable that is declared outside it. TypeScript does not follow that into a function. */
export function assignsOutside(file: SourceFile, node: Syntax): boolean {
  return contains(
    node,
    (inner) => {
      if (inner.type !== "Identifier" || !isWritten(inner)) return false;
      const [declaration] = file.names.binding(inner)?.declarations ?? [];
      return declaration !== undefined && !isInside(declaration, node);
    },
    isFunction,
  );
}

/** The names and properties that code reads before it enters another function. */
function readsIn(node: Syntax): Syntax[] {
  const found: Syntax[] = [];
  const visit = (at: Syntax): void => {
    if (isFunction(at)) return;
    // `this.x!` does not depend on a test.
    if (at.type === "MemberExpression" && at.parent?.type !== "TSNonNullExpression") found.push(at);
    if (at.type === "Identifier") found.push(at);
    eachChild(at, visit);
  };
  visit(node);
  return found;
}

function nameProblem(file: SourceFile, name: Syntax, moved: Syntax): string | undefined {
  const binding = file.names.binding(name);
  if (binding === undefined || binding.declarations.some((each) => isInside(each, moved))) return undefined;
  if (!isReassigned(binding)) return undefined;
  return `\`${name.name}\` is assigned elsewhere. A function would read it later, and TypeScript would not know its type there.`;
}

function isReassigned({ kind, references }: Binding): boolean {
  return kind !== "const" && kind !== "import" && references.some(isWritten);
}

/** Whether a use of a name assigns it: `x = …`, `x++`, `[x] = …`, `for (x of …)`. */
function isWritten(use: Syntax): boolean {
  let at = use;
  for (let parent = at.parent; parent !== undefined; parent = at.parent) {
    switch (parent.type) {
      case "UpdateExpression":
        return true;
      case "AssignmentExpression":
      case "ForInStatement":
      case "ForOfStatement":
        return parent.left === at;
      case "ArrayPattern":
      case "ObjectPattern":
      case "RestElement":
      case "TSNonNullExpression":
      case "TSAsExpression":
        break;
      case "Property":
        if (parent.value !== at || parent.parent?.type !== "ObjectPattern") return false;
        break;
      case "AssignmentPattern":
        if (parent.left !== at) return false;
        break;
      default:
        return false;
    }
    at = parent;
  }
  return false;
}

function memberProblem(file: SourceFile, member: Syntax): string | undefined {
  const path = pathOf(file, member);
  if (path === undefined) return undefined;
  const around = functionAround(member);
  for (const other of file.membersNamed(nameOfKey(member.property))) {
    if (other === member || pathOf(file, other) !== path) continue;
    const isHere = functionAround(other) === around;
    if (isWritten(other) && (isHere || !isInConstructor(other)))
      return `\`${path}\` is assigned elsewhere. A function would read it later, and TypeScript would not know its type there.`;
    if (file.isTypeScript && isHere && isTested(other))
      return `\`${path}\` is tested before. In a function, TypeScript does not know the result of the test.`;
  }
  return undefined;
}

/** `a.b.c`, `this.#x`, without `?.` and `!`; undefined for computed members and other objects. */
function pathOf(file: SourceFile, node: Syntax): string | undefined {
  const inner = bare(node);
  if (inner.type === "ThisExpression") return "this";
  if (inner.type === "Identifier") return inner.name;
  if (inner.type !== "MemberExpression" || inner.computed) return undefined;
  const object = pathOf(file, inner.object);
  return object === undefined ? undefined : `${object}.${file.slice(inner.property)}`;
}

function isInConstructor(node: Syntax): boolean {
  const owner = functionAround(node)?.parent;
  return owner?.type === "MethodDefinition" && owner.kind === "constructor";
}

const comparisons = new Set(["==", "!=", "===", "!==", "instanceof", "in"]);

/** Whether an expression is a part of a condition. */
function isTested(node: Syntax): boolean {
  for (let at = node; at.parent !== undefined && !isFunction(at.parent); at = at.parent) {
    const { parent } = at;
    if (parent.type === "LogicalExpression" && parent.left === at) return true;
    if (parent.type === "UnaryExpression" && (parent.operator === "!" || parent.operator === "typeof"))
      return true;
    if (parent.type === "BinaryExpression" && comparisons.has(parent.operator)) return true;
    if (parent.test === at) return true;
    if (parent.type === "SwitchStatement" && parent.discriminant === at) return true;
    if (parent.type.endsWith("Statement") || parent.type === "VariableDeclaration") return false;
  }
  return false;
}

function isInside(node: Syntax, outer: Syntax): boolean {
  return node.start >= outer.start && node.end <= outer.end;
}
