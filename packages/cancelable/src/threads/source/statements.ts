import { Expressions } from "./expressions.ts";
import { requireReadable } from "./scanner.ts";

/** Goes through statements, and collects the names in them. */
export class Statements extends Expressions {
  /** Goes behind the one expression that the text is. Whether that is all of the text. */
  whole(): boolean {
    const { scanner } = this;
    if (scanner.token === "async" && scanner.peek().token === "function") scanner.take();
    if (scanner.eat("function")) this.functionAfterKeyword(false, "outermost");
    else this.expression(false);
    return scanner.char === "";
  }

  protected override statements(): void {
    while (this.scanner.token !== "}" && this.scanner.char !== "") this.#statement();
  }

  #statement(): void {
    const { scanner } = this;
    const { word } = scanner;
    if (scanner.token === "{") return this.#block();
    if (scanner.eat(";")) return;
    if (word === undefined || !this.#keyword(word)) {
      const start = scanner.at;
      this.expression(true);
      requireReadable(scanner.at !== start);
    }
    scanner.eat(";");
  }

  /** Goes through a statement that begins with a keyword. Returns false if it is an expression. */
  #keyword(word: string): boolean {
    const { scanner } = this;
    const next = scanner.peek();
    switch (word) {
      case "function":
        scanner.take();
        this.functionAfterKeyword(true);
        return true;
      case "async":
        if (next.token !== "function" || next.isNewLine) return false;
        scanner.take();
        scanner.take();
        this.functionAfterKeyword(true);
        return true;
      case "class":
        scanner.take();
        this.classAfterKeyword(true);
        return true;
      case "if":
        scanner.take();
        this.#condition();
        this.#statement();
        if (scanner.eat("else")) this.#statement();
        return true;
      case "while":
        scanner.take();
        this.#condition();
        this.#statement();
        return true;
      case "debugger":
        scanner.take();
        return true;
      case "do":
        scanner.take();
        this.#statement();
        scanner.eat("while");
        this.#condition();
        return true;
      case "try":
        scanner.take();
        this.#block();
        this.#catch();
        if (scanner.eat("finally")) this.#block();
        return true;
      case "switch":
        this.#switch();
        return true;
      case "for":
        this.#for();
        return true;
      case "return":
      case "throw":
        scanner.take();
        if (!scanner.isNewLine) this.expression(true);
        return true;
      case "break":
      case "continue":
        scanner.take();
        if (!scanner.isNewLine && scanner.word !== undefined) scanner.take();
        return true;
    }
    if (this.#declarations()) return true;
    if (next.token !== ":") return false;
    scanner.take(); // a label
    scanner.eat(":");
    this.#statement();
    return true;
  }

  #block(): void {
    this.scanner.eat("{");
    this.names.inside(false, [], () => this.statements());
    this.scanner.eat("}");
  }

  #condition(): void {
    this.scanner.eat("(");
    this.expression(true);
    this.scanner.eat(")");
  }

  /** `var`, `let`, `const` or `using`, with its names. Returns false if the next statement is none of these. */
  #declarations(): boolean {
    const { scanner, names } = this;
    const { word } = scanner;
    if (word !== "var" && word !== "let" && word !== "const" && !this.#using()) return false;
    scanner.take();
    do this.binding((name) => (word === "var" ? names.declareVar(name) : names.declare(name)));
    while (scanner.eat(","));
    return true;
  }

  /** Whether the next statement is a declaration with `using`. Goes behind the `await` before it. */
  /* v8 ignore next -- @preserve Node 20 has no `using` */
  #using(): boolean {
    const { scanner } = this;
    if (scanner.token !== "using" && scanner.token !== "await") return false;
    const next = scanner.peek();
    if (scanner.token === "await" && next.token === "using" && !next.isNewLine) scanner.take();
    else if (scanner.token === "await" || next.isNewLine) return false;
    if (!/^[\p{ID_Start}$_]/u.test(next.token) || ["in", "of", "instanceof"].includes(next.token))
      return false;
    return true;
  }

  #for(): void {
    const { scanner, names } = this;
    scanner.take();
    scanner.eat("await");
    names.inside(false, [], () => {
      scanner.eat("(");
      if (!this.#declarations()) this.expression(true);
      while (!scanner.eat(")")) {
        scanner.take(); // `;`, `in` or `of`
        this.expression(true);
      }
      this.#statement();
    });
  }

  #catch(): void {
    const { scanner, names } = this;
    if (!scanner.eat("catch")) return;
    names.inside(false, [], () => {
      if (scanner.eat("(")) {
        this.binding((name) => names.declare(name));
        scanner.eat(")");
      }
      this.#block();
    });
  }

  #switch(): void {
    const { scanner, names } = this;
    scanner.take();
    this.#condition();
    scanner.eat("{");
    names.inside(false, [], () => {
      while (!scanner.eat("}")) {
        if (scanner.eat("case")) this.expression(true);
        else if (!scanner.eat("default")) {
          this.#statement();
          continue;
        }
        scanner.eat(":");
      }
    });
  }
}
