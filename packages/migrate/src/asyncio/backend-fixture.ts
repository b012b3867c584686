import type { RuleContext, TextEdit } from "./rule.ts";
import type { SyntaxNode } from "./tree.ts";

const given: WeakSet<SyntaxNode> = new WeakSet();

/**
 * The fixture that keeps tests on asyncio, after the file's imports, once per file; anyio's own default
 * runs every test on each installed backend.
 */
export function backendFixture({ file, scopes }: RuleContext): TextEdit[] {
  if (given.has(file.root) || /\banyio_backend\b/.test(file.text)) return [];
  const pytest = scopes.module.bindings.get("pytest")?.[0]?.statement;
  const imports = file.root.children.filter(
    ({ type }) => type.startsWith("import_") || type === "future_import_statement",
  );
  const last = imports.at(-1);
  if (pytest === undefined || last === undefined || pytest.parent !== file.root) return [];
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
