// Finds the messages of the packages in their sources: the errors that are constructed, the warnings, the lines of `main()`,
// and the names under which errors go to the reporter. A part of a message that is not a constant is `…`.
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { transformSync } from "esbuild";
import { parseAst } from "rollup/parseAst";

export const root = fileURLToPath(new URL("../..", import.meta.url));

/** The packages whose messages the page has. The migration tools are programs, which print no codes. */
const packages = ["cancelable", "integrations", "backends", "terminal"];

/**
 * @typedef {{ kind: "usage" | "error" | "warning" | "line" | "source", name: string, text: string, file: string }} Message
 * `name` is the code of a usage error, or the class of another error.
 */

/** The texts of the variables of a file that have one declaration, by name. @type {Map<string, unknown>} */
let declared = new Map();

/** Notes the variables of a file whose value is a text. */
function declare(tree) {
  declared = new Map();
  walk(tree, (node) => {
    if (node.type !== "VariableDeclarator" || node.id.type !== "Identifier") return;
    const isText = ["TemplateLiteral", "Literal", "BinaryExpression"].includes(node.init?.type);
    declared.set(node.id.name, isText && !declared.has(node.id.name) ? node.init : undefined);
  });
}

/** The text of an expression, with `…` for a part that is not constant. @returns {string} */
function textOf(node) {
  switch (node?.type) {
    case "Identifier": {
      const text = declared.get(node.name);
      return text === undefined ? "…" : textOf(text);
    }
    case "Literal":
      return typeof node.value === "string" ? node.value : "…";
    case "TemplateLiteral":
      return node.quasis
        .map(({ value }, index) => {
          const inner = node.expressions[index];
          return value.cooked + (inner === undefined ? "" : textOf(inner));
        })
        .join("");
    case "BinaryExpression":
      return node.operator === "+" ? textOf(node.left) + textOf(node.right) : "…";
    default:
      return "…";
  }
}

const tidy = (/** @type {string} */ text) =>
  text
    .replace(/…(\s*…)+/g, "…")
    .replace(/"…"/g, "…")
    .trim();

/** Calls `visit` for each node of a syntax tree. */
function walk(node, visit) {
  if (node === null || typeof node !== "object") return;
  if (typeof node.type === "string") visit(node);
  for (const value of Object.values(node)) {
    if (Array.isArray(value)) for (const one of value) walk(one, visit);
    else if (typeof value === "object") walk(value, visit);
  }
}

/** @type {Record<string, string> | undefined} */
let sentences;

/** The sentences of the usage errors, by code. @returns {Record<string, string>} */
export function usageSentences() {
  if (sentences !== undefined) return sentences;
  /** @type {Record<string, string>} */
  const found = {};
  const source = readFileSync(`${root}packages/cancelable/src/usage-error.ts`, "utf8");
  walk(parseAst(transformSync(source, { loader: "ts" }).code), (node) => {
    if (node.type !== "VariableDeclarator" || node.id.name !== "table") return;
    for (const { key, value } of node.init.properties) found[key.name] = value.value;
  });
  sentences = found;
  return found;
}

/** The message of a call or of a construction. @returns {Omit<Message, "file"> | undefined} */
function messageOf(node) {
  const [first, second, third] = node.arguments;
  if (node.type === "NewExpression" && node.callee.type === "Identifier") {
    const { name } = node.callee;
    if (name === "UsageError" && first?.type === "Literal") {
      const detail = third === undefined ? "" : ` (${textOf(third)})`;
      // Each object that has a label and gives it to a usage error is an operation.
      const subject = second.property?.name === "label" ? "operation …" : textOf(second);
      return {
        kind: "usage",
        name: first.value,
        text: `${subject} ${usageSentences()[first.value]}${detail}.`,
      };
    }
    if (name === "AggregateError") return { kind: "error", name, text: textOf(second) };
    if (/(Error|Cancellation)$/.test(name)) return { kind: "error", name, text: textOf(first) };
  }
  if (node.type !== "CallExpression") return undefined;
  const { callee } = node;
  const name = callee.type === "MemberExpression" ? callee.property.name : callee.name;
  if (callee.type === "Super") {
    const at = node.arguments.find(
      (one) => textOf(one).includes(" ") || (one.type === "TemplateLiteral" && textOf(one) !== "…"),
    );
    return at === undefined ? undefined : { kind: "error", name: "", text: textOf(at) };
  }
  if (name === "warn")
    return { kind: "warning", name: "warn", text: textOf(callee.type === "Identifier" ? first : second) };
  if (name === "report" && callee.type === "Identifier")
    return { kind: "source", name, text: textOf(second) };
  if (name === "writeLine" || name === "failed" || name === "stop") {
    const text = textOf(first);
    return text.includes(" ") ? { kind: "line", name, text } : undefined;
  }
  return undefined;
}

/** The reason of a cancellation, if the code gives it as a constant. */
function reasonOf({ type, callee, arguments: [first] }) {
  const name = callee.property?.name ?? callee.name ?? "";
  const isReason =
    type === "NewExpression" ? /Cancellation(Error)?$/.test(name) : /^cancel(For)?$/.test(name);
  return isReason && typeof first?.value === "string" && !first.value.includes(" ") ? first.value : undefined;
}

/**
 * All messages, codes and reasons of cancellations that are constants in the sources.
 *
 * @returns {{ messages: Message[], codes: Set<string>, reasons: Set<string> }}
 */
export function extract() {
  /** @type {Message[]} */
  const messages = [];
  const codes = new Set();
  const reasons = new Set();
  for (const name of packages) {
    const folder = `packages/${name}/src`;
    const files = readdirSync(`${root}${folder}`, { recursive: true }).map(String);
    for (const file of files.filter((one) => one.endsWith(".ts")).sort()) {
      const path = `${folder}/${file.replaceAll("\\", "/")}`;
      const { code } = transformSync(readFileSync(root + path, "utf8"), { loader: "ts", target: "esnext" });
      const tree = parseAst(code);
      declare(tree);
      walk(tree, (node) => {
        if (node.type === "Literal" && /^(UND_)?ERR_[A-Z0-9_]+$/.test(node.value)) codes.add(node.value);
        if (node.type === "Property" && /^(UND_)?ERR_/.test(node.key?.name ?? "")) codes.add(node.key.name);
        if (node.type !== "NewExpression" && node.type !== "CallExpression") return;
        const reason = reasonOf(node);
        if (reason !== undefined) reasons.add(reason);
        const message = messageOf(node);
        if (message === undefined) return;
        const text = tidy(message.text);
        if (message.kind === "usage" || /\p{L}/u.test(text)) messages.push({ ...message, text, file: path });
      });
    }
  }
  return { messages, codes, reasons };
}
