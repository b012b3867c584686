import { existsSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import type * as Morph from "ts-morph";
import type { Syntax } from "./syntax.ts";

/** What the type checker knows of expressions, by their place. */
export interface TypeFacts {
  isNumber(node: Syntax): boolean;
  isAbortSignal(node: Syntax): boolean;
  isPromise(node: Syntax): boolean;
  /** Whether a call that is a statement makes a promise. */
  isFloating(node: Syntax): boolean;
}

/** The facts about a file, for a text that edits have been made in. */
export function shiftedFacts(facts: TypeFacts, toOriginal: (offset: number) => number): TypeFacts {
  const original = (node: Syntax): Syntax => ({
    ...node,
    start: toOriginal(node.start),
    end: toOriginal(node.end),
  });
  return {
    isNumber: (node) => facts.isNumber(original(node)),
    isAbortSignal: (node) => facts.isAbortSignal(original(node)),
    isPromise: (node) => facts.isPromise(original(node)),
    isFloating: (node) => facts.isFloating(original(node)),
  };
}

/** Programs by their `tsconfig.json`: building one takes seconds. */
const projects = new Map<string, Morph.Project>();

/**
 * Facts about one file, from TypeScript with the nearest `tsconfig.json`.
 *
 * @throws Error when `ts-morph` is not installed.
 */
export async function loadTypes(path: string, text: string): Promise<TypeFacts> {
  const morph = await loadMorph();
  const full = resolve(path);
  const config = nearestConfig(dirname(full));
  const project = projectFor(morph, config ?? "");
  const source =
    project.addSourceFileAtPathIfExists(full) ?? project.createSourceFile(full, text, { overwrite: true });
  if (source.getFullText() !== text) source.replaceWithText(text);
  return new CheckedFile(morph, source);
}

class CheckedFile implements TypeFacts {
  readonly #morph: typeof Morph;
  readonly #source: Morph.SourceFile;
  #floating: Set<number> | undefined;

  constructor(morph: typeof Morph, source: Morph.SourceFile) {
    this.#morph = morph;
    this.#source = source;
  }

  isNumber(node: Syntax): boolean {
    const type = this.#typeAt(node);
    return type !== undefined && (type.isNumber() || type.isNumberLiteral());
  }

  isAbortSignal(node: Syntax): boolean {
    const type = this.#typeAt(node)?.getNonNullableType();
    return type?.getSymbol()?.getName() === "AbortSignal";
  }

  isPromise(node: Syntax): boolean {
    const type = this.#typeAt(node);
    return type !== undefined && !type.isUnion() && isPromise(type);
  }

  isFloating(node: Syntax): boolean {
    this.#floating ??= this.#findFloating();
    return this.#floating.has(node.start);
  }

  #findFloating(): Set<number> {
    const found = new Set<number>();
    const { SyntaxKind } = this.#morph;
    for (const statement of this.#source.getDescendantsOfKind(SyntaxKind.ExpressionStatement)) {
      const expression = statement.getExpression();
      if (expression.getKind() !== SyntaxKind.CallExpression) continue;
      if (isPromise(expression.getType())) found.add(expression.getStart());
    }
    return found;
  }

  /** The type of the expression that covers exactly the node's range. */
  #typeAt(node: Syntax): Morph.Type | undefined {
    let at = this.#source.getDescendantAtPos(node.start);
    while (at !== undefined && at.getStart() === node.start && at.getEnd() < node.end) at = at.getParent();
    return at !== undefined && at.getStart() === node.start && at.getEnd() === node.end
      ? at.getType()
      : undefined;
  }
}

/** A type with a `then` that takes two callbacks, and no `catch` that was called before. */
function isPromise(type: Morph.Type): boolean {
  if (type.isAny() || type.isUnknown()) return false;
  if (type.isUnion()) return type.getUnionTypes().some(isPromise);
  return type.getSymbol()?.getName() === "Promise";
}

async function loadMorph(): Promise<typeof Morph> {
  try {
    return await import("ts-morph");
  } catch {
    throw new Error(
      "--types needs the package ts-morph, which is not installed: npm install --save-dev ts-morph@28",
    );
  }
}

function projectFor(morph: typeof Morph, config: string): Morph.Project {
  let project = projects.get(config);
  if (project === undefined) {
    project = config
      ? new morph.Project({ tsConfigFilePath: config, compilerOptions: { allowJs: true } })
      : new morph.Project({
          compilerOptions: { allowJs: true, strict: true, lib: ["lib.es2022.d.ts", "lib.dom.d.ts"] },
        });
    projects.set(config, project);
  }
  return project;
}

const configs = new Map<string, string | undefined>();

function nearestConfig(folder: string): string | undefined {
  if (configs.has(folder)) return configs.get(folder);
  const here = join(folder, "tsconfig.json");
  const above = dirname(folder);
  const found = existsSync(here) ? here : above === folder ? undefined : nearestConfig(above);
  configs.set(folder, found);
  return found;
}
