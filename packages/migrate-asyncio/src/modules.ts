import type { ModuleName } from "./rule.ts";
import type { Binding, Scope } from "./scopes.ts";
import type { SourceFile } from "./source-file.ts";
import { childOf, type SyntaxNode } from "./tree.ts";

/** Whether code in a scope can use `module.x`: `present` now, `absent` until imported, `taken` by another meaning. */
export function moduleState(
  module: ModuleName,
  scope: Scope,
  file: SourceFile,
): "present" | "absent" | "taken" {
  const bindings = scope.find(module)?.bindings.get(module);
  if (bindings === undefined) return "absent";
  if (bindings.some((binding) => binding.target !== module)) return "taken";
  return bindings.some((binding) => isFirm(binding, file)) ? "present" : "absent";
}

/** Whether a binding is unconditional, so that it exists whenever the code around it runs. */
function isFirm(binding: Binding, file: SourceFile): boolean {
  for (let at: SyntaxNode | undefined = binding.statement; at !== undefined; at = at.parent) {
    if (at.type === "function_definition" || at.type === "class_definition") return true;
    if (at.type === "try_statement") return false;
    if (at.type === "if_statement" && isTypeChecking(at, file)) return false;
  }
  return true;
}

function isTypeChecking(statement: SyntaxNode, file: SourceFile): boolean {
  const condition = childOf(statement, "condition");
  return condition !== undefined && /\bTYPE_CHECKING$/.test(file.of(condition));
}
