import { childOf, type SyntaxNode, walk } from "../tree.ts";
import { type LiteralList, listPlaces } from "./list.ts";
import { notLiteral, type ProjectNeeds, type ProjectPlace } from "./place.ts";
import { isTestList, nameOf, pytestAsyncioPlaces } from "./requirement.ts";

/** The places in a `setup.py`: the literal lists in its call of `setup`. */
export function setupPlaces(text: string, needs: ProjectNeeds, root: SyntaxNode): ProjectPlace[] {
  const places: ProjectPlace[] = [];
  const strings: { start: number; text: string }[] = [];
  for (const call of setupCalls(root, text)) {
    const keywords = keywordsOf(call, text);
    const names = keywords.map(([name]) => name);
    if (needs.neededBy === "code" && names.includes("packages") && !names.includes("install_requires"))
      places.push(notLiteral("install_requires", call.start, "`setup` has no install_requires", needs));
    for (const [name, value] of keywords) {
      const isCode = name === "install_requires";
      for (const each of isCode || name === "tests_require" ? [value] : extras(name, value)) {
        const found = listIn(each, text, root);
        strings.push(...(found?.items ?? []).map((item) => ({ start: item.start, text: item.value ?? "" })));
        if (isCode !== (needs.neededBy === "code")) continue;
        if (found === undefined) {
          if (isCode) places.push(notLiteral(name, value.start, "The list is computed", needs));
        } else if (isCode || isTestList(found.items.map((item) => nameOf(item.value ?? ""))))
          places.push(...listPlaces(name, text, found, needs));
      }
    }
  }
  return [...places, ...pytestAsyncioPlaces(strings, needs)];
}

function setupCalls(root: SyntaxNode, text: string): SyntaxNode[] {
  const calls: SyntaxNode[] = [];
  walk(root, (node) => {
    const called = node.type === "call" ? childOf(node, "function") : undefined;
    if (called !== undefined && /^(?:\w+\.)?setup$/.test(text.slice(called.start, called.end)))
      calls.push(node);
    return true;
  });
  return calls;
}

function keywordsOf(call: SyntaxNode, text: string): [string, SyntaxNode][] {
  return (childOf(call, "arguments")?.children ?? []).flatMap((argument): [string, SyntaxNode][] => {
    const name = argument.type === "keyword_argument" ? childOf(argument, "name") : undefined;
    const value = childOf(argument, "value");
    return name === undefined || value === undefined ? [] : [[text.slice(name.start, name.end), value]];
  });
}

/** The lists in a literal `extras_require`. */
function extras(name: string, value: SyntaxNode): SyntaxNode[] {
  if (name !== "extras_require" || value.type !== "dictionary") return [];
  return value.children.flatMap((pair) => (pair.type === "pair" ? (childOf(pair, "value") ?? []) : []));
}

/** A list of plain strings, in place or in a variable with one assignment and one use. */
function listIn(value: SyntaxNode, text: string, root: SyntaxNode): LiteralList | undefined {
  const node = value.type === "identifier" ? boundTo(text.slice(value.start, value.end), text, root) : value;
  if (node === undefined || !["list", "tuple"].includes(node.type)) return undefined;
  const items = node.children.filter((child) => child.type !== "comment");
  if (!items.every((item) => item.type === "string" && isPlain(item))) return undefined;
  return {
    open: node.start + 1,
    items: items.map(({ start, end }) => ({ start, end, value: contentOf(text.slice(start, end)) })),
    isTuple: node.type === "tuple",
  };
}

function isPlain(string: SyntaxNode): boolean {
  return string.children.every((child) => child.type !== "interpolation");
}

function contentOf(literal: string): string {
  return literal.replace(/^\w*("""|'''|"|')([\s\S]*)\1$/, "$2");
}

function boundTo(name: string, text: string, root: SyntaxNode): SyntaxNode | undefined {
  let uses = 0;
  walk(root, (node) => {
    if (node.type === "identifier" && node.field !== "name" && text.slice(node.start, node.end) === name)
      uses++;
    return true;
  });
  const values = root.children.flatMap((statement) => {
    const [assignment] = statement.children;
    const target = assignment?.type === "assignment" ? childOf(assignment, "left") : undefined;
    const value = assignment && childOf(assignment, "right");
    return target && value && text.slice(target.start, target.end) === name ? [value] : [];
  });
  // Another use may change the list.
  return uses === 2 && values.length === 1 ? values[0] : undefined;
}
