"""Which submissions can do without running the chapter's demonstrations again.

A student's own cells stand between demonstrations, and in a notebook all run in order. Where
neither touches what the other uses, the order is of no consequence: the answers give the same
values on top of demonstrations that have all run before (see ``sandbox.template``), and the
demonstrations run once for the class. Whether that is so is read off the source, and whoever
is not clearly apart runs in order:

* no name that a student's cell binds occurs in a demonstration, but for equal imports;
* no name that a student's cell uses is bound by a demonstration, but by an import before
  the first answer;
* nothing reaches beyond names: files, random numbers, the interpreter itself (``BEYOND``).
"""

from __future__ import annotations

import ast
import functools
import hashlib
import re
import symtable
from collections.abc import Iterator
from dataclasses import dataclass, field

import nbformat
from nbformat import NotebookNode
from nbgrader.utils import is_grade, is_solution

from autograder.gradebook.assignment import Assignment
from autograder.gradebook.cells import EXTRA
from autograder.sandbox.launch import Zygote

MAGIC = re.compile(r"^\s*[%!?]|\?\s*$|=\s*[%!]", re.MULTILINE)
# Words by which code reaches what no analysis of names can see.
_WORDS = """
    globals locals vars exec eval compile open input breakpoint get_ipython display_pub
    In Out _ __import__ builtins sys os io pathlib Path shutil tempfile glob subprocess
    threading multiprocessing concurrent asyncio signal ctypes inspect gc importlib
    pickle socket IPython ipywidgets random get_rng_state set_rng_state
    default_generator load save loadtxt savetxt fromfile tofile memmap imread imsave
    savefig read_text write_text read_bytes write_bytes download fetch setattr delattr
    set_default_dtype set_default_device set_grad_enabled set_num_threads
"""
BEYOND = frozenset(_WORDS.split())
_PLAIN = {"__init__", "__call__", "__name__", "__len__", "__getitem__", "__iter__", "__repr__"}
_GENERATORS = {"default_rng", "RandomState", "Generator", "Random"}
_METHODS = {"eval", "compile"}  # a module's own; Python's are no attributes
Import = tuple[str, str, str]  # module, name in it, name here


@dataclass
class Names:
    """Names of the module's level that a piece of code has to do with.

    Attributes:
        bound: by an assignment, a definition, a loop; ``imports`` are not among them.
    """

    bound: set[str] = field(default_factory=set)
    used: set[str] = field(default_factory=set)
    imports: set[Import] = field(default_factory=set)

    @property
    def imported(self) -> set[str]:
        return {name for _, _, name in self.imports}

    def add(self, other: Names) -> None:
        self.bound |= other.bound
        self.used |= other.used
        self.imports |= other.imports


@dataclass
class Chapter:
    """A released notebook: what its demonstrations have to do with, and its stubs."""

    cells: list[str]
    names: Names
    ends: dict[str, list[str]]  # of each stub what follows its definitions, as dumps


@functools.lru_cache(maxsize=8)
def chapter(release: str) -> Chapter:
    """Read a released notebook, given as the text of its file."""
    found, sources = Names(), []
    ends: dict[str, list[str]] = {}
    for cell in filter(_runs, nbformat.reads(release, as_version=4).cells):
        sources.append(cell.source)
        body = ast.parse(_without_magics(cell.source)).body
        if not is_solution(cell):
            own = names(body)
            if ends:  # an import after the first answer: it is not yet there in the answer
                own.bound |= own.imported - found.imported
                own.imports &= found.imports
            found.add(own)
            continue
        head, end = _split(body)
        ends[cell.metadata.nbgrader.grade_id] = [ast.dump(node) for node in end]
        answers = names(head).bound
        # No stub stands in for an answer that fails.
        sources.append(f"[globals().pop(name, None) for name in {sorted(answers)}];")
        ending = names(end)
        ending.used -= answers
        found.add(ending)
    return Chapter(sources, found, ends)


def apart(nb: NotebookNode, release: str) -> dict[int, str] | None:
    """What is left to run of the notebook to grade: source by place of the cell.

    None where a cell of the student's may have to do with a demonstration.
    """
    whole = chapter(release)
    left: dict[int, str] = {}
    for place, cell in enumerate(nb.cells):
        theirs = is_solution(cell) or cell.get("id", "").startswith(EXTRA)
        if not (theirs and _runs(cell)):
            continue
        ends = whole.ends.get(cell.metadata.get("nbgrader", {}).get("grade_id"), [])
        source = _own(cell.source, ends, whole.names)
        if source is None:
            return None
        left[place] = source
    return left


