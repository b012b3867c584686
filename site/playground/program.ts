/** The names of the modules that a program can import. */
export type Modules = Readonly<Record<string, object>>;

type Body = (modules: Modules) => Promise<unknown>;
const AsyncFunction = (async () => {}).constructor as new (parameter: string, code: string) => Body;

const imports = /^([ \t]*)import\s*\{([^}]*)\}\s*from\s*(["'])([^"']+)\3[ \t]*;?/gm;

/**
 * Makes a function of a program. Imports by name become declarations, on as many lines.
 *
 * @throws SyntaxError for a program with an error, and for an import of another module. EvalError if the policy of the page
 *   forbids code that is made from text.
 */
export function compile(code: string, modules: Modules): () => Promise<unknown> {
  const known = Object.keys(modules);
  const body = code.replace(imports, (_, indent: string, names: string, _quote, from: string) => {
    if (!known.includes(from))
      throw new SyntaxError(`there is no module "${from}" here, only ${known.join(" and ")}`);
    const missing = names
      .split(",")
      .map((name) => name.trim().split(/\s+as\s+/)[0] ?? "")
      .find((name) => name !== "" && !(name in (modules[from] as object)));
    if (missing !== undefined) throw new SyntaxError(`"${from}" has no export named ${missing}`);
    return `${indent}const {${names.replace(/\bas\b/g, ":")}} = modules[${JSON.stringify(from)}];`;
  });
  const run = new AsyncFunction("modules", `"use strict";${body}\n`);
  return () => run(modules);
}

/** A value as the console shows it, in one text. */
export function printed(value: unknown): string {
  if (typeof value === "string") return value;
  if (value instanceof Error) return `${value.name}: ${value.message}`;
  if (typeof value === "object" && value !== null) {
    try {
      return JSON.stringify(value) ?? String(value);
    } catch {
      // A circle, or a getter that throws.
    }
  }
  try {
    return String(value);
  } catch {
    return "[object]";
  }
}
