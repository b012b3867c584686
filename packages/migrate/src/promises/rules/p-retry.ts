import type { Change } from "../../engine/engine.ts";
import type { Finding } from "../finding.ts";
import type { PromiseRule } from "../promise-rule.ts";
import type { SourceFile } from "../source-file.ts";
import { bare, isConstant, isInlineFunction, keyName, plainArguments, type Syntax } from "../syntax.ts";

const suggestion = 'Use retry(fn, { attempts, backoff: { initial, max: null, jitter: "none" } }).';

/** The package `p-retry`. */
export const pRetry: PromiseRule = {
  rows: [
    {
      name: "p-retry",
      api: "p-retry",
      class: "R",
      summary:
        "With `retries`, `minTimeout`, `maxTimeout`, `factor` as constants, `signal` and `randomize: false`; other options, a function with unknown parameters, and files that use its `AbortError` are marked.",
      target: "retry(fn, { attempts, backoff })",
    },
  ],
  find(file) {
    const found = [...file.names.top.bindings.values()].flatMap((binding) => {
      const origin = file.imports.origin(binding);
      return origin?.module === "p-retry" ? [{ binding, name: origin.name }] : [];
    });
    const usesAbortError = found.some(({ name }) => name === "AbortError");
    for (const { binding, name } of found) {
      for (const use of binding.references) file.add(findingFor(file, use, name, usesAbortError));
    }
  },
};

function findingFor(file: SourceFile, use: Syntax, imported: string, usesAbortError: boolean): Finding {
  const base = {
    rule: "p-retry",
    api: imported === "default" ? "p-retry" : `p-retry.${imported}`,
    node: use,
  };
  const mark = (reason: string): Finding => ({ ...base, class: "M", reason, suggestion });
  const call = use.parent;
  if (imported === "AbortError")
    return mark("Throw an error for which `when` returns false; retry() throws the error itself.");
  if (imported !== "default" || call?.type !== "CallExpression" || call.callee !== use)
    return mark("It is not called here.");
  if (usesAbortError) return mark("The file uses the AbortError of p-retry, which it unwraps.");
  if (call.typeArguments) return mark("It has type arguments.");
  const [attempt, given, ...others] = plainArguments(call) ?? [];
  if (attempt === undefined || others.length > 0) return mark("Its arguments are spread.");
  const parameter = parameterChange(file, bare(attempt));
  if (parameter === undefined) return mark("The parameters of its function are not known.");
  const options = optionsText(file, given);
  if (options === undefined)
    return mark("It has options that `retry` has in another form, or that are no constants.");
  if (given !== undefined && file.hasComment(given.start, given.end))
    return mark("A rewrite would lose a comment.");
  return {
    ...base,
    class: "R",
    reason:
      "A TypeError is retried too, and an AbortError is not. A signal rejects with a cancellation, whose cause is the reason of the signal. A cancelled scope ends the attempt and the waits.",
    suggestion,
    changes: () => {
      file.imports.gone(use);
      const place =
        given === undefined
          ? { start: attempt.end, end: attempt.end, text: `, ${options}` }
          : { start: given.start, end: given.end, text: options };
      return [{ start: use.start, end: use.end, text: file.imports.use("retry", use) }, ...parameter, place];
    },
  };
}

/**
 * The changes of the parameter of an attempt: p-retry passes a number, and `retry` an object. Undefined if it cannot be
 * told which parameters the function has.
 */
function parameterChange(file: SourceFile, attempt: Syntax): readonly Change[] | undefined {
  const fn = functionOf(file, attempt);
  const params = fn?.params as Syntax[] | undefined;
  if (fn === undefined || params === undefined || params.length > 1) return undefined;
  const [param] = params;
  if (param === undefined) return [];
  if (fn !== attempt || param.type !== "Identifier" || param.typeAnnotation) return undefined;
  const pattern = param.name === "attempt" ? "{ attempt }" : `{ attempt: ${param.name} }`;
  const hasParentheses = file.text.slice(fn.start, param.start).includes("(");
  return [{ start: param.start, end: param.end, text: hasParentheses ? pattern : `(${pattern})` }];
}

/** A function in place, or the constant or declared function of this file that a name stands for. */
function functionOf(file: SourceFile, node: Syntax): Syntax | undefined {
  if (isInlineFunction(node)) return node;
  const constant = bare(file.constant(node));
  if (isInlineFunction(constant)) return constant;
  const declarations = file.names.binding(node)?.declarations;
  const declared = declarations?.length === 1 ? declarations[0]?.parent : undefined;
  return declared?.type === "FunctionDeclaration" && declared.id === declarations?.[0] ? declared : undefined;
}

/** The options of `retry`, with the defaults of p-retry. Undefined if there is no counterpart. */
function optionsText(file: SourceFile, given: Syntax | undefined): string | undefined {
  const literal = given === undefined ? undefined : bare(given);
  if (literal !== undefined && literal.type !== "ObjectExpression") return undefined;
  let attempts = "11";
  let signal = "";
  const backoff = { initial: "1000", factor: undefined as string | undefined, max: "null" };
  for (const property of (literal?.properties ?? []) as Syntax[]) {
    const name = keyName(property);
    const value = bare(property.value as Syntax | undefined);
    if (name === undefined || value === undefined || property.method) return undefined;
    const number = numberText(file, value);
    if (name === "signal") signal = `, ${property.shorthand ? "signal" : `signal: ${file.slice(value)}`}`;
    else if (name === "randomize" && value.type === "Literal" && value.value === false) continue;
    else if (number === undefined) return undefined;
    else if (name === "retries") attempts = oneMore(number);
    else if (name === "minTimeout") backoff.initial = number;
    else if (name === "maxTimeout") backoff.max = number;
    else if (name === "factor" && Number(number) >= 1) backoff.factor = number;
    else return undefined;
  }
  const factor = backoff.factor === undefined ? "" : ` factor: ${backoff.factor},`;
  return `{ attempts: ${attempts}, backoff: { initial: ${backoff.initial},${factor} max: ${backoff.max}, jitter: "none" }${signal} }`;
}

/** The source of a constant number: `3`, `60 * 1000`, `Infinity`, or the name of a constant with such a value. */
function numberText(file: SourceFile, value: Syntax): string | undefined {
  if (file.isGlobal(value, "Infinity")) return "Infinity";
  const constant = bare(file.constant(value)) ?? value;
  const isNumber = !/["'`]|null|true|false/.test(file.slice(constant));
  return isConstant(constant) && isNumber ? file.slice(value) : undefined;
}

function oneMore(number: string): string {
  if (number === "Infinity") return number;
  return /^\d+$/.test(number) ? String(Number(number) + 1) : `${number} + 1`;
}
