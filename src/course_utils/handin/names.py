"""Which names a cell's code binds and uses, read from its syntax tree: nothing is run."""

from __future__ import annotations

import ast
import functools
import re
import symtable
from collections.abc import Iterator

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_LIKELY = re.compile(
    r"^[ \t]*(?:async[ \t]+)?(?:def[ \t]+|class[ \t]+|)(\w+)[ \t]*(?:[(:]|=(?!=))", re.MULTILINE
)
_BIND_NAMES = (ast.Import, ast.ImportFrom)


def forget() -> None:
    """Lets go of the cells that were looked at."""
    for kept in (parse, bound, canonical):
        kept.cache_clear()


@functools.lru_cache(maxsize=4096)
def parse(source: str) -> tuple[ast.stmt, ...] | None:
    """The statements of a cell; None where it is no Python. IPython's own lines are passed."""
    lines = (
        "pass" if line.lstrip()[:1] in ("%", "!", "?") else line for line in source.split("\n")
    )
    try:
        return tuple(ast.parse("\n".join(lines)).body)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


@functools.lru_cache(maxsize=4096)
def bound(source: str) -> frozenset[str]:
    """Names that a cell binds in the notebook, also below ``if`` and ``try``.

    Of a cell that is no Python those that it seems to bind: it is somebody's try.
    """
    statements = parse(source)
    if statements is None:
        return frozenset(_LIKELY.findall(source))
    return frozenset(name for statement in statements for name in _bound_by(statement))


def _bound_by(statement: ast.stmt) -> Iterator[str]:
    left: list[ast.AST] = [statement]
    while left:
        node = left.pop()
        if isinstance(node, _FUNCTIONS):
            yield node.name
            yield from (n for g in ast.walk(node) if isinstance(g, ast.Global) for n in g.names)
            continue
        if isinstance(node, ast.Lambda):
            continue
        if isinstance(node, _COMPREHENSIONS):  # their own names stay inside
            left += [n for n in ast.walk(node) if isinstance(n, ast.NamedExpr)]
            continue
        yield from _bound_here(node)
        if not (isinstance(node, ast.AnnAssign) and node.value is None):
            left += ast.iter_child_nodes(node)


def _bound_here(node: ast.AST) -> Iterator[str]:
    if isinstance(node, _BIND_NAMES):
        yield from (a.asname or a.name.split(".")[0] for a in node.names)
    elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
        yield node.id
    elif isinstance(node, ast.MatchAs | ast.MatchStar) and node.name:
        yield node.name
    elif isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store):
        call, key = node.value, node.slice  # globals()["name"] = …
        space = getattr(getattr(call, "func", None), "id", "")
        if space in ("globals", "locals", "vars") and isinstance(key, ast.Constant):
            yield str(key.value)


def used(source: str) -> set[str]:
    """Names that a cell reads."""
    return {n for s in parse(source) or () for n in _used_by(s)}


def needed(source: str, name: str) -> set[str]:
    """Names of the notebook that those statements of a cell read which bind ``name``."""
    binding = [s for s in parse(source) or () if name in _bound_by(s)]
    try:
        text = "\n".join(ast.unparse(s) for s in binding)
        left, found = [symtable.symtable(text, "cell", "exec")], set()
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return set()
    while left:
        table = left.pop()
        left += table.get_children()
        top = table.get_type() == "module"
        found |= {
            s.get_name()
            for s in table.get_symbols()
            if s.is_referenced() and (top or s.is_global())
        }
    return found


def _used_by(statement: ast.stmt) -> Iterator[str]:
    for node in ast.walk(statement):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            yield node.id


def prose(source: str) -> Iterator[str]:
    """What a person wrote: comments, strings that stand alone, are printed or get a name."""
    for statement in parse(source) or ():
        value = getattr(statement, "value", None)
        said = [value, *getattr(value, "args", [])] if value else []
        yield from (s.value for s in said if isinstance(getattr(s, "value", None), str))
    yield from re.findall(r"^[ \t]*#+(.*)", source, re.MULTILINE)


def definitions(source: str, name: str) -> list[str]:
    """The statements that bind ``name``, written in one way; the text where it is no Python."""
    statements = parse(source)
    if statements is None:
        return [source.strip()]
    return [canonical(s) for s in statements if name in _bound_by(s)]


@functools.lru_cache(maxsize=100_000)
def canonical(statement: ast.stmt) -> str:
    """A statement without comments, layout and docstrings."""
    try:
        tree = ast.parse(ast.unparse(statement))
        for node in ast.walk(tree):
            if isinstance(node, _FUNCTIONS) and ast.get_docstring(node) is not None:
                node.body = node.body[1:] or [ast.Pass()]
        return ast.unparse(tree)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ""


def is_stub(statement: ast.stmt, stubs: frozenset[str]) -> bool:
    """One of the released ``stubs``, or a function that does nothing."""
    if not isinstance(statement, _FUNCTIONS):
        return False
    text = canonical(statement)
    if not text or text in stubs:
        return text in stubs
    body: list[ast.stmt] = ast.parse(text).body[0].body  # type: ignore[attr-defined]
    said = {ast.unparse(s).removesuffix("()") for s in body}
    return said <= {"pass", "...", "return", "return None", "raise NotImplementedError"}


def without(source: str, names: set[str], stubs: frozenset[str]) -> str:
    """``source`` without its stubs of ``names``."""
    lines = source.split("\n")
    for statement in reversed(parse(source) or ()):
        if getattr(statement, "name", None) in names and is_stub(statement, stubs):
            decorators = getattr(statement, "decorator_list", [])
            first = min([statement.lineno, *(d.lineno for d in decorators)])
            del lines[first - 1 : statement.end_lineno]
    return "\n".join(lines)
