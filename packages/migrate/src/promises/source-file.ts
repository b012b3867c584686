import { isCarriedAway } from "./carried-away.ts";
import type { Finding } from "./finding.ts";
import { Imports } from "./imports.ts";
import { type Comment, parse } from "./parse.ts";
import { type Binding, Names } from "./scopes.ts";
import { memberName, type Syntax, text } from "./syntax.ts";
import type { TypeFacts } from "./types.ts";

/** A file as the rules see it: its tree, its names, and what has been found in it so far. */
export class SourceFile {
  readonly path: string;
  readonly text: string;
  readonly program: Syntax;
  readonly comments: readonly Comment[];
  readonly names: Names;
  readonly imports: Imports;
  readonly isTypeScript: boolean;
  readonly structural: boolean;
  readonly types: TypeFacts | undefined;
  readonly findings: Finding[] = [];
  readonly #byType = new Map<string, Syntax[]>();
  readonly #claimed = new Set<Syntax>();
  #only: ReadonlySet<string> | undefined;

  constructor(
    path: string,
    source: string,
    options: { structural: boolean; only?: readonly string[] | undefined; types?: TypeFacts | undefined },
  ) {
    const { program, comments, hasModuleSyntax } = parse(path, source);
    this.path = path;
    this.text = source;
    this.program = program;
    this.comments = comments;
    this.structural = options.structural;
    this.types = options.types;
    this.isTypeScript = /\.[cm]?tsx?$/i.test(path);
    this.names = new Names(program, (node) => this.#index(node));
    this.imports = new Imports(this, hasModuleSyntax);
    this.#only = options.only === undefined ? undefined : new Set(options.only);
  }

  /** All nodes of a type, in the order of the source, that no earlier rule has claimed. */
  *nodes(type: string): Iterable<Syntax> {
    for (const node of this.#byType.get(type) ?? []) if (!this.#claimed.has(node)) yield node;
  }

  isClaimed(node: Syntax): boolean {
    return this.#claimed.has(node);
  }

  /** Adds a finding: an edit, or a mark. One that is left out by `--only` still claims its nodes. */
  add(finding: Finding): void {
    this.#claimed.add(finding.node);
    for (const node of finding.claims ?? []) this.#claimed.add(node);
    if (this.#only !== undefined && !this.#only.has(finding.rule)) return;
    if (finding.changes === undefined || !isCarriedAway(finding.node)) this.findings.push(finding);
    else {
      const { changes: _, ...rest } = finding;
      const reason =
        "The text of the function around it is run elsewhere, where this file's imports are not.";
      this.findings.push({ ...rest, class: "M", reason });
    }
  }

  slice(node: Syntax): string {
    return this.text.slice(node.start, node.end);
  }

  /** Whether a comment lies in the range, outside of the nodes that are kept. */
  hasComment(start: number, end: number, ...kept: readonly (Syntax | undefined)[]): boolean {
    return this.comments.some(
      (comment) =>
        comment.start >= start &&
        comment.end <= end &&
        !kept.some((node) => node !== undefined && comment.start >= node.start && comment.end <= node.end),
    );
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

  /** The binding that a declarator `const name = …` makes, when it is one plain name. */
  declared(declarator: Syntax | undefined): Binding | undefined {
    if (declarator?.type !== "VariableDeclarator" || declarator.id.type !== "Identifier") return undefined;
    return this.names.scopeOf(declarator.id).lookup(declarator.id.name);
  }

  /** The value a `const` was initialised with. */
  constant(node: Syntax): Syntax | undefined {
    if (node.type !== "Identifier") return undefined;
    const binding = this.names.binding(node);
    if (binding?.kind !== "const" || binding.declarations.length !== 1) return undefined;
    const declarator = (binding.declarations[0] as Syntax).parent;
    return declarator?.type === "VariableDeclarator" ? (declarator.init ?? undefined) : undefined;
  }

  #index(node: Syntax): void {
    const list = this.#byType.get(node.type);
    if (list === undefined) this.#byType.set(node.type, [node]);
    else list.push(node);
  }
}

/** The module named by `require("…")`. */
export function requiredModule(file: SourceFile, node: Syntax | null | undefined): string | undefined {
  if (node?.type !== "CallExpression" || !file.names.isGlobal(node.callee, "require")) return undefined;
  return node.arguments.length === 1 ? text(node.arguments[0]) : undefined;
}
