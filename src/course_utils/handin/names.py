"""Which names a cell's code binds and uses, read from its syntax tree: nothing is run."""

from __future__ import annotations

import ast
import functools
import re
import symtable
import unicodedata
from collections.abc import Iterator

from course_utils.handin import lines

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_LIKELY = re.compile(
    r"^[ \t]*(?:async[ \t]+)?(?:def[ \t]+|class[ \t]+|)(\w+)[ \t]*(?:[(:]|=(?!=))", re.MULTILINE
)
_BIND_NAMES = (ast.Import, ast.ImportFrom)
# Ways to the notebook's own names, or to those that stand in for them.
_SPACES = frozenset(
    (
        *("exec", "eval", "globals", "locals", "vars", "get_ipython", "__import__"),
        *("__builtins__", "builtins", "__main__"),
        *("f_globals", "f_locals", "__globals__", "user_ns"),
    )
)


def forget() -> None:
    """Lets go of the cells that were looked at."""
    for kept in (parse, bound, may_bind, canonical):
        kept.cache_clear()


@functools.lru_cache(maxsize=4096)
def parse(source: str) -> tuple[ast.stmt, ...] | None:
    """The statements of a cell as IPython reads it; None where it is no Python."""
    source = lines.plain(source)
    for text in (source, lines.python(source)):
        try:
            return tuple(ast.parse(text).body)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
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


@functools.lru_cache(maxsize=4096)
def may_bind(source: str) -> frozenset[str] | None:
    """Names that a cell may bind where its syntax does not tell; None where it does.

    Code that gets at the notebook's names by ``exec``, ``globals()``, a star import or a magic
    may bind all that is written in it, and others.
    """
    statements = parse(source) or ()
    if any(_gets_at_names(node) for s in statements for node in _outside_comparisons(s)):
        return frozenset(re.findall(r"\w+", as_read(source)))
    return None


def as_read(source: str) -> str:
    """With names written as Python reads them, which knows several ways to write a letter."""
    return unicodedata.normalize("NFKC", source)


def _gets_at_names(node: ast.AST) -> bool:
    if isinstance(node, ast.Name):
        return node.id in _SPACES
    if isinstance(node, ast.Attribute):
        return node.attr in _SPACES - {"eval"} or ast.unparse(node) == "sys.modules"
    if isinstance(node, ast.alias):
        return node.name == "*" or node.name in _SPACES
    return isinstance(node, ast.Constant) and node.value in ("__main__", "builtins")


def _outside_comparisons(statement: ast.stmt) -> Iterator[ast.AST]:
    """What is in a statement; ``if __name__ == "__main__"`` gets at nothing."""
    left: list[ast.AST] = [statement]
    while left:
        node = left.pop()
        yield node
        left += () if isinstance(node, ast.Compare) else ast.iter_child_nodes(node)


def _bound_by(statement: ast.stmt) -> Iterator[str]:
    left: list[ast.AST] = [statement]
    while left:
        node = left.pop()
        if isinstance(node, _FUNCTIONS):
            yield node.name
            yield from (n for g in ast.walk(node) if isinstance(g, ast.Global) for n in g.names)
            left += node.decorator_list
            left += node.bases if isinstance(node, ast.ClassDef) else _defaults(node)
        elif isinstance(node, _COMPREHENSIONS):  # their own names stay inside
            left += [n for n in ast.walk(node) if isinstance(n, ast.NamedExpr)]
        elif not isinstance(node, ast.Lambda):
            yield from _bound_here(node)
            if not (isinstance(node, ast.AnnAssign) and node.value is None):
                left += ast.iter_child_nodes(node)


def _defaults(node: ast.FunctionDef | ast.AsyncFunctionDef) -> list[ast.expr]:
    return [d for d in (*node.args.defaults, *node.args.kw_defaults) if d is not None]


def _bound_here(node: ast.AST) -> Iterator[str]:
    """Also names that are deleted: what they meant above is no longer the answer."""
    if isinstance(node, _BIND_NAMES):
        yield from (a.asname or a.name.split(".")[0] for a in node.names)
    elif isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
        yield node.id
    elif isinstance(node, ast.MatchAs | ast.MatchStar | ast.ExceptHandler) and node.name:
        yield node.name
    elif isinstance(node, ast.MatchMapping) and node.rest:
        yield node.rest


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
        said = [value, *(value.args if isinstance(value, ast.Call) else ())]
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
    """One of the released ``stubs``, or a function that does nothing by itself."""
    if not isinstance(statement, _FUNCTIONS):
        return False
    text = canonical(statement)
    if not text or text in stubs:
        return text in stubs
    if statement.decorator_list or getattr(statement, "bases", []):
        return False
    body: list[ast.stmt] = ast.parse(text).body[0].body  # type: ignore[attr-defined]
    said = {ast.unparse(s).removesuffix("()") for s in body}
    return said <= {"pass", "...", "return", "return None", "raise NotImplementedError"}


def without(source: str, names: set[str], stubs: frozenset[str]) -> str:
    """``source`` without its stubs of ``names``."""
    kept = source.split("\n")
    for statement in reversed(parse(source) or ()):
        if getattr(statement, "name", None) in names and is_stub(statement, stubs):
            decorators = getattr(statement, "decorator_list", [])
            first = min([statement.lineno, *(d.lineno for d in decorators)])
            del kept[first - 1 : statement.end_lineno]
    return "\n".join(kept)
