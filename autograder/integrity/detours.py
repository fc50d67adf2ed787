"""What in the text of an answer could lead past the watch of the checks.

The checks refuse much of this when it runs. Something remains: Python code can change the
process that it runs in. So whoever reaches for the tools of it is named; nearly no honest
answer does.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from autograder.integrity.reference_use import parsed, whole_lines

MODULES = {
    "the process": "_posixsubprocess cffi ctypes gc marshal mmap signal types",
    "another thread or process": (
        "_thread asyncio concurrent joblib multiprocessing socket subprocess threading "
        "torch.distributed torch.multiprocessing"
    ),
    "code as data": "ast dis importlib inspect linecache runpy",
    "the insides of torch": (
        "torch._C torch._dispatch torch.fx torch.jit torch.library torch.overrides "
        "torch.utils._python_dispatch torch.utils.cpp_extension"
    ),
    "the checks or the grader": "autograder course_utils.checks",
}
ANYWHERE = {
    "the watch of the checks": (
        "_disable_current_modes _getframe addaudithook currentframe f_back f_trace getprofile "
        "gettrace setprofile settrace"
    ),
    "the process": "setrecursionlimit string_at",
    "code as data": (
        "__builtins__ __closure__ __code__ __file__ __globals__ __import__ __loader__ "
        "CodeType FunctionType getsource getsourcelines"
    ),
    "the insides of torch": "_C",
}
BUILTINS = {"code as data": "compile eval exec"}  # and not torch.compile or model.eval
OF_OS = {
    "another process": "fork forkpty popen posix_spawn system spawnl spawnv execl execv execve",
    "the process": "_exit abort kill",
}
_MODULES = {name: why for why, names in MODULES.items() for name in names.split()}
_ANYWHERE = {name: why for why, names in ANYWHERE.items() for name in names.split()}
_BUILTINS = {name: why for why, names in BUILTINS.items() for name in names.split()}
_OF_OS = {name: why for why, names in OF_OS.items() for name in names.split()}
_WORDS = re.compile(rf"\b({'|'.join(map(re.escape, {*_MODULES, *_ANYWHERE}))})\b")


def detours(source: str, statements: frozenset[str]) -> list[str]:
    """Each in words; ``statements`` are those of the released cells."""
    tree = parsed(source)
    if tree is None:
        return list(dict.fromkeys(_in_text(source)))
    own = [s for s in tree.body if whole_lines(source, s) not in statements]
    nodes = (node for statement in own for node in ast.walk(statement))
    found = (
        f"line {getattr(node, 'lineno', 0)}: {name} reaches for {why}"
        for node in nodes
        for name, why in _of_node(node)
    )
    return list(dict.fromkeys(found))


def _of_node(node: ast.AST) -> Iterator[tuple[str, str]]:
    if isinstance(node, ast.Import):
        for alias in node.names:
            yield from _of_module(alias.name)
    elif isinstance(node, ast.ImportFrom) and node.module:
        for alias in node.names:
            yield from _of_module(f"{node.module}.{alias.name}")
            yield from _named(alias.name, _ANYWHERE)
            yield from _named(alias.name, _OF_OS if node.module == "os" else {})
    elif isinstance(node, ast.Attribute):
        of_os = isinstance(node.value, ast.Name) and node.value.id == "os"
        yield from _named(node.attr, _ANYWHERE | _OF_OS if of_os else _ANYWHERE)
        yield from _named(f"{getattr(node.value, 'id', '')}.{node.attr}", _MODULES)
    elif isinstance(node, ast.Name):
        yield from _named(node.id, _ANYWHERE | _BUILTINS)
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield from _named(node.value, _ANYWHERE)  # for getattr


def _of_module(path: str) -> Iterator[tuple[str, str]]:
    for name, why in _MODULES.items():
        if path == name or path.startswith(f"{name}."):
            yield path, why


def _named(name: str, known: dict[str, str]) -> Iterator[tuple[str, str]]:
    if name in known:
        yield name, known[name]


def _in_text(source: str) -> Iterator[str]:
    """Of a cell that is no Python."""
    for found in _WORDS.finditer(source):
        line = source.count("\n", 0, found.start()) + 1
        why = _MODULES.get(found[1]) or _ANYWHERE[found[1]]
        yield f"line {line}: {found[1]} reaches for {why} (the cell is no Python)"
