import type { Binding } from "./scopes.ts";
import type { SourceFile } from "./source-file.ts";
import { contains, keyName, type Syntax } from "./syntax.ts";

/**
 * All uses of the object created at `init`, if only this file can use it: it is held by a constant that is not exported,
 * or by a private field. Undefined if other uses are possible, or the variable has a type annotation.
 */
export function privateUses(file: SourceFile, init: Syntax): readonly Syntax[] | undefined {
  const owner = init.parent as Syntax;
  if (owner.type === "PropertyDefinition") return owner.value === init ? fieldUses(owner) : undefined;
  const binding = file.declared(owner);
  if (binding?.kind !== "const" || owner.id.typeAnnotation || isExported(file, owner, binding))
    return undefined;
  return binding.references;
}

/** Whether other files can see a top-level name. */
function isExported(file: SourceFile, declarator: Syntax, binding: Binding): boolean {
  if (declarator.parent?.parent?.type === "ExportNamedDeclaration") return true;
  return binding.references.some((use) => {
    const parent = use.parent as Syntax;
    return (
      parent.type === "ExportSpecifier" ||
      parent.type === "ExportDefaultDeclaration" ||
      /^(?:module\.)?exports\b/.test(file.slice(parent))
    );
  });
}

/** The uses `this.field` of a private field. */
function fieldUses(field: Syntax): readonly Syntax[] | undefined {
  const hidden = field.key.type === "PrivateIdentifier";
  if (field.static || field.computed || field.typeAnnotation || field.decorators?.length > 0)
    return undefined;
  if (!hidden && field.accessibility !== "private") return undefined;
  const uses: Syntax[] = [];
  let strange = false;
  contains(field.parent?.parent as Syntax, (node) => {
    if (node.type === "MemberExpression" && node.property.name === field.key.name) {
      if (node.property.type !== field.key.type) return false;
      if (node.computed || node.object.type !== "ThisExpression") strange = true;
      else uses.push(node);
    } else if (!hidden && node.type === "Property" && keyName(node) === field.key.name) strange = true;
    return false;
  });
  return strange ? undefined : uses;
}
