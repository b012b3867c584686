import type { ts as TypeScript } from "ts-morph";
import type { Syntax } from "./syntax.ts";
import type { TypeProgram } from "./type-program.ts";

/** The knowledge of the type checker about expressions, by their ranges. */
export interface TypeFacts {
  isNumber(node: Syntax): boolean;
  /** Whether the type is a number, `undefined` or `null`. */
  isOptionalNumber(node: Syntax): boolean;
  isAbortSignal(node: Syntax): boolean;
  isPromise(node: Syntax): boolean;
  /** Whether a call that is a statement returns a promise. */
  isFloating(node: Syntax): boolean;
}

/** The facts about a file for an edited text of it. */
export function shiftedFacts(facts: TypeFacts, toOriginal: (offset: number) => number): TypeFacts {
  const original = (node: Syntax): Syntax => ({
    ...node,
    start: toOriginal(node.start),
    end: toOriginal(node.end),
  });
  return {
    isNumber: (node) => facts.isNumber(original(node)),
    isOptionalNumber: (node) => facts.isOptionalNumber(original(node)),
    isAbortSignal: (node) => facts.isAbortSignal(original(node)),
    isPromise: (node) => facts.isPromise(original(node)),
    isFloating: (node) => facts.isFloating(original(node)),
  };
}

/** The facts about a file of a program; undefined if the program does not have the file. */
export function factsOf({ api, original }: TypeProgram, path: string): TypeFacts | undefined {
  const source = original.getSourceFile(path);
  return source === undefined ? undefined : new CheckedFile(api, original.getTypeChecker(), source);
}

class CheckedFile implements TypeFacts {
  readonly #api: typeof TypeScript;
  readonly #checker: TypeScript.TypeChecker;
  readonly #source: TypeScript.SourceFile;
  #floating: Set<number> | undefined;

  constructor(api: typeof TypeScript, checker: TypeScript.TypeChecker, source: TypeScript.SourceFile) {
    this.#api = api;
    this.#checker = checker;
    this.#source = source;
  }

  isNumber(node: Syntax): boolean {
    const type = this.#typeAt(node);
    return type !== undefined && this.#is(type, this.#api.TypeFlags.NumberLike);
  }

  isOptionalNumber(node: Syntax): boolean {
    const type = this.#typeAt(node);
    if (type?.isUnion() !== true || this.isNumber(node)) return false;
    const { NumberLike, Undefined, Null } = this.#api.TypeFlags;
    return type.types.every((part) => this.#is(part, NumberLike | Undefined | Null));
  }

  isAbortSignal(node: Syntax): boolean {
    const type = this.#typeAt(node);
    return type !== undefined && this.#checker.getNonNullableType(type).symbol?.name === "AbortSignal";
  }

  isPromise(node: Syntax): boolean {
    const type = this.#typeAt(node);
    return type !== undefined && !type.isUnion() && isPromise(type);
  }

  isFloating(node: Syntax): boolean {
    this.#floating ??= this.#findFloating();
    return this.#floating.has(node.start);
  }

  /** Whether all parts of a type have one of the flags. */
  #is(type: TypeScript.Type, flags: number): boolean {
    return type.isUnion() ? type.types.every((part) => this.#is(part, flags)) : (type.flags & flags) !== 0;
  }

  #findFloating(): Set<number> {
    const found = new Set<number>();
    const visit = (node: TypeScript.Node): void => {
      if (this.#api.isExpressionStatement(node) && this.#api.isCallExpression(node.expression)) {
        const call = node.expression;
        if (isPromise(this.#checker.getTypeAtLocation(call))) found.add(call.getStart(this.#source));
      }
      this.#api.forEachChild(node, visit);
    };
    visit(this.#source);
    return found;
  }

  /** The type of the innermost expression with exactly the range of the node. */
  #typeAt(node: Syntax): TypeScript.Type | undefined {
    let found: TypeScript.Node | undefined;
    let at: TypeScript.Node | undefined = this.#source;
    while (at !== undefined) {
      if (at.end === node.end && at.getStart(this.#source) === node.start) found = at;
      at = this.#api.forEachChild(at, (child) =>
        child.pos <= node.start && child.end >= node.end ? child : undefined,
      );
    }
    return found === undefined ? undefined : this.#checker.getTypeAtLocation(found);
  }
}

/** Whether a type is a promise, or a union with one. */
function isPromise(type: TypeScript.Type): boolean {
  return type.isUnion() ? type.types.some(isPromise) : type.symbol?.name === "Promise";
}
