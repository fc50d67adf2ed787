"""What somebody who copies an answer does to hide it."""

from __future__ import annotations

import ast
import random
import re
import subprocess
from collections.abc import Callable

Disguise = Callable[[str, random.Random], str]

REMARKS = ("go on", "see the lecture", "this took me long", "TODO: nicer", "the sum", "check")
DEAD = ("unused = 0", "if False:\n    print('never')", "debug = [1, 2, 3]", "_ = len('x')")
FRESH = ("foo", "value", "tmp", "res", "arr", "thing", "q", "u", "zz", "mine", "cur", "step")


def rename(source: str, draw: random.Random) -> str:
    """Every variable and parameter gets another name."""
    tree = ast.parse(source)
    known = {a.arg for n in ast.walk(tree) if isinstance(n, ast.arguments) for a in n.args}
    known |= {
        n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)
    }
    start = draw.randrange(100)
    new = {old: f"{FRESH[i % len(FRESH)]}{start + i}" for i, old in enumerate(sorted(known))}
    names = "|".join(map(re.escape, new))
    # not after a dot (an attribute), not before = inside a call
    return re.sub(rf"(?<![\w.])({names})\b(?!=[^=])", lambda m: new[m[1]], source)


def comment(source: str, draw: random.Random) -> str:
    """Comments and blank lines between the lines of the body."""
    lines = []
    for line in ast.unparse(ast.parse(source)).splitlines():
        lines += [line + (f"  # {draw.choice(REMARKS)}" if draw.random() < 0.5 else "")]
        lines += [""] * draw.randrange(2)
    return "\n".join(lines)


def reformat(source: str, draw: random.Random) -> str:
    """Another formatter at another line length."""
    done = subprocess.run(
        ["ruff", "format", "--isolated", f"--line-length={draw.choice((30, 40, 50))}", "-"],
        input=source,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def docstring(source: str, draw: random.Random) -> str:
    """Another docstring, or one where there was none."""
    tree = ast.parse(source)
    body = _body(tree)
    if ast.get_docstring(tree.body[0]) is not None:  # type: ignore[arg-type]
        body.pop(0)
    body.insert(0, ast.Expr(ast.Constant(" ".join(draw.choices(REMARKS, k=9)))))
    return ast.unparse(tree)


def dead_code(source: str, draw: random.Random) -> str:
    """Three statements that do nothing."""
    tree = ast.parse(source)
    body = _body(tree)
    for text in draw.sample(DEAD, 3):
        body.insert(draw.randrange(len(body)), ast.parse(text).body[0])
    return ast.unparse(tree)


def everything(source: str, draw: random.Random) -> str:
    """All of the above."""
    for change in (dead_code, docstring, rename, reformat):
        source = change(source, draw)
    return source


def _body(tree: ast.Module) -> list[ast.stmt]:
    function = tree.body[0]
    assert isinstance(function, ast.FunctionDef)
    return function.body


DISGUISES: dict[str, Disguise] = {
    "variables renamed": rename,
    "other comments": comment,
    "reformatted": reformat,
    "other docstring": docstring,
    "dead code added": dead_code,
    "all of these": everything,
}
