import { isCarriedAway } from "./carried-away.ts";
import type { Finding } from "./finding.ts";
import { Imports } from "./imports.ts";
import { importProblem } from "./module-kind.ts";
import { ParsedFile } from "./parsed-file.ts";
import type { Binding } from "./scopes.ts";
import { memberName, type Syntax } from "./syntax.ts";
import type { TypeFacts } from "./types.ts";

/** A file as the rules use it: its tree and names, its imports, and the findings so far. */
export class SourceFile extends ParsedFile {
  readonly imports: Imports = new Imports(this);
  readonly structural: boolean;
  readonly types: TypeFacts | undefined;
  readonly findings: Finding[] = [];
  readonly #claimed = new Set<Syntax>();
  readonly #only: ReadonlySet<string> | undefined;
  #problem: { readonly reason: string | undefined } | undefined;

  constructor(
    path: string,
    source: string,
    options: { structural: boolean; only?: readonly string[] | undefined; types?: TypeFacts | undefined },
  ) {
    super(path, source);
    this.structural = options.structural;
    this.types = options.types;
    this.#only = options.only === undefined ? undefined : new Set(options.only);
  }

  /** All nodes of a type that no earlier rule has claimed, in the order of the source. */
  *nodes(type: string): Iterable<Syntax> {
    for (const node of this.allNodes(type)) if (!this.#claimed.has(node)) yield node;
  }

  isClaimed(node: Syntax): boolean {
    return this.#claimed.has(node);
  }

  /** Adds a finding. A finding of a rule that was not selected still claims its nodes. */
  add(finding: Finding): void {
    this.#claimed.add(finding.node);
    for (const node of finding.claims ?? []) this.#claimed.add(node);
    if (this.#only !== undefined && !this.#only.has(finding.rule)) return;
    const reason = finding.changes === undefined ? undefined : this.#importProblem(finding);
    const { changes, ...mark } = finding;
    this.findings.push(reason === undefined ? finding : { ...mark, class: "M", reason });
  }

  /** The reason why the code of a finding cannot use an import of the library. */
  #importProblem({ node }: Finding): string | undefined {
    if (isCarriedAway(node))
      return "The source text of the function around it runs elsewhere, without the imports of this file.";
    if (this.imports.hasLibrary()) return undefined;
    this.#problem ??= { reason: importProblem(this) };
    return this.#problem.reason;
  }

  /** Whether a callee is the global function of that name, or `globalThis.name`, `window.name`. */
  isGlobalCall(node: Syntax | undefined, name: string): boolean {
    if (node?.type !== "CallExpression" && node?.type !== "NewExpression") return false;
    return this.isGlobal(node.callee, name);
  }

  isGlobal(node: Syntax, name: string): boolean {
    if (node.type === "MemberExpression") {
      const root = ["globalThis", "window", "self", "global"].find((each) =>
        this.names.isGlobal(node.object, each),
      );
      return root !== undefined && memberName(node) === name;
    }
    return this.names.isGlobal(node, name);
  }

  /** Whether a node is a call of a static method of a global: `Promise.race(…)`. */
  isStaticCall(node: Syntax | undefined, object: string, method: string): node is Syntax {
    return (
      node?.type === "CallExpression" &&
      node.callee.type === "MemberExpression" &&
      memberName(node.callee) === method &&
      this.isGlobal(node.callee.object, object)
    );
  }

  /** The name and module that an identifier was imported as, by `import` or by `require`. */
  imported(node: Syntax | undefined): { module: string; name: string } | undefined {
    if (node?.type !== "Identifier") return undefined;
    const binding = this.names.binding(node);
    return binding === undefined ? undefined : this.imports.origin(binding);
  }

  /** The binding of a declarator `const name = …`, if it declares one name. */
  declared(declarator: Syntax | undefined): Binding | undefined {
    if (declarator?.type !== "VariableDeclarator" || declarator.id.type !== "Identifier") return undefined;
    return this.names.scopeOf(declarator.id).lookup(declarator.id.name);
  }

  /** The initial value of a `const`. */
  constant(node: Syntax): Syntax | undefined {
    if (node.type !== "Identifier") return undefined;
    const binding = this.names.binding(node);
    if (binding?.kind !== "const" || binding.declarations.length !== 1) return undefined;
    const declarator = (binding.declarations[0] as Syntax).parent;
    return declarator?.type === "VariableDeclarator" ? (declarator.init ?? undefined) : undefined;
  }
}
