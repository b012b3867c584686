/*
 * Reads the expressions of a function that is sent to a thread, for the names that they use. This file is long because the kinds of
 * expressions contain each other: functions, classes, objects, templates and calls are read by one recursion.
 */

import { Names } from "./names.ts";
import { requireReadable, Scanner } from "./scanner.ts";

/** Keywords that stand before an operand. */
const prefixes = new Set(["await", "delete", "new", "typeof", "void", "yield"]);
/** Keywords that an expression cannot begin with: where one stands, the expression has ended. */
const ends = new Set(
  "break case catch const continue debugger default do else export extends finally for if in instanceof let return switch throw try var while with".split(
    " ",
  ),
);
/** The signs at which an expression ends. */
const closing = new Set([")", "]", "}", ";", ":", ",", ""]);
const operators = /^[-=+*/%<>!&|^~?]/;

/** What a function is, for the names that it has without a declaration. */
export type FunctionKind = "arrow" | "outermost" | "function" | "method";
const implicit: Readonly<Record<FunctionKind, readonly string[]>> = {
  arrow: [],
  // The outermost function is called without `this`.
  outermost: ["arguments", "new.target"],
  function: ["this", "arguments", "new.target"],
  method: ["this", "arguments", "new.target", "super"],
};

/**
 * Goes through expressions, and collects the names in them. The source is correct, so the order of operators does not
 * matter: an expression is a row of operands and operators.
 */
export abstract class Expressions {
  readonly names: Names = new Names();
  protected readonly scanner: Scanner;

  constructor(text: string) {
    this.scanner = new Scanner(text);
  }

  /** Goes through the statements of a block, up to its `}`. */
  protected abstract statements(): void;

  /** Goes behind an expression. Without `commas` it ends at a comma. */
  protected expression(commas: boolean): void {
    const { scanner } = this;
    for (;;) {
      const isWhole = this.#operand();
      if (!isWhole) this.#postfixes();
      const { token } = scanner;
      if (token === "," && commas) scanner.take();
      else if (isWhole)
        return; // only a comma can follow an arrow function
      else if (token === "?") {
        scanner.take();
        this.expression(false);
        scanner.eat(":");
      } else if (operators.test(token) || token === "in" || token === "instanceof") scanner.take();
      else return;
    }
  }

