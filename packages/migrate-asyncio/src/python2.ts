import { type SyntaxNode, walk } from "./tree.ts";

/**
 * Finds code that the grammar accepts but Python 3 does not: statements, operators and literals of Python 2, and
 * keywords used as names. Returns a message, or undefined for Python 3.
 *
 * Python 3.14 accepts `except A, B:` again; `commaExcept` allows it.
 */
export function python2Error(root: SyntaxNode, text: string, commaExcept: boolean): string | undefined {
  let found: string | undefined;
  walk(root, (node) => {
    const form = oldForm(node, text, commaExcept);
    if (form !== undefined) found ??= `line ${text.slice(0, node.start).split("\n").length}: ${form}`;
    return found === undefined ? undefined : false;
  });
  return found;
}

function oldForm(node: SyntaxNode, text: string, commaExcept: boolean): string | undefined {
  switch (node.type) {
    case "print_statement":
    case "exec_statement":
      return "a statement of Python 2";
    case "integer":
      return /^0[0-9]*[1-9]|[lL]$/.test(text.slice(node.start, node.end))
        ? "a number of Python 2"
        : undefined;
    case "string_start":
      return /^(ur|`)/i.test(text.slice(node.start, node.end)) ? "a string of Python 2" : undefined;
    case "raise_statement":
      return node.children[0]?.type === "expression_list" ? "`raise` with a comma" : undefined;
    case "tuple_pattern":
      return node.parent?.type.endsWith("parameters") ? "a parameter in brackets" : undefined;
    case "comparison_operator":
      return gaps(node, text).includes("<>") ? "the operator `<>`" : undefined;
    case "except_clause":
      return !commaExcept && node.children.filter(({ field }) => field === "value").length > 1
        ? "`except` with a comma and without brackets"
        : undefined;
    case "identifier":
      return node.end - node.start === 5 && /^a(sync|wait)$/.test(text.slice(node.start, node.end))
        ? "a keyword used as a name"
        : undefined;
    default:
      return undefined;
  }
}

/** The text between the children of a node: its operators. */
function gaps(node: SyntaxNode, text: string): string {
  return node.children
    .map(({ end }, index) => text.slice(end, node.children[index + 1]?.start ?? end))
    .join("");
}
