import { type Occurrence, Scope, type ScopeTable } from "./scopes.ts";
import { childOf, type SyntaxNode } from "./tree.ts";

const comprehensions: ReadonlySet<string> = new Set([
  "list_comprehension",
  "set_comprehension",
  "dictionary_comprehension",
  "generator_expression",
]);

/** Resolves every name of a file to the scope that binds it, by Python's rules. */
export function buildScopes(root: SyntaxNode, text: string): ScopeTable {
  const builder = new ScopeBuilder(text, new Scope("module", root, undefined));
  builder.visitAll(root.children, builder.module);
  return { module: builder.module, occurrences: builder.occurrences };
}

class ScopeBuilder {
  readonly module: Scope;
  readonly occurrences: Map<string, Occurrence[]> = new Map();
  readonly #text: string;

  constructor(text: string, module: Scope) {
    this.#text = text;
    this.module = module;
  }

  visitAll(nodes: readonly SyntaxNode[], scope: Scope): void {
    for (const node of nodes) this.#visit(node, scope);
  }

  #visit(node: SyntaxNode, scope: Scope): void {
    switch (node.type) {
      case "identifier":
        return this.#use(node, scope);
      case "attribute":
        return this.#visitField(node, "object", scope);
      case "keyword_argument":
        return this.#visitField(node, "value", scope);
      case "function_definition":
      case "lambda":
        return this.#visitFunction(node, scope);
      case "class_definition":
        return this.#visitClass(node, scope);
      case "import_statement":
      case "import_from_statement":
      case "future_import_statement":
        return this.#visitImport(node, scope);
      case "assignment":
      case "augmented_assignment":
        this.#bindTarget(childOf(node, "left"), scope);
        this.#visitField(node, "type", scope);
        return this.#visitField(node, "right", scope);
      case "named_expression":
        return this.#visitWalrus(node, scope);
      case "for_statement":
        this.#bindTarget(childOf(node, "left"), scope);
        return this.visitAll(
          node.children.filter((child) => child.field !== "left"),
          scope,
        );
      case "as_pattern_target":
        for (const child of node.children) this.#bindTarget(child, scope);
        return;
      case "delete_statement":
        for (const child of node.children) this.#bindTarget(child, scope);
        return;
      case "global_statement":
      case "nonlocal_statement":
        for (const child of node.children) {
          scope.elsewhere.set(this.#name(child), node.type === "global_statement" ? "global" : "nonlocal");
        }
        return;
      case "case_clause":
        for (const child of node.children) {
          if (child.type === "case_pattern") this.#visitPattern(child, scope);
          else this.#visit(child, scope);
        }
        return;
      case "type_alias_statement":
        this.#bindTarget(childOf(node, "left")?.children[0], scope);
        return this.#visitField(node, "right", scope);
      default:
        if (comprehensions.has(node.type)) return this.#visitComprehension(node, scope);
        return this.visitAll(node.children, scope);
    }
  }

