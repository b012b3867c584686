/** A named node of a Python syntax tree, as a plain object. */
export interface SyntaxNode {
  readonly type: string;
  /** The field name of the node in its parent, or `""`. */
  readonly field: string;
  readonly start: number;
  readonly end: number;
  readonly parent: SyntaxNode | undefined;
  readonly children: SyntaxNode[];
}

export function childOf(node: SyntaxNode, field: string): SyntaxNode | undefined {
  return node.children.find((child) => child.field === field);
}

export function isInside(node: SyntaxNode, outer: SyntaxNode): boolean {
  return node.start >= outer.start && node.end <= outer.end;
}

/** Visits a node and all nodes below it in the order of the source. `enter` returns false to skip a subtree. */
export function walk(node: SyntaxNode, enter: (node: SyntaxNode) => boolean | undefined): void {
  const pending: SyntaxNode[] = [node];
  for (let at = pending.pop(); at !== undefined; at = pending.pop()) {
    if (enter(at) === false) continue;
    for (let index = at.children.length - 1; index >= 0; index--) {
      pending.push(at.children[index] as SyntaxNode);
    }
  }
}

/** Whether a node of one of the types is below this node, outside nested functions and classes. */
export function containsHere(node: SyntaxNode, types: ReadonlySet<string>): boolean {
  let found = false;
  walk(node, (at) => {
    if (at !== node && nestedBodies.has(at.type)) return false;
    if (types.has(at.type)) found = true;
    return !found;
  });
  return found;
}

const nestedBodies: ReadonlySet<string> = new Set(["function_definition", "lambda", "class_definition"]);