  /** Goes behind one operand with its prefixes, if there is one. Whether the operand was an arrow function. */
  #operand(): boolean {
    const { scanner, names } = this;
    for (;;) {
      const { char } = scanner;
      const { token } = scanner;
      if (closing.has(token) || ends.has(token)) return false;
      if (char === "`") return this.#template();
      if (token === "(") return this.#parentheses();
      if (token === "[") return this.#bracket("]");
      if (token === "{") return this.#object();
      if (scanner.takeLiteral()) return false;
      requireReadable(char !== "/");
      const isPrefix = prefixes.has(token);
      if (!isPrefix && scanner.word !== undefined) return this.#word(scanner.take());
      // A sign before the operand, or a prefix.
      scanner.take();
      if (token === "new" && scanner.eat(".")) {
        scanner.take();
        names.use("new.target");
        return false;
      }
      if (token === "yield" && scanner.isNewLine) return false;
      if (token === "typeof" && this.#isPlainName()) {
        // `typeof name` is no error where there is no such name.
        scanner.take();
        return false;
      }
    }
  }

  #isPlainName(): boolean {
    const { word } = this.scanner;
    if (word === undefined || ["this", "function", "class", "async", "import", "super"].includes(word))
      return false;
    return !prefixes.has(word) && ![".", "?.", "(", "[", "`"].includes(this.scanner.peek().token);
  }

  /** An operand that begins with a word. */
  #word(word: string): boolean {
    const { scanner, names } = this;
    if (word === "function") return this.functionAfterKeyword(false);
    if (word === "class") return this.classAfterKeyword(false);
    if (word === "async" && !scanner.isNewLine) {
      if (scanner.eat("function")) return this.functionAfterKeyword(false);
      if (scanner.token === "(") {
        if (this.#parentheses()) return true;
        names.use("async"); // the call of a function with this name
        return false;
      }
      if (scanner.word !== undefined && scanner.peek().token === "=>") return this.#word(scanner.take());
    }
    if (word === "import") {
      // `import.meta`, or `import()`, whose argument is a postfix.
      /* v8 ignore if -- @preserve only in modules, where test runners replace it */
      if (scanner.eat(".")) names.use(`import.${scanner.take()}`);
      return false;
    }
    if (scanner.token === "=>") {
      names.inside(true, [word], () => this.#arrowBody());
      return true;
    }
    if (!["true", "false", "null"].includes(word) && !word.startsWith("#")) names.use(word);
    return false;
  }

  /** Everything that can follow an operand directly. */
  #postfixes(): void {
    const { scanner } = this;
    for (;;) {
      const { token } = scanner;
      if (token === "." || token === "?.") {
        scanner.take();
        if (scanner.word !== undefined) scanner.take();
      } else if (token === "(") this.#bracket(")");
      else if (token === "[") this.#bracket("]");
      else if (token === "`") this.#template();
      else if ((token === "++" || token === "--") && !scanner.isNewLine) scanner.take();
      else return;
    }
  }

  /** A list of expressions between the next token and `end`. */
  #bracket(end: string): false {
    this.scanner.take();
    this.expression(true);
    requireReadable(this.scanner.eat(end));
    return false;
  }

  #template(): false {
    const { scanner } = this;
    scanner.at++;
    for (;;) {
      const { char } = scanner;
      requireReadable(char !== "");
      if (char === "`") {
        scanner.skip(1);
        return false;
      }
      if (scanner.text.startsWith("${", scanner.at)) {
        scanner.skip(2);
        this.expression(true);
        scanner.at++; // the brace; the space behind it is text
      } else scanner.at += char === "\\" ? 2 : 1;
    }
  }

  /** An expression in parentheses, or the parameters and the body of an arrow function. */
  #parentheses(): boolean {
    const { scanner, names } = this;
    const start = scanner.at;
    const isExpression = names.attempt(() => {
      this.#bracket(")");
      return scanner.token !== "=>" || scanner.isNewLine;
    });
    if (isExpression) return false;
    scanner.at = start;
    names.inside(true, implicit.arrow, () => {
      this.#parameters();
      this.#arrowBody();
    });
    return true;
  }

  #arrowBody(): void {
    this.scanner.eat("=>");
    if (this.scanner.token === "{") this.#body();
    else this.names.inside(true, [], () => this.expression(false));
  }

  /** The body of a function: names that it declares do not exist in the parameters. */
  #body(): void {
    this.scanner.eat("{");
    this.names.inside(true, [], () => this.statements());
    this.scanner.eat("}");
  }

  #parameters(): void {
    this.scanner.eat("(");
    while (!this.scanner.eat(")")) {
      this.scanner.eat("...");
      this.binding((name) => this.names.declare(name));
      this.scanner.eat(",");
    }
  }

  /** Parameters and body. */
  protected callable(kind: FunctionKind, name?: string): void {
    this.names.inside(true, name === undefined ? [] : [name], () =>
      this.names.inside(true, implicit[kind], () => {
        this.#parameters();
        this.#body();
      }),
    );
  }

  /** The rest of a function. A declaration has declared its name before. */
  protected functionAfterKeyword(isDeclaration: boolean, kind: FunctionKind = "function"): false {
    const { scanner } = this;
    scanner.eat("*");
    const name = scanner.word === undefined ? undefined : scanner.take();
    if (isDeclaration && name !== undefined) this.names.declare(name);
    this.callable(kind, name);
    return false;
  }

  /** The rest of a class. */
  protected classAfterKeyword(isDeclaration: boolean): false {
    const { scanner, names } = this;
    const isNamed = scanner.word !== undefined && scanner.word !== "extends";
    const name = isNamed ? scanner.take() : undefined;
    if (isDeclaration && name !== undefined) names.declare(name);
    names.inside(false, name === undefined ? [] : [name], () => {
      if (scanner.eat("extends")) {
        this.#operand();
        this.#postfixes();
      }
      scanner.eat("{");
      while (!scanner.eat("}")) this.#member(";", "}");
    });
    return false;
  }

  #object(): false {
    this.scanner.eat("{");
    while (!this.scanner.eat("}")) this.#member(",", "}");
    return false;
  }

  /** A member of an object (`separator` is a comma) or of a class. */
  #member(separator: string, end: string): void {
    const { scanner, names } = this;
    if (scanner.eat(separator)) return;
    if (scanner.eat("...")) return this.expression(false);
    const start = scanner.at;
    const inClass = separator === ";";
    let name = "";
    for (;;) {
      if (scanner.eat("*")) continue;
      name = scanner.word ?? "";
      const next = scanner.token === "[" ? undefined : scanner.peek();
      const isModifier = ["get", "set", "async", "static", "accessor"].includes(name);
      if (!isModifier || next === undefined || ["(", "=", ":", ",", ";", "}"].includes(next.token)) break;
      // In a class, `get` at the end of a line can be the name of a field: its value is not set, so nothing is lost.
      scanner.take();
      if (name === "static" && scanner.token === "{") {
        scanner.take();
        names.inside(true, implicit.method, () => this.statements());
        scanner.eat("}");
        return;
      }
    }
    if (scanner.token === "[") this.#bracket("]");
    else if (name !== "") scanner.take();
    else scanner.takeLiteral();
    if (scanner.token === "(") this.callable("method");
    else if (scanner.eat(":")) this.expression(false);
    else if (inClass) {
      if (scanner.eat("=")) names.inside(true, implicit.method, () => this.expression(false));
      requireReadable(scanner.at !== start);
    } else {
      names.use(name);
      if (scanner.eat("="))
        this.expression(false); // in a pattern
      else requireReadable(scanner.token === separator || scanner.token === end);
    }
  }

  /** A name or a pattern that is declared, with its default. */
  protected binding(declare: (name: string) => void): void {
    const { scanner } = this;
    if (scanner.eat("[")) {
      while (!scanner.eat("]")) {
        if (scanner.eat(",")) continue;
        scanner.eat("...");
        this.binding(declare);
      }
    } else if (scanner.eat("{")) {
      while (!scanner.eat("}")) {
        if (scanner.eat(",")) continue;
        if (scanner.eat("...")) this.binding(declare);
        else this.#property(declare);
      }
    } else declare(scanner.take());
    if (scanner.eat("=")) this.expression(false);
  }

  #property(declare: (name: string) => void): void {
    const { scanner } = this;
    const name = scanner.word;
    if (scanner.token === "[") this.#bracket("]");
    else if (name === undefined) scanner.takeLiteral();
    else if (scanner.peek().token !== ":") return this.binding(declare);
    else scanner.take();
    scanner.eat(":");
    this.binding(declare);
  }
}