  #visitField(node: SyntaxNode, field: string, scope: Scope): void {
    const child = childOf(node, field);
    if (child !== undefined) this.#visit(child, scope);
  }

  #visitFunction(node: SyntaxNode, outer: Scope): void {
    const inner = new Scope("function", node, outer);
    for (const child of node.children) {
      if (child.field === "name") this.#bindTarget(child, outer);
      else if (child.field === "parameters") this.#visitParameters(child, outer, inner);
      else if (child.field === "type_parameters") this.#bindTypeParameters(child, inner);
      else if (child.field === "return_type") this.#visit(child, outer);
      else if (child.type !== "comment") this.#visit(child, inner);
    }
  }

  #visitParameters(node: SyntaxNode, outer: Scope, inner: Scope): void {
    for (const parameter of node.children) {
      if (parameter.type.startsWith("typed_") || parameter.type === "default_parameter") {
        for (const child of parameter.children) {
          if (child.field === "type" || child.field === "value") this.#visit(child, outer);
          else this.#bindTarget(child, inner);
        }
      } else this.#bindTarget(parameter, inner);
    }
  }

  #visitClass(node: SyntaxNode, outer: Scope): void {
    const inner = new Scope("class", node, outer);
    for (const child of node.children) {
      if (child.field === "name") this.#bindTarget(child, outer);
      else if (child.field === "type_parameters") this.#bindTypeParameters(child, inner);
      else this.#visit(child, child.field === "body" ? inner : outer);
    }
  }

  #bindTypeParameters(node: SyntaxNode, scope: Scope): void {
    for (const child of node.children) this.#bindTarget(child.children[0] ?? child, scope);
  }

  #visitComprehension(node: SyntaxNode, outer: Scope): void {
    const inner = new Scope("comprehension", node, outer);
    let first = true;
    for (const child of node.children) {
      if (child.type !== "for_in_clause") {
        this.#visit(child, inner);
        continue;
      }
      for (const part of child.children) {
        if (part.field === "left") this.#bindTarget(part, inner);
        else this.#visit(part, first ? outer : inner);
      }
      first = false;
    }
  }

  #visitWalrus(node: SyntaxNode, scope: Scope): void {
    let owner = scope;
    while (owner.kind === "comprehension" && owner.parent !== undefined) owner = owner.parent;
    this.#bindTarget(childOf(node, "name"), owner);
    this.#visitField(node, "value", scope);
  }

  #visitImport(node: SyntaxNode, scope: Scope): void {
    const source = childOf(node, "module_name");
    const from = source === undefined ? undefined : this.#name(source).replace(/\s/g, "");
    for (const entry of node.children) {
      if (entry.field !== "name") continue;
      const aliased = entry.type === "aliased_import";
      const path = this.#name(aliased ? (childOf(entry, "name") as SyntaxNode) : entry).replace(/\s/g, "");
      const alias = aliased ? childOf(entry, "alias") : undefined;
      const first = path.split(".")[0] as string;
      const name = alias === undefined ? first : this.#name(alias);
      let target = alias === undefined ? first : path;
      if (from !== undefined) target = from.endsWith(".") ? from + path : `${from}.${path}`;
      if (node.type === "future_import_statement") target = `__future__.${path}`;
      scope.bind(name, { target, node: entry, statement: node });
    }
  }

  /** Binds the names of an assignment target. In `a.b` and `a[0]`, `a` is a use. */
  #bindTarget(node: SyntaxNode | undefined, scope: Scope): void {
    if (node === undefined) return;
    switch (node.type) {
      case "identifier":
        scope.bind(this.#name(node), { target: undefined, node, statement: undefined });
        return;
      case "attribute":
      case "subscript":
      case "call":
        return this.#visit(node, scope);
      default:
        for (const child of node.children) this.#bindTarget(child, scope);
    }
  }

  /** Visits a pattern of `case`. A single name is bound; a dotted name and a class are uses. */
  #visitPattern(node: SyntaxNode, scope: Scope): void {
    const heads = node.type === "class_pattern" || node.type === "keyword_pattern";
    node.children.forEach((child, index) => {
      if (child.type === "dotted_name") {
        const head = child.children[0];
        if (head === undefined) return;
        if (child.children.length > 1 || (heads && index === 0)) this.#use(head, scope);
        else this.#bindTarget(head, scope);
      } else if (child.type === "identifier") {
        if (node.type !== "keyword_pattern") this.#bindTarget(child, scope);
      } else this.#visitPattern(child, scope);
    });
  }

  #use(node: SyntaxNode, scope: Scope): void {
    const name = this.#name(node);
    const known = this.occurrences.get(name);
    const occurrence = { name, node, scope };
    if (known === undefined) this.occurrences.set(name, [occurrence]);
    else known.push(occurrence);
  }

  #name(node: SyntaxNode): string {
    return this.#text.slice(node.start, node.end);
  }
}
