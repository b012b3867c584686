import { Statements } from "./statements.ts";

/** A function as a text that another thread can compile. */
export interface FunctionSource {
  readonly text: string;
  /** The globals that the function uses. */
  readonly globals: readonly string[];
}

const sources = new WeakMap<object, FunctionSource>();

/**
 * The source of a function that uses nothing from outside of itself except globals.
 *
 * @throws TypeError that names the function, and everything that it uses from outside of itself.
 */
export function sourceOf(fn: (...args: never[]) => unknown): FunctionSource {
  let source = sources.get(fn);
  if (source === undefined) {
    source = read(fn);
    sources.set(fn, source);
  }
  return source;
}

function read(fn: (...args: never[]) => unknown): FunctionSource {
  const text = Function.prototype.toString.call(fn);
  if (/\{\s*\[native code\]\s*\}\s*$/.test(text))
    throw refusal(fn, "its source is not available (a bound or native function)");
  if (/^class\b/.test(text)) throw refusal(fn, "it is a class");
  const statements = new Statements(text);
  let isWhole: boolean;
  try {
    isWhole = statements.whole();
  } catch (error) {
    /* v8 ignore next -- @preserve no host has such syntax yet */
    throw refusal(fn, (error as Error).message); // a SyntaxError
  }
  if (!isWhole) throw refusal(fn, "it is a method");
  const names = [...statements.names.free];
  const outside = names.filter((name) => !(name in globalThis));
  if (outside.length > 0) throw refusal(fn, `it uses ${outside.join(", ")} from outside of itself`);
  return { text, globals: names };
}

function refusal(fn: (...args: never[]) => unknown, reason: string): TypeError {
  const name = fn.name === "" ? "The function" : `The function ${fn.name}`;
  return Object.assign(
    new TypeError(
      `${name} cannot be sent to another thread: ${reason}; pass values in args, or give the module and the name of an export`,
    ),
    { code: "ERR_INVALID_ARG_VALUE" },
  );
}

/**
 * Compiles the source in this thread, in strict mode as in a module.
 *
 * @throws ReferenceError that names the globals that this thread does not have.
 */
export function compile({ text, globals }: FunctionSource): (...args: readonly unknown[]) => unknown {
  const missing = globals.filter((name) => !(name in globalThis));
  if (missing.length > 0) throw new ReferenceError(`a thread has no global ${missing.join(", ")}`);
  // Not a direct call of `eval`, which would see the names of this module.
  const evaluate = globalThis.eval;
  return evaluate(`"use strict";(${text}\n)`);
}
