import type { Origin, Reference } from "./references.ts";
import type { ScopeTable } from "./scopes.ts";
import type { SourceFile } from "./source-file.ts";
import type { SyntaxNode } from "./tree.ts";

/** Names of test frameworks that stand for asyncio, keyed by the imported name. */
const followed: ReadonlyMap<string, readonly string[]> = new Map([
  ["pytest", ["pytest.mark.asyncio", "pytest.mark.asyncio_cooperative"]],
  ["pytest_asyncio", ["pytest_asyncio.fixture"]],
  ["pytest_asyncio.fixture", ["pytest_asyncio.fixture"]],
  ["unittest", ["unittest.IsolatedAsyncioTestCase"]],
  ["unittest.IsolatedAsyncioTestCase", ["unittest.IsolatedAsyncioTestCase"]],
]);

/** Finds markers, fixtures and test classes that run tests on asyncio. */
export function findDerived(file: SourceFile, scopes: ScopeTable): Reference[] {
  const found: Reference[] = [];
  for (const [name, occurrences] of scopes.occurrences) {
    for (const { node, scope } of occurrences) {
      const owner = scope.find(name);
      const target = owner?.bindings.get(name)?.[0]?.target;
      if (owner === undefined || target === undefined) continue;
      const apis = followed.get(target);
      if (apis === undefined) continue;
      const reached = climb(node, target, apis, file);
      if (reached === undefined) continue;
      const origin: Origin = { name, scope: owner, bindings: [], obstacle: undefined };
      found.push({ ...reached, scope, origin });
    }
  }
  return found;
}

function climb(
  start: SyntaxNode,
  target: string,
  apis: readonly string[],
  file: SourceFile,
): { api: string; node: SyntaxNode } | undefined {
  let api = target;
  let node = start;
  while (!apis.includes(api)) {
    const parent = node.parent;
    const name = parent?.children.find((child) => child.field === "attribute");
    if (parent?.type !== "attribute" || node.field !== "object" || name === undefined) return undefined;
    api = `${api}.${file.of(name)}`;
    node = parent;
  }
  return { api, node };
}
