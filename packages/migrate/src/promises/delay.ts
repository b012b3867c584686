import type { SourceFile } from "./source-file.ts";
import { bare, type Syntax } from "./syntax.ts";

/*
 * A timer accepts every value as its delay: it treats `undefined`, NaN and delays above 2^31-1 ms as 1 ms, and converts
 * strings. `sleep` accepts numbers only, throws for NaN, and waits for long delays; `null` means to wait for ever.
 */

/**
 * The knowledge about a delay. `constant`: a number that a timer and `sleep` treat alike. `number`: maybe NaN or too
 * long. `optional`: a number, `undefined` or `null`. `unknown`: anything.
 */
type DelayKind = "constant" | "number" | "optional" | "unknown";

/** A delay as a rewrite needs it. */
export interface Delay {
  readonly kind: DelayKind;
  /** The argument for `sleep`. */
  readonly text: string;
  /** For the report: the values that are treated differently; `""` for a constant. */
  readonly doubt: string;
}

const longestTimer = 2 ** 31 - 1;

const doubts = {
  constant: "",
  number: " A timer treats NaN and delays above 2^31-1 ms as 1 ms; sleep throws for NaN, and waits.",
  optional: " A timer treats NaN and delays above 2^31-1 ms as 1 ms; sleep throws for NaN, and waits.",
  unknown: " The delay must be a number: sleep throws for undefined, NaN and strings, which a timer accepts.",
} as const;

export function delayOf(file: SourceFile, node: Syntax | undefined): Delay {
  const kind = kindOf(file, node);
  return { kind, text: textOf(file, node, kind), doubt: doubts[kind] };
}

function kindOf(file: SourceFile, node: Syntax | undefined): DelayKind {
  if (node === undefined) return "constant";
  const value = constantValue(file, node, 0);
  if (value !== undefined)
    return value >= 0 && value <= longestTimer && (value > 0 || isZero(node)) ? "constant" : "number";
  if (isNumber(file, node)) return "number";
  return isOptional(file, node) ? "optional" : "unknown";
}

function textOf(file: SourceFile, node: Syntax | undefined, kind: DelayKind): string {
  // A timer treats 0, and no delay, as 1.
  if (node === undefined || isZero(node)) return "1";
  // The text keeps parentheses and assertions: `(a, b)`, `ms!`.
  const text = file.slice(node);
  return kind === "optional" ? `${text} ?? 1` : text;
}

function isZero(node: Syntax): boolean {
  const inner = bare(node);
  return inner.type === "Literal" && inner.value === 0;
}

/** The value of an expression of number literals and constants. */
function constantValue(file: SourceFile, node: Syntax, depth: number): number | undefined {
  const inner = bare(node);
  if (depth > 8) return undefined;
  if (inner.type === "Literal") return typeof inner.value === "number" ? inner.value : undefined;
  if (inner.type === "Identifier") {
    const init = file.constant(inner);
    return init === undefined ? undefined : constantValue(file, init, depth + 1);
  }
  if (inner.type === "UnaryExpression") {
    const value = constantValue(file, inner.argument, depth + 1);
    if (value === undefined || (inner.operator !== "-" && inner.operator !== "+")) return undefined;
    return inner.operator === "-" ? -value : value;
  }
  if (inner.type !== "BinaryExpression") return undefined;
  const left = constantValue(file, inner.left, depth + 1);
  const right = constantValue(file, inner.right, depth + 1);
  return left === undefined || right === undefined ? undefined : operate(inner.operator, left, right);
}

function operate(operator: string, left: number, right: number): number | undefined {
  switch (operator) {
    case "+":
      return left + right;
    case "-":
      return left - right;
    case "*":
      return left * right;
    case "/":
      return left / right;
    case "%":
      return left % right;
    case "**":
      return left ** right;
    default:
      return undefined;
  }
}

/** Whether an expression is a number for certain, maybe NaN. */
function isNumber(file: SourceFile, node: Syntax, depth = 0): boolean {
  const inner = bare(node);
  if (depth > 8) return false;
  if (file.types?.isNumber(inner)) return true;
  switch (inner.type) {
    case "Literal":
      return typeof inner.value === "number";
    case "UnaryExpression":
      return (inner.operator === "-" || inner.operator === "+") && isNumber(file, inner.argument, depth + 1);
    case "BinaryExpression":
      return (
        ["+", "-", "*", "/", "%", "**"].includes(inner.operator) &&
        isNumber(file, inner.left, depth + 1) &&
        isNumber(file, inner.right, depth + 1)
      );
    case "ConditionalExpression":
      return isNumber(file, inner.consequent, depth + 1) && isNumber(file, inner.alternate, depth + 1);
    case "LogicalExpression":
      return inner.operator !== "&&" && isNumber(file, inner.right, depth + 1) && file.isTypeScript;
    case "CallExpression":
      return (
        inner.callee.type === "MemberExpression" &&
        (file.isGlobal(inner.callee.object, "Math") || file.isStaticCall(inner, "Date", "now"))
      );
    case "Identifier":
      return isNumberName(file, inner, depth);
    default:
      return false;
  }
}

function isNumberName(file: SourceFile, node: Syntax, depth: number): boolean {
  const binding = file.names.binding(node);
  const declaration = binding?.declarations[0];
  if (binding?.declarations.length !== 1 || declaration === undefined) return false;
  if (declaration.typeAnnotation) {
    return declaration.typeAnnotation.typeAnnotation.type === "TSNumberKeyword" && !declaration.optional;
  }
  const parent = declaration.parent as Syntax;
  if (parent.type === "VariableDeclarator" && parent.id === declaration && parent.init) {
    return (binding.kind === "const" || file.isTypeScript) && isNumber(file, parent.init, depth + 1);
  }
  if (parent.type === "AssignmentPattern" && parent.left === declaration && binding.kind === "parameter") {
    return isNumber(file, parent.right, depth + 1);
  }
  return false;
}

/** Whether the type of an expression is a number, `undefined` or `null`. */
function isOptional(file: SourceFile, node: Syntax): boolean {
  const inner = bare(node);
  // The new `??` needs a simple expression before it.
  if (inner !== node || (inner.type !== "Identifier" && inner.type !== "MemberExpression")) return false;
  if (file.types?.isOptionalNumber(inner)) return true;
  if (inner.type !== "Identifier") return false;
  const binding = file.names.binding(inner);
  const declaration = binding?.declarations[0];
  const type = declaration?.typeAnnotation?.typeAnnotation as Syntax | undefined;
  if (binding?.declarations.length !== 1 || type === undefined) return false;
  const parts = type.type === "TSUnionType" ? (type.types as Syntax[]) : [type];
  const names = new Set(parts.map((part) => part.type));
  const isNullish = names.delete("TSUndefinedKeyword") || declaration?.optional === true;
  return (names.delete("TSNullKeyword") || isNullish) && names.size === 1 && names.has("TSNumberKeyword");
}
