import type { Change } from "@hother/cancelable-migrate/engine";
import type { RuleContext } from "./rule.ts";
import type { SyntaxNode } from "./tree.ts";

const given: WeakSet<SyntaxNode> = new WeakSet();

/**
 * The fixture that keeps tests on asyncio, after the file's imports, once per file; anyio's own default
 * runs every test on each installed backend.
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

/** Whether the file has the fixture, or a place for it: `import pytest` among the imports at its top. */
export function hasFixturePlace(context: RuleContext): boolean {
  const pytest = context.scopes.module.bindings.get("pytest")?.[0]?.statement;
  return hasOwn(context) || (pytest?.parent === context.file.root && lastImport(context) !== undefined);
}

function hasOwn({ file }: RuleContext): boolean {
  return /\banyio_backend\b/.test(file.text);
}

function lastImport({ file }: RuleContext): SyntaxNode | undefined {
  const imports = file.root.children.filter(
    ({ type }) => type.startsWith("import_") || type === "future_import_statement",
  );
  return imports.at(-1);
}
