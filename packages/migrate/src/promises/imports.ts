import type { Change } from "../engine/engine.ts";
import { planImport } from "./import-place.ts";
import { type ParsedFile, requiredModule } from "./parsed-file.ts";
import type { Binding } from "./scopes.ts";
import { keyName, type Syntax, text } from "./syntax.ts";

const target = "@hother/cancelable";

/** The imports of a file: the origins of names, the names to add, and the names that are no longer used. */
export class Imports {
  readonly #file: ParsedFile;
  /** The library's names to import, by their local names. */
  readonly #needed = new Map<string, string>();
  readonly #gone = new Set<Syntax>();
  #ours: ReadonlyArray<{ readonly binding: Binding; readonly imported: string }> | undefined;

  constructor(file: ParsedFile) {
    this.#file = file;
  }

  /** The module and name that a binding was imported from. The name is `default` or `*` for such imports. */
  origin(binding: Binding): { module: string; name: string } | undefined {
    const node = binding.declarations[0];
    if (node === undefined || binding.declarations.length !== 1) return undefined;
    const parent = node.parent as Syntax;
    if (binding.kind === "import") {
      if (parent.type === "TSImportEqualsDeclaration") {
        const module = text(parent.moduleReference?.expression);
        return module === undefined ? undefined : { module, name: "default" };
      }
      const module = text(parent.parent?.source);
      if (module === undefined) return undefined;
      if (parent.type === "ImportDefaultSpecifier") return { module, name: "default" };
      if (parent.type === "ImportNamespaceSpecifier") return { module, name: "*" };
      return { module, name: parent.imported.name ?? parent.imported.value };
    }
    return this.#required(node, parent);
  }

  /** The local name for an export of the library at `node`. Adds it to the needed imports. */
  use(name: string, node: Syntax): string {
    const known = this.existing(name, node);
    if (known !== undefined) return known;
    const scope = this.#file.names.scopeOf(node);
    for (const [local, imported] of this.#needed) {
      if (imported === name && scope.lookup(local) === undefined) return local;
    }
    let local = name;
    if (this.#isTaken(local, node)) {
      const capital = name.charAt(0).toUpperCase();
      local = `${name.startsWith(capital) ? "Cancelable" : "cancelable"}${capital}${name.slice(1)}`;
    }
    for (let number = 2; this.#isTaken(local, node); number++) local = `${name}${number}`;
    this.#needed.set(local, name);
    return local;
  }

  /** An unused name for a parameter around `node`. */
  fresh(name: string, node: Syntax): string {
    let local = name;
    for (let number = 2; this.#isTaken(local, node); number++) local = `${name}${number}`;
    return local;
  }

  #isTaken(local: string, node: Syntax): boolean {
    const { globals, top } = this.#file.names;
    if (globals.has(local) || this.#needed.has(local)) return true;
    return top.bindings.has(local) || this.#file.names.scopeOf(node).lookup(local) !== undefined;
  }

  /** The local name under which the file already imports an export of the library, if it is visible at `node`. */
  existing(name: string, node: Syntax): string | undefined {
    for (const { binding, imported } of this.#library()) {
      if (imported !== name) continue;
      if ((binding.declarations[0]?.parent?.parent as Syntax | undefined)?.importKind === "type") continue;
      if (this.#file.names.scopeOf(node).lookup(binding.name) === binding) return binding.name;
    }
    return undefined;
  }

  /** The bindings that the file imports from the library. Cached, because a file may have many bindings. */
  #library(): ReadonlyArray<{ readonly binding: Binding; readonly imported: string }> {
    this.#ours ??= [...this.#file.names.top.bindings.values()].flatMap((binding) => {
      const origin = this.origin(binding);
      return origin?.module === target ? [{ binding, imported: origin.name }] : [];
    });
    return this.#ours;
  }

  /** Whether the file already imports the library. */
  hasLibrary(): boolean {
    return this.#library().length > 0;
  }

  /** Records that this use of an imported name is rewritten. With its last use, the import is removed. */
  gone(use: Syntax): void {
    this.#gone.add(use);
  }

  /** The edits of the import lines. */
  changes(): Change[] {
    const { names } = this.#file;
    const dropped = new Set<Binding>();
    for (const use of this.#gone) {
      const binding = names.binding(use);
      if (binding?.references.every((each) => this.#gone.has(each))) dropped.add(binding);
    }
    return planImport(this.#file, target, this.#needed, [...dropped]);
  }

  #required(node: Syntax, parent: Syntax): { module: string; name: string } | undefined {
    if (parent.type === "VariableDeclarator" && parent.id === node) {
      const module = requiredModule(this.#file, parent.init);
      if (module !== undefined) return { module, name: "default" };
      if (parent.init?.type === "MemberExpression" && !parent.init.computed) {
        const inner = requiredModule(this.#file, parent.init.object);
        if (inner !== undefined) return { module: inner, name: parent.init.property.name };
      }
      return undefined;
    }
    if (parent.type !== "Property" || parent.value !== node || parent.parent?.type !== "ObjectPattern")
      return undefined;
    const declarator = parent.parent.parent;
    if (declarator?.type !== "VariableDeclarator" || declarator.id !== parent.parent) return undefined;
    const module = requiredModule(this.#file, declarator.init);
    const name = keyName(parent);
    return module === undefined || name === undefined ? undefined : { module, name };
  }
}
