import type { Syntax } from "./syntax.ts";

/** The role of an identifier at its place. */
type Role = "declaration" | "reference" | "label";

/** Derives the role of an identifier from its place in the tree. */
export function nameRole(node: Syntax, parent: Syntax): Role {
  if (node.type === "JSXIdentifier") return jsxRole(node, parent);
  switch (parent.type) {
    case "MemberExpression":
      return parent.property === node && !parent.computed ? "label" : "reference";
    case "Property":
      if (parent.key === node && parent.value !== node && !parent.computed) return "label";
      return parent.parent?.type === "ObjectPattern" ? patternRole(parent) : "reference";
    case "MethodDefinition":
    case "PropertyDefinition":
    case "AccessorProperty":
    case "TSPropertySignature":
    case "TSMethodSignature":
    case "TSAbstractMethodDefinition":
    case "TSAbstractPropertyDefinition":
    case "TSAbstractAccessorProperty":
      if (parent.key === node) return parent.computed ? "reference" : "label";
      return parent.params?.includes(node) ? "declaration" : "reference";
    case "TSEnumMember":
      return parent.id === node ? "label" : "reference";
    case "LabeledStatement":
    case "BreakStatement":
    case "ContinueStatement":
      return parent.label === node ? "label" : "reference";
    case "ImportSpecifier":
    case "ImportDefaultSpecifier":
    case "ImportNamespaceSpecifier":
    case "TSImportEqualsDeclaration":
      return (parent.local ?? parent.id) === node
        ? "declaration"
        : parent.imported === node
          ? "label"
          : "reference";
    case "ExportSpecifier":
      if (parent.local !== node) return "label";
      return parent.parent?.source ? "label" : "reference";
    case "ExportAllDeclaration":
    case "MetaProperty":
    case "ImportAttribute":
    case "TSNamespaceExportDeclaration":
      return "label";
    case "TSNamedTupleMember":
      return parent.label === node ? "label" : "reference";
    case "TSQualifiedName":
      return parent.left === node ? "reference" : "label";
    case "TSTypePredicate":
      return "reference";
    case "TSIndexSignature":
      return parent.parameters?.includes(node) ? "label" : "reference";
    default:
      return patternRole(node);
  }
}

function jsxRole(node: Syntax, parent: Syntax): Role {
  if (parent.type === "JSXMemberExpression") return parent.object === node ? "reference" : "label";
  const isTag = parent.type === "JSXOpeningElement" || parent.type === "JSXClosingElement";
  return isTag && !/^[a-z]/.test(node.name) ? "reference" : "label";
}

/** The role of a name in a pattern: a declaration, or a reference that reads or assigns it. */
function patternRole(start: Syntax): Role {
  let node = start;
  let parent = node.parent;
  while (parent !== undefined) {
    switch (parent.type) {
      case "ArrayPattern":
      case "ObjectPattern":
      case "RestElement":
        break;
      case "Property":
        if (parent.parent?.type !== "ObjectPattern" || parent.value !== node) return "reference";
        break;
      case "AssignmentPattern":
        if (parent.left !== node) return "reference";
        break;
      case "TSParameterProperty":
        return "declaration";
      case "VariableDeclarator":
      case "ClassDeclaration":
      case "ClassExpression":
      case "TSEnumDeclaration":
      case "TSTypeAliasDeclaration":
      case "TSInterfaceDeclaration":
      case "TSModuleDeclaration":
        return parent.id === node ? "declaration" : "reference";
      case "FunctionDeclaration":
      case "FunctionExpression":
      case "TSDeclareFunction":
      case "TSEmptyBodyFunctionExpression":
        return parent.id === node || parent.params.includes(node) ? "declaration" : "reference";
      case "ArrowFunctionExpression":
      case "TSFunctionType":
      case "TSConstructorType":
      case "TSCallSignatureDeclaration":
      case "TSConstructSignatureDeclaration":
      case "TSMethodSignature":
        return parent.params.includes(node) ? "declaration" : "reference";
      case "CatchClause":
        return parent.param === node ? "declaration" : "reference";
      case "TSTypeParameter":
        return parent.name === node ? "declaration" : "reference";
      case "TSMappedType":
        return parent.key === node ? "declaration" : "reference";
      default:
        return "reference";
    }
    node = parent;
    parent = parent.parent;
  }
  return "reference";
}

/** The kind of a declaration, and whether it is hoisted to the function. */
export function bindingKind(node: Syntax): { kind: string; hoisted: boolean } {
  let at: Syntax | undefined = node.parent;
  let child = node;
  while (at !== undefined) {
    switch (at.type) {
      case "VariableDeclarator": {
        const kind = at.parent?.kind as string;
        return { kind, hoisted: kind === "var" };
      }
      case "ImportSpecifier":
      case "ImportDefaultSpecifier":
      case "ImportNamespaceSpecifier":
      case "TSImportEqualsDeclaration":
        return { kind: "import", hoisted: false };
      case "FunctionDeclaration":
      case "TSDeclareFunction":
        return { kind: at.id === child ? "function" : "parameter", hoisted: false };
      case "ClassDeclaration":
        return { kind: "class", hoisted: false };
      case "CatchClause":
        return { kind: "catch", hoisted: false };
      case "FunctionExpression":
      case "ArrowFunctionExpression":
        return { kind: "parameter", hoisted: false };
      case "TSTypeAliasDeclaration":
      case "TSInterfaceDeclaration":
      case "TSTypeParameter":
      case "TSMappedType":
        return { kind: "type", hoisted: false };
      case "TSEnumDeclaration":
      case "TSModuleDeclaration":
        return { kind: "namespace", hoisted: false };
      default:
        child = at;
        at = at.parent;
    }
  }
  return { kind: "unknown", hoisted: false };
}
