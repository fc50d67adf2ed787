"""Calls into the course's own code that stand in a student's answer.

Found in the text, before anything runs: the checks refuse such a call when it is made, this
also finds what was never called. Comparing with the reference outside of the answer is what
it is there for: a call at the top level of a cell is no finding. The same holds for the other
rooms of the course, see ``ROOMS``.
"""

from __future__ import annotations

import ast
import contextlib
import re
import warnings
from collections.abc import Iterable, Iterator

from course_utils.checks import own_code

ROOMS = tuple(f"course_utils.{room}" for room in own_code.ROOMS)
_UNREADABLE = (SyntaxError, ValueError, RecursionError, MemoryError)
_LOADERS = ("getattr", "import_module", "__import__", "exec", "eval", "find_spec")
_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)
_OTHER_SCOPES = (*_SCOPES, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_MAGIC = re.compile(r"^[ \t]*[%!].*$", re.M)
_BY_TEXT = re.compile(rf"course_utils\s*\.\s*({'|'.join(own_code.ROOMS)})")

Names = dict[str, str]  # what a name stands for: {"reference": "course_utils.reference"}


def given(cells: Iterable[str]) -> tuple[Names, frozenset[str]]:
    """Names that the released cells bind to the course's modules, and their statements."""
    names: Names = {}
    statements: set[str] = set()
    for cell in cells:
        if tree := parsed(cell):
            names |= _imported(tree)
            statements |= {whole_lines(cell, statement) for statement in tree.body}
    return names, frozenset(statements)


def uses(source: str, exercise: str, names: Names, statements: frozenset[str]) -> list[str]:
    """Each use in words; ``names`` and ``statements`` as ``given`` returns them."""
    tree = parsed(source)
    if tree is None:
        found = _BY_TEXT.search(source)
        line = source.count("\n", 0, found.start()) + 1 if found else 0
        if not found:
            return []
        return [f"line {line}: course_utils.{found[1]} is named (the cell is no Python)"]
    names = names | _imported(tree)
    own = [s for s in tree.body if whole_lines(source, s) not in statements]
    return list(dict.fromkeys(_in_statements(own, exercise, names)))


def whole_lines(source: str, statement: ast.stmt) -> str:
    """The whole lines that a statement stands on."""
    return "\n".join(source.split("\n")[statement.lineno - 1 : statement.end_lineno])


def parsed(source: str) -> ast.Module | None:
    for text in (source, _MAGIC.sub("", source)):  # IPython's own lines are no Python
        with warnings.catch_warnings(action="ignore"), contextlib.suppress(*_UNREADABLE):
            return ast.parse(text)
    return None


def _imports(node: ast.AST) -> Iterator[tuple[str, str]]:
    """Names that one import binds, and what they stand for."""
    if isinstance(node, ast.Import):
        for a in node.names:
            yield (
                a.asname or a.name.partition(".")[0],
                (a.name if a.asname else a.name.partition(".")[0]),
            )
    elif isinstance(node, ast.ImportFrom) and node.module:
        for a in node.names:
            yield a.asname or a.name, f"{node.module}.{a.name}"


def _imported(tree: ast.AST) -> Names:
    bound = (pair for node in ast.walk(tree) for pair in _imports(node))
    return {name: path for name, path in bound if path.split(".")[0] == "course_utils"}


def _in_statements(statements: list[ast.stmt], exercise: str, names: Names) -> Iterator[str]:
    stack: list[tuple[ast.AST, bool, Names]] = [
        (node, False, names) for node in reversed(statements)
    ]
    while stack:
        node, inside, known = stack.pop()
        if says := _use(node, inside, exercise, known):
            yield f"line {getattr(node, 'lineno', 0)}: {says}"
            continue
        inside = inside or isinstance(node, _SCOPES)
        body: set[ast.AST] = set()  # defaults and decorators are not in the function's scope
        within = known
        if isinstance(node, ast.FunctionDef | ast.Lambda):
            body = set(node.body) if isinstance(node, ast.FunctionDef) else {node.body}
            own = _own(node)
            within = {name: path for name, path in known.items() if name not in own}
        for child in reversed(list(ast.iter_child_nodes(node))):
            stack.append((child, inside, within if child in body else known))


def _own(function: ast.FunctionDef | ast.Lambda) -> set[str]:
    """Names that are a function's own: arguments without a default, what it assigns to.

    Python lets nobody assign a global name to itself there; in a default value, in a class or
    in a comprehension it does.
    """
    args = function.args
    plain = [*args.posonlyargs, *args.args]
    plain = plain[: len(plain) - len(args.defaults)]
    plain += [a for a, d in zip(args.kwonlyargs, args.kw_defaults, strict=True) if d is None]
    own, shared = {a.arg for a in plain}, set()
    stack: list[ast.AST] = [] if isinstance(function, ast.Lambda) else list(function.body)
    while stack:
        node = stack.pop()
        if isinstance(node, ast.Global | ast.Nonlocal):
            shared |= set(node.names)
        if isinstance(node, _OTHER_SCOPES):
            continue
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            own.add(node.id)
        stack += ast.iter_child_nodes(node)
    return own - shared


def _use(node: ast.AST, inside: bool, exercise: str, names: Names) -> str:
    """What ``node`` itself does with the course's code, in words; empty if nothing."""
    for name, path in _imports(node):
        if _is_ours(path) and (inside or name in (exercise, "*")):
            return f"imports {path}"
    if isinstance(node, ast.Assign | ast.AnnAssign | ast.NamedExpr) and node.value:
        path = _path(node.value, names)
        if _is_ours(path):
            return f"another name is given to {path}"
    if isinstance(node, ast.Call) and _last(node.func) in _LOADERS:
        for argument in node.args:
            if _is_ours(_path(argument, names)) or _names_it(_text(argument)):
                return f"{_last(node.func)} reaches for the course's own code"
    text = _text(node.slice) if isinstance(node, ast.Subscript) else ""
    if room := next((room for room in ROOMS if room in text), ""):
        return f"{room} is looked up by its name"
    if inside and isinstance(node, ast.Attribute | ast.Name):
        path = _path(node, names)
        if _is_ours(path):
            return f"uses {path} inside a function"
    return ""


def _is_ours(path: str) -> bool:
    return any(path == room or path.startswith(f"{room}.") for room in ROOMS)


def _path(node: ast.AST, names: Names) -> str:
    """``course_utils.reference.convolution.conv1d`` for whatever names that; else empty."""
    parts = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name) or node.id not in names:
        return ""
    return ".".join([names[node.id], *reversed(parts)])


def _last(node: ast.AST) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def _text(node: ast.AST) -> str:
    """The string that a constant, or a sum of constants, is."""
    parts, stack = [], [node]
    while stack:
        node = stack.pop()
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
            stack += [node.right, node.left]
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            parts.append(node.value)
        else:
            return ""
    return "".join(parts)


def _names_it(text: str) -> bool:
    return text == "reference" or any(room in text for room in ROOMS)
