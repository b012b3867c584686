import type { SourceFile } from "./source-file.ts";
import { bare, isFunction, isInlineFunction, memberName, type Syntax } from "./syntax.ts";

/** Whether an expression is a promise for certain. */
export function isPromiseValue(file: SourceFile, node: Syntax, depth = 0): boolean {
  const inner = bare(node);
  if (depth > 5) return false;
  if (file.types?.isPromise(inner)) return true;
  if (inner.type === "NewExpression") return file.isGlobal(inner.callee, "Promise");
  if (inner.type === "CallExpression") {
    const { callee } = inner;
    if (callee.type === "MemberExpression" && file.isGlobal(callee.object, "Promise")) return true;
    return callsAsync(file, inner) || ["then", "catch", "finally"].includes(memberName(callee) ?? "");
  }
  if (inner.type !== "Identifier") return false;
  const binding = file.names.binding(inner);
  const declaration = binding?.declarations[0];
  if (binding?.declarations.length !== 1 || declaration === undefined) return false;
  const type = declaration.typeAnnotation?.typeAnnotation as Syntax | undefined;
  if (type !== undefined) return !declaration.optional && /^Promise(?:Like)?\s*</.test(file.slice(type));
  const value = file.constant(inner);
  return value !== undefined && isPromiseValue(file, value, depth + 1);
}

/** Whether a call calls an async function of this file. */
export function callsAsync(file: SourceFile, call: Syntax): boolean {
  const callee = bare(call.callee as Syntax);
  if (isFunction(callee)) return callee.async === true && callee.generator !== true;
  if (callee.type !== "Identifier") return false;
  const binding = file.names.binding(callee);
  const declaration = binding?.declarations[0];
  if (binding?.declarations.length !== 1 || declaration === undefined) return false;
  const parent = declaration.parent as Syntax;
  if (parent.type === "FunctionDeclaration" && parent.id === declaration)
    return parent.async && !parent.generator;
  const value = bare(file.constant(callee));
  return isInlineFunction(value) && value.async === true && value.generator !== true;
}
