import { bindingKind, nameRole } from "./name-role.ts";
import { eachChild, isFunction, type Syntax } from "./syntax.ts";

/** One name of a scope, with its declarations and uses. */
export interface Binding {
  readonly name: string;
  readonly kind: string;
  readonly scope: Scope;
  /** The declaring identifiers: more than one for `var`, overloads and merged declarations. */
  readonly declarations: Syntax[];
  readonly references: Syntax[];
}

export class Scope {
  readonly bindings: Map<string, Binding> = new Map();
  readonly node: Syntax;
  readonly parent: Scope | undefined;
  /** Whether a `var` inside belongs to this scope. */
  readonly isFunction: boolean;

  constructor(node: Syntax, parent: Scope | undefined, isFunctionScope: boolean) {
    this.node = node;
    this.parent = parent;
    this.isFunction = isFunctionScope;
  }

  lookup(name: string): Binding | undefined {
    for (let scope: Scope | undefined = this; scope !== undefined; scope = scope.parent) {
      const binding = scope.bindings.get(name);
      if (binding !== undefined) return binding;
    }
    return undefined;
  }
}

const scoped = new Set([
  "BlockStatement",
  "StaticBlock",
  "ForStatement",
  "ForInStatement",
  "ForOfStatement",
  "SwitchStatement",
  "CatchClause",
  "ClassDeclaration",
  "ClassExpression",
  "TSModuleBlock",
  "TSModuleDeclaration",
  "TSInterfaceDeclaration",
  "TSTypeAliasDeclaration",
  "TSFunctionType",
  "TSConstructorType",
  "TSMethodSignature",
  "TSCallSignatureDeclaration",
  "TSConstructSignatureDeclaration",
  "TSMappedType",
  "TSConditionalType",
  "TSDeclareFunction",
  "TSEmptyBodyFunctionExpression",
  "TSEnumDeclaration",
]);

/** The names of a file: all scopes, bindings and references. Built in one walk. */
export class Names {
  readonly #visit: (node: Syntax) => void;
  readonly #scopes = new Map<Syntax, Scope>();
  readonly #resolved = new Map<Syntax, Binding>();
  readonly #used: Array<readonly [Syntax, Scope]> = [];
  /** Uses of names that the file does not bind. */
  readonly globals: Map<string, Syntax[]> = new Map();
  readonly top: Scope;

  /** @param visit Called for every node except the program, in the order of the source. */
  constructor(program: Syntax, visit: (node: Syntax) => void) {
    this.#visit = visit;
    this.top = new Scope(program, undefined, true);
    this.#scopes.set(program, this.top);
    eachChild(program, (child) => this.#walk(child, program, this.top));
    for (const [node, scope] of this.#used) {
      const binding = scope.lookup(node.name);
      if (binding !== undefined) {
        binding.references.push(node);
        this.#resolved.set(node, binding);
      } else {
        const uses = this.globals.get(node.name);
        if (uses === undefined) this.globals.set(node.name, [node]);
        else uses.push(node);
      }
    }
  }

  /** The binding that an identifier refers to; undefined for a global, and for an identifier that is not a reference. */
  binding(node: Syntax): Binding | undefined {
    return this.#resolved.get(node);
  }

  /** The innermost scope around a node. */
  scopeOf(node: Syntax): Scope {
    for (let at: Syntax | undefined = node; at !== undefined; at = at.parent) {
      const scope = this.#scopes.get(at);
      if (scope !== undefined) return scope;
    }
    return this.top;
  }

  /** Whether an identifier is the global of that name. */
  isGlobal(node: Syntax | undefined, name: string): boolean {
    return (
      node?.type === "Identifier" &&
      node.name === name &&
      !this.#resolved.has(node) &&
      this.scopeOf(node).lookup(name) === undefined
    );
  }

  #walk(node: Syntax, parent: Syntax, scope: Scope): void {
    node.parent = parent;
    this.#visit(node);
    if (node.type === "Identifier" || node.type === "JSXIdentifier") {
      this.#name(node, parent, scope);
      // A parameter may have a type and decorators.
      if (node.typeAnnotation) this.#walk(node.typeAnnotation, node, scope);
      for (const decorator of (node.decorators as Syntax[] | undefined) ?? [])
        this.#walk(decorator, node, scope);
      return;
    }
    let inner = scope;
    if (isFunction(node)) {
      inner = this.#enter(node, scope, true);
      // The name of a function expression is visible only inside it.
      if (node.type === "FunctionExpression" && node.id) this.#declare(node.id, "function", inner);
    } else if (scoped.has(node.type) && !(node.type === "BlockStatement" && isFunction(parent))) {
      inner = this.#enter(node, scope, node.type === "TSModuleBlock" || node.type === "StaticBlock");
      if (node.type === "ClassExpression" && node.id) this.#declare(node.id, "class", inner);
    }
    eachChild(node, (child) => {
      // The name of a declaration belongs to the outer scope.
      const outside =
        child === node.id && node.type !== "ClassExpression" && node.type !== "FunctionExpression";
      this.#walk(child, node, outside ? scope : inner);
    });
  }

  #enter(node: Syntax, scope: Scope, isFunctionScope: boolean): Scope {
    const inner = new Scope(node, scope, isFunctionScope);
    this.#scopes.set(node, inner);
    return inner;
  }

  #name(node: Syntax, parent: Syntax, scope: Scope): void {
    const role = nameRole(node, parent);
    if (role === "declaration") {
      const { kind, hoisted } = bindingKind(node);
      let at = scope;
      if (hoisted) while (!at.isFunction && at.parent !== undefined) at = at.parent;
      this.#declare(node, kind, at);
    } else if (role === "reference") this.#used.push([node, scope]);
  }

  #declare(node: Syntax, kind: string, scope: Scope): void {
    const known = scope.bindings.get(node.name);
    if (known === undefined) {
      scope.bindings.set(node.name, { name: node.name, kind, scope, declarations: [node], references: [] });
    } else if (!known.declarations.includes(node)) known.declarations.push(node);
  }
}
