"""Counts uses of asyncio with CPython's own parser and symbol tables: an independent second opinion.

Reads file names from stdin, one a line; prints a JSON line per file: the sorted [line, column] of every
name that resolves to an import of asyncio, or {"error": ...} where the file does not compile.
Columns are UTF-8 bytes, lines count from 1, as `ast` has them.
"""

import ast
import json
import symtable
import sys
import warnings

warnings.simplefilter("ignore")
COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


def is_asyncio(target):
    return target == "asyncio" or target.startswith("asyncio.")


class Scope:
    def __init__(self, kind, parent):
        self.kind, self.parent = kind, parent
        self.bound, self.imported, self.globals, self.nonlocals = set(), set(), set(), set()

    def owner(self, name):
        if name in self.globals:
            return self.root()
        if name in self.nonlocals:
            scope = self.parent
            while scope and not (scope.kind == "function" and name in scope.bound):
                scope = scope.parent
            return scope or self
        return self

    def root(self):
        return self if self.parent is None else self.parent.root()

    def bind(self, name, target=None):
        owner = self.owner(name)
        owner.bound.add(name)
        if target is not None and is_asyncio(target):
            owner.imported.add(name)

    def resolves(self, name):
        if name in self.globals:
            return name in self.root().imported
        scope, first = self, True
        while scope:
            if (first or scope.kind != "class") and name in scope.bound:
                return name in scope.imported
            if scope.kind != "class" and name in scope.globals:
                return name in self.root().imported
            scope, first = scope.parent, False
        return False


class Counter(ast.NodeVisitor):
    def __init__(self):
        self.scope = Scope("module", None)
        self.names = []

    def visit_Name(self, node):
        if isinstance(node.ctx, ast.Load):
            self.names.append((node, self.scope))
        else:
            self.scope.bind(node.id)

    def visit_Global(self, node):
        self.scope.globals.update(node.names)

    def visit_Nonlocal(self, node):
        self.scope.nonlocals.update(node.names)

    def visit_Import(self, node):
        for alias in node.names:
            first = alias.name.split(".")[0]
            self.scope.bind(alias.asname or first, alias.name if alias.asname else first)

    def visit_ImportFrom(self, node):
        for alias in node.names:
            if alias.name != "*":
                target = "." * node.level + (node.module or "") + "." + alias.name
                self.scope.bind(alias.asname or alias.name, target)

    def visit_ExceptHandler(self, node):
        if node.name:
            self.scope.bind(node.name)
        self.generic_visit(node)

    def visit_MatchAs(self, node):
        if node.name:
            self.scope.bind(node.name)
        self.generic_visit(node)

    visit_MatchStar = visit_MatchAs

    def visit_MatchMapping(self, node):
        if node.rest:
            self.scope.bind(node.rest)
        self.generic_visit(node)

    def visit_NamedExpr(self, node):
        scope = self.scope
        while scope.kind == "comprehension":
            scope = scope.parent
        scope.bind(node.target.id)
        self.visit(node.value)

    def inside(self, kind, nodes, arguments=()):
        outer, self.scope = self.scope, Scope(kind, self.scope)
        for argument in arguments:
            self.scope.bind(argument.arg)
        for node in nodes:
            self.visit(node)
        self.scope = outer

    def function(self, node, body):
        given = node.args
        every = given.posonlyargs + given.args + given.kwonlyargs + [a for a in (given.vararg, given.kwarg) if a]
        for default in given.defaults + [d for d in given.kw_defaults if d]:
            self.visit(default)
        for argument in every:
            if argument.annotation:
                self.visit(argument.annotation)
        if getattr(node, "returns", None):
            self.visit(node.returns)
        for decorator in getattr(node, "decorator_list", ()):
            self.visit(decorator)
        self.inside("function", body, every)

    def visit_FunctionDef(self, node):
        self.scope.bind(node.name)
        self.function(node, node.body)

    visit_AsyncFunctionDef = visit_FunctionDef

    def visit_Lambda(self, node):
        self.function(node, [node.body])

    def visit_ClassDef(self, node):
        self.scope.bind(node.name)
        for part in node.decorator_list + node.bases + node.keywords:
            self.visit(part)
        self.inside("class", node.body)

    def comprehension(self, node):
        first, *rest = node.generators
        self.visit(first.iter)
        results = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
        parts = [first.target, *first.ifs]
        for generator in rest:
            parts += [generator.iter, generator.target, *generator.ifs]
        self.inside("comprehension", parts + results)

    visit_ListComp = visit_SetComp = visit_DictComp = visit_GeneratorExp = comprehension


def count(path):
    with open(path, "rb") as stream:
        source = stream.read()
    try:
        tree = ast.parse(source, path)
        symtable.symtable(source.decode("utf-8-sig"), path, "exec")
    except (SyntaxError, ValueError) as error:
        return {"error": str(error)}
    counter = Counter()
    counter.visit(tree)
    return sorted([n.lineno, n.col_offset] for n, scope in counter.names if scope.resolves(n.id))


sys.setrecursionlimit(20000)
for line in sys.stdin:
    print(json.dumps(count(line.rstrip("\n"))))
