/** A part of the source in which names are declared. */
interface Scope {
  readonly parent: Scope | undefined;
  /** Whether `var` declares here. */
  readonly isFunction: boolean;
  readonly declared: Set<string>;
  readonly used: Set<string>;
}

/** Finds the names that a source uses and does not declare. */
export class Names {
  #scope: Scope = { parent: undefined, isFunction: true, declared: new Set(), used: new Set() };

  /** The names that are not declared so far, at the top. */
  get free(): ReadonlySet<string> {
    return this.#scope.used;
  }

  /** Runs `body` in a new scope, with these names declared. */
  inside(isFunction: boolean, declared: readonly string[], body: () => void): void {
    const parent = this.#scope;
    const scope: Scope = { parent, isFunction, declared: new Set(declared), used: new Set() };
    this.#scope = scope;
    body();
    this.#scope = parent;
    // A name can be declared after its use, so it is looked up when the scope ends.
    for (const name of scope.used) if (!scope.declared.has(name)) parent.used.add(name);
  }

  /** Runs `body`, and forgets the names that were used there if `body` returns false. */
  attempt(body: () => boolean): boolean {
    const scope = this.#scope;
    const attempted = { ...scope, used: new Set<string>() };
    this.#scope = attempted;
    const isRight = body();
    this.#scope = scope;
    if (isRight) for (const name of attempted.used) scope.used.add(name);
    return isRight;
  }

  use(name: string): void {
    this.#scope.used.add(name);
  }

  declare(name: string): void {
    this.#scope.declared.add(name);
  }

  /** As {@link declare}, for `var`. */
  declareVar(name: string): void {
    let scope = this.#scope;
    while (!scope.isFunction && scope.parent !== undefined) scope = scope.parent;
    scope.declared.add(name);
  }
}
