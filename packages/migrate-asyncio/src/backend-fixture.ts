import type { Change } from "@hother/cancelable-migrate/engine";
import type { RuleContext } from "./rule.ts";
import type { SyntaxNode } from "./tree.ts";

const given: WeakSet<SyntaxNode> = new WeakSet();

/**
 * The edit that adds the `anyio_backend` fixture after the imports, once per file. The fixture keeps the tests on
 * asyncio; by default, anyio's plugin runs every test on each installed backend.
 */
export function backendFixture(context: RuleContext): Change[] {
  const { file } = context;
  const last = lastImport(context);
  if (given.has(file.root) || hasOwn(context) || last === undefined) return [];
  given.add(file.root);
  const at = file.lineEnd(last.end);
  const lines = [
    "",
    "",
    "",
    '@pytest.fixture(scope="session")',
    "def anyio_backend():",
    '    return "asyncio"',
  ];
  return [{ start: at, end: at, text: lines.join(file.eol) }];
}

/** Whether the file has the fixture, or `import pytest` at its top, so that the fixture can be added. */
export function hasFixturePlace(context: RuleContext): boolean {
  const pytest = context.scopes.module.bindings.get("pytest")?.[0]?.statement;
  return hasOwn(context) || (pytest?.parent === context.file.root && lastImport(context) !== undefined);
}

function hasOwn({ file }: RuleContext): boolean {
  return /\banyio_backend\b/.test(file.text);
}

function lastImport({ file }: RuleContext): SyntaxNode | undefined {
  const imports = file.root.children.filter(
    (node) =>
      node.type.startsWith("import_") ||
      node.type === "future_import_statement" ||
      (node.type === "if_statement" && /^if (?:typing\.)?TYPE_CHECKING:/.test(file.of(node))),
  );
  return imports.at(-1);
}
