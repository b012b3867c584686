import { type Comment, parse } from "./parse.ts";
import { Names } from "./scopes.ts";
import { type Syntax, text } from "./syntax.ts";

/** The text of a file with its syntax tree, its comments and its names. */
export class ParsedFile {
  readonly path: string;
  readonly text: string;
  readonly program: Syntax;
  readonly comments: readonly Comment[];
  /** Whether the file has an `import` or `export`. */
  readonly hasModuleSyntax: boolean;
  readonly isTypeScript: boolean;
  readonly names: Names;
  readonly #byType = new Map<string, Syntax[]>();
  #members: Map<string, Syntax[]> | undefined;

  constructor(path: string, source: string) {
    const { program, comments, hasModuleSyntax } = parse(path, source);
    this.path = path;
    this.text = source;
    this.program = program;
    this.comments = comments;
    this.hasModuleSyntax = hasModuleSyntax;
    this.isTypeScript = /\.[cm]?tsx?$/i.test(path);
    this.names = new Names(program, (node) => this.#index(node));
  }

  /** All nodes of a type, in the order of the source. */
  allNodes(type: string): readonly Syntax[] {
    return this.#byType.get(type) ?? [];
  }

  /** All expressions `object.name`, in the order of the source. A private name starts with `#`. */
  membersNamed(name: string): readonly Syntax[] {
    this.#members ??= indexMembers(this.allNodes("MemberExpression"));
    return this.#members.get(name) ?? [];
  }

  slice(node: Syntax): string {
    return this.text.slice(node.start, node.end);
  }

  /** Whether a comment lies in the range but not in one of the kept nodes. */
  hasComment(start: number, end: number, ...kept: readonly (Syntax | undefined)[]): boolean {
    return this.comments.some(
      (comment) =>
        comment.start >= start &&
        comment.end <= end &&
        !kept.some((node) => node !== undefined && comment.start >= node.start && comment.end <= node.end),
    );
  }

  #index(node: Syntax): void {
    const list = this.#byType.get(node.type);
    if (list === undefined) this.#byType.set(node.type, [node]);
    else list.push(node);
  }
}

function indexMembers(members: readonly Syntax[]): Map<string, Syntax[]> {
  const index = new Map<string, Syntax[]>();
  for (const member of members) {
    if (member.computed) continue;
    const name = nameOfKey(member.property);
    const list = index.get(name);
    if (list === undefined) index.set(name, [member]);
    else list.push(member);
  }
  return index;
}

/** The name of a property: `x`, or `#x` for a private one. */
export function nameOfKey(key: Syntax): string {
  return key.type === "PrivateIdentifier" ? `#${key.name}` : String(key.name ?? key.value);
}

/** The module name in `require("…")`. */
export function requiredModule(file: ParsedFile, node: Syntax | null | undefined): string | undefined {
  if (node?.type !== "CallExpression" || !file.names.isGlobal(node.callee, "require")) return undefined;
  return node.arguments.length === 1 ? text(node.arguments[0]) : undefined;
}
