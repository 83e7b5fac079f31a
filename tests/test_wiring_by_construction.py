"""Wiring: what an object is made with goes to its constructor, by keyword. Nobody gives it a part afterwards."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from tests.test_shape import named, parsed, product_files

# Files that fill in objects of other libraries, which have no constructor for it.
OF_OTHERS = {
    "dialogue/llm/native_decoder.py": "a structure of the native library, with pointers that stay null",
    "ui/rtc/ice_path.py": "aioice's connection, which takes over the path of another one",
}


def stores(tree: ast.AST) -> Iterator[tuple[ast.Attribute, ast.expr]]:
    """(the attribute of an object other than `self`, the value) of every assignment to one."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign):
            for part in (part for target in node.targets for part in ast.walk(target)):
                stored = isinstance(part, ast.Attribute) and isinstance(part.ctx, ast.Store)
                if stored and isinstance(part, ast.Attribute) and ast.unparse(part.value) != "self":
                    yield part, node.value


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def classes(tree: ast.AST) -> set[str]:
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.ClassDef)}


def handlers(tree: ast.Module) -> Iterator[str]:
    """Assignments of a function, or to a name of one."""
    own = {function.name for function in functions(tree)}
    for part, value in stores(tree):
        method = isinstance(value, ast.Attribute) and ast.unparse(value.value) == "self" and value.attr in own
        if method or isinstance(value, ast.Lambda) or part.attr.lstrip("_").startswith("on_"):
            yield ast.unparse(part)


def late_parts(tree: ast.Module, ours: set[str]) -> Iterator[str]:
    """Assignments to an object of a class of `ours` in the function that has just made it."""
    for function in functions(tree):
        made = {
            ast.unparse(target)
            for node in ast.walk(function)
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call)
            if ast.unparse(node.value.func).split(".")[-1] in ours
            for target in node.targets
        }
        yield from (text for part, _ in stores(function) if (text := ast.unparse(part)).split(".")[0] in made)


def test_nothing_is_wired_after_it_was_made() -> None:
    trees = {path: parsed(path) for path in product_files() if path.exists()}
    ours = set[str]().union(*map(classes, trees.values()))
    strays = [
        f"{named(path)}: {store}"
        for path, tree in trees.items()
        if named(path) not in OF_OTHERS
        for store in (*handlers(tree), *late_parts(tree, ours - classes(tree)))
    ]
    assert not strays


def test_late_wiring_would_be_found() -> None:
    source = "def f(self):\n book.on_change = g\n it.done = lambda: 0\n a = A()\n a.b.c = 1\n self.d.e = self.f"
    tree = ast.parse(source)
    assert list(handlers(tree)) == ["book.on_change", "it.done", "self.d.e"]
    assert list(late_parts(tree, {"A"})) == ["a.b.c"]


def constructed(tree: ast.AST) -> set[str]:
    """Classes with a constructor of their own that are no errors."""
    return {
        node.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
        if any(isinstance(part, ast.FunctionDef) and part.name == "__init__" for part in node.body)
        if not any(ast.unparse(base).endswith(("Error", "Exception", "BadInput", "Busy")) for base in node.bases)
    }


def by_position(tree: ast.AST, ours: set[str]) -> Iterator[str]:
    """Objects of `ours` that are made with more than two arguments by position."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and len(node.args) > 2 and ast.unparse(node.func) in ours:
            yield ast.unparse(node.func)


def test_wiring_is_by_keyword() -> None:
    trees = {path: parsed(path) for path in product_files() if path.exists()}
    ours = set[str]().union(*map(constructed, trees.values()))
    wiring = [path for path in trees if named(path).startswith(("stream/", "ui/"))]
    assert not [f"{named(path)}: {made}" for path in wiring for made in by_position(trees[path], ours)]


def test_wiring_by_position_would_be_found() -> None:
    tree = ast.parse("class A:\n def __init__(self, a, b, c): ...\nA(1, 2, 3)\nA(1, 2, c=3)\nB(1, 2, 3)")
    assert list(by_position(tree, constructed(tree))) == ["A"]
