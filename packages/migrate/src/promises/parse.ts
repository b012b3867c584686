import { type ParserOptions, parseSync } from "oxc-parser";
import type { Syntax } from "./syntax.ts";

export interface Comment {
  readonly type: "Line" | "Block";
  readonly value: string;
  readonly start: number;
  readonly end: number;
}

interface Parsed {
  readonly program: Syntax;
  readonly comments: readonly Comment[];
  readonly hasModuleSyntax: boolean;
}

/** The languages to try for a path. `.js` files often hold JSX, `.ts` files never do. */
function languages(path: string): Array<NonNullable<ParserOptions["lang"]>> {
  if (/\.tsx$/i.test(path)) return ["tsx"];
  if (/\.[cm]?ts$/i.test(path)) return ["ts"];
  return ["jsx"];
}

/** The native parser ends the process where its stack ends, so deeper texts are refused before. */
const deepest = 4_000;

/** Whether brackets are nested too deeply. Brackets in strings count too; that is harmless at this depth. */
function isTooDeep(text: string): boolean {
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 40 || code === 91 || code === 123) {
      if (++depth > deepest) return true;
    } else if ((code === 41 || code === 93 || code === 125) && depth > 0) depth--;
  }
  return false;
}

/**
 * Parses a text without its byte order mark. Offsets are UTF-16 units.
 *
 * @throws SyntaxError with the first message of the parser.
 */
export function parse(path: string, text: string): Parsed {
  if (isTooDeep(text)) throw new SyntaxError("is nested too deeply to be analyzed");
  let message = "cannot be parsed";
  const isCommonJs = /\.c[jt]s$/i.test(path);
  // A sloppy script may use syntax that modules forbid: `with`, octal numbers, `await` as a name.
  for (const lang of languages(path)) {
    for (const sourceType of isCommonJs ? (["commonjs"] as const) : (["module", "commonjs"] as const)) {
      const result = parseSync(path, text, { lang, sourceType, preserveParens: true });
      if (!result.errors.some((error) => error.severity === "Error")) {
        return {
          program: result.program as unknown as Syntax,
          comments: result.comments,
          hasModuleSyntax: result.module.hasModuleSyntax,
        };
      }
      message = result.errors[0]?.message ?? message;
    }
  }
  throw new SyntaxError(message);
}