def _runs(cell: NotebookNode) -> bool:
    return cell.cell_type == "code" and (is_solution(cell) or not is_grade(cell))


def _without_magics(source: str) -> str:
    lines = source.split("\n")
    return "\n".join("pass" if line.lstrip()[:1] in ("%", "!") else line for line in lines)


def _split(body: list[ast.stmt]) -> tuple[list[ast.stmt], list[ast.stmt]]:
    """A stub's definitions, and the demonstration of the answer that follows them."""
    defined = [n for n, node in enumerate(body) if isinstance(node, _DEFINITIONS)]
    end = defined[-1] + 1 if defined else len(body)
    return body[:end], body[end:]


_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def _own(source: str, ends: list[str], theirs: Names) -> str | None:
    """A student's cell without the end that it was handed out with; None: not apart."""
    if MAGIC.search(source):
        return None
    try:
        body = ast.parse(source).body
        while ends and body and ast.dump(body[-1]) == ends[-1]:
            body, ends = body[:-1], ends[:-1]
        mine = names(body)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return source  # nothing of it runs, here or there
    words = {*mine.used, *mine.bound, *(w for node in body for w in _words(node))}
    if not words.isdisjoint(BEYOND) or not _clear(mine, theirs):
        return None
    lines = source.split("\n")
    return "\n".join(lines[: body[-1].end_lineno]) if body else ""


def _clear(mine: Names, theirs: Names) -> bool:
    foreign = mine.imports - theirs.imports
    binds = mine.bound | {name for _, _, name in foreign}
    touched = theirs.used | theirs.bound | theirs.imported
    return not binds & touched and not (mine.used & theirs.bound)


def _words(tree: ast.AST) -> Iterator[str]:
    """Attributes and parts of imports; ``__x__`` where it is no part of an ordinary class."""
    apart = {own for node in ast.walk(tree) if (own := _dice_of_its_own(node))}
    for node in ast.walk(tree):
        if node in apart:
            continue
        if isinstance(node, ast.Attribute):
            hidden = node.attr.startswith("__") and node.attr not in _PLAIN
            yield "__import__" if hidden else "" if node.attr in _METHODS else node.attr
        elif isinstance(node, ast.Import | ast.ImportFrom):
            for alias in node.names:
                yield from alias.name.split(".")
            if isinstance(node, ast.ImportFrom):
                yield from (node.module or "").split(".")


def _dice_of_its_own(node: ast.AST) -> ast.AST | None:
    """The ``random`` of ``np.random.default_rng`` or ``generator.random()``: nobody else's."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        return node.func if node.func.attr == "random" else None
    if isinstance(node, ast.Attribute) and node.attr in _GENERATORS:
        return node.value if isinstance(node.value, ast.Attribute) else None
    return None


def names(body: list[ast.stmt]) -> Names:
    """What statements of the module's level bind and use there."""
    found = Names()
    for node in body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            found.imports |= set(_imports(node))
    source = ast.unparse(ast.Module(body, []))
    _collect(symtable.symtable(source, "<cell>", "exec"), found)
    return found


def _imports(node: ast.Import | ast.ImportFrom) -> Iterator[Import]:
    for alias in node.names:
        if isinstance(node, ast.ImportFrom):
            yield f"{'.' * node.level}{node.module}", alias.name, alias.asname or alias.name
        else:
            yield alias.name, "", alias.asname or alias.name.split(".")[0]


def _collect(table: symtable.SymbolTable, found: Names) -> None:
    top = table.get_type() == "module"
    for symbol in table.get_symbols():
        if not (top or symbol.is_global()):
            continue
        name = symbol.get_name()
        if symbol.is_referenced():
            found.used.add(name)
        if symbol.is_assigned() or (symbol.is_imported() and name not in found.imported):
            found.bound.add(name)
    for inner in table.get_children():
        _collect(inner, found)


def grow(sandbox: Zygote, assignment: Assignment) -> None:
    """Start the template of a chapter, for all who ask ``sandbox`` for it."""
    cells = chapter(assignment.release).cells
    sandbox.grow(template_name(assignment.release), cells, assignment.files)


def template_name(release: str) -> str:
    """Of the template of a notebook that was released so."""
    return hashlib.sha256(release.encode()).hexdigest()[:16]
