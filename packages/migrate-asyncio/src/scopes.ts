import type { SyntaxNode } from "./tree.ts";

/** One place that binds a name. */
export interface Binding {
  /** The imported path: `asyncio`, `asyncio.sleep`, `.local.name`; undefined for any other binding. */
  readonly target: string | undefined;
  readonly node: SyntaxNode;
  /** The import statement, for imports. */
  readonly statement: SyntaxNode | undefined;
}

export interface Occurrence {
  readonly name: string;
  readonly node: SyntaxNode;
  readonly scope: Scope;
}

/** A module, function, class or comprehension with its bindings. */
export class Scope {
  readonly kind: "module" | "function" | "class" | "comprehension";
  readonly node: SyntaxNode;
  readonly parent: Scope | undefined;
  readonly bindings: Map<string, Binding[]> = new Map();
  readonly elsewhere: Map<string, "global" | "nonlocal"> = new Map();
  readonly inner: Scope[] = [];

  constructor(kind: Scope["kind"], node: SyntaxNode, parent: Scope | undefined) {
    this.kind = kind;
    this.node = node;
    this.parent = parent;
    parent?.inner.push(this);
  }

  get module(): Scope {
    return this.parent === undefined ? this : this.parent.module;
  }

  /** Records a binding in its scope; `global` and `nonlocal` move it to an outer scope. */
  bind(name: string, binding: Binding): void {
    const place = this.#placeOf(name);
    const known = place.bindings.get(name);
    if (known === undefined) place.bindings.set(name, [binding]);
    else known.push(binding);
  }

  #placeOf(name: string): Scope {
    const elsewhere = this.elsewhere.get(name);
    if (elsewhere === "global") return this.module;
    if (elsewhere === "nonlocal") {
      let at = this.parent;
      while (at !== undefined && !(at.kind === "function" && at.bindings.has(name))) at = at.parent;
      return at ?? this;
    }
    return this;
  }

  /** The scope that binds `name` for a use in this scope. */
  find(name: string): Scope | undefined {
    if (this.elsewhere.get(name) === "global") {
      return this.module.bindings.has(name) ? this.module : undefined;
    }
    if (this.bindings.has(name)) return this;
    let at = this.parent;
    // Names of a class are visible in its body, but not in the functions and comprehensions in it.
    while (at !== undefined) {
      if (at.kind !== "class" && at.bindings.has(name)) return at;
      if (at.kind !== "class" && at.elsewhere.get(name) === "global") {
        return this.module.bindings.has(name) ? this.module : undefined;
      }
      at = at.parent;
    }
    return undefined;
  }
}

/** Every scope's bindings and every use of a name in a file. */
export interface ScopeTable {
  readonly module: Scope;
  readonly occurrences: ReadonlyMap<string, readonly Occurrence[]>;
}
