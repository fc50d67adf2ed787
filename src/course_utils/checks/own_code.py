"""Recognises the course's own code, which is no answer to an exercise.

By its file and its module; and, where it was copied, read and executed or pasted, by what the
function does, whatever its variables are called. Two people write the same five lines: a short
function is recognised only with its docstring.
"""

from __future__ import annotations

import dis
import hashlib
import json
import os
from collections.abc import Iterator
from functools import cache, lru_cache
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import CodeType

PACKAGE = Path(__file__).parents[1]
ROOMS = ("reference", "training", "widgets", "checks")
GRADER = ("autograder.hidden",)
WHY = "write it yourself, the course's own code is no answer"
COMPARE = "write it yourself, the reference is there to compare with"
# What runs around a call and not in it.
WATCHING = frozenset(
    str(PACKAGE / "checks" / f"{name}.py")
    for name in ("arguments", "ban", "clock", "fresh", "guard", "own_code", "seal", "watch")
)
KNOWN = Path(__file__).with_name("own_code.json")  # in the sandbox, where not all rooms exist
LEAST = 80  # instructions of a function that is recognised by what it does alone: ten lines
TALK = 30  # characters of a docstring that proves a short one
_NOISE = {
    "CACHE", "COPY_FREE_VARS", "EXTENDED_ARG", "MAKE_CELL", "NOP", "PRECALL", "PUSH_NULL",
    "RESUME",
}  # fmt: skip
Shape = tuple[int, int, int]

_judged: dict[int, tuple[CodeType, str]] = {}  # the code is kept, so that its id stays its own


def sentence(code: CodeType, module: str) -> str:
    """Why a function of ``module`` may not be called by an answer; empty where it may be."""
    if code.co_name == "<module>":  # imported, that is all
        return ""
    room = _room_of(module)
    if not room:
        known = _judged.get(id(code))
        if known is None:
            known = _judged[id(code)] = code, _room_of_code(code)
        room = known[1]
    if not room:
        return ""
    why = COMPARE if room.endswith("reference") else WHY
    return f"{room}.{code.co_name} is not allowed here: {why}"


def prints() -> list[str]:
    """What the course's functions do, as text that other processes can compare with."""
    found = {(room, _digest(code)) for room, code in _functions()}
    return sorted(f"{room} {digest}" for room, digest in found if digest)


@cache
def _room_of(module: str) -> str:
    if module.startswith("course_utils.checks."):
        file = str(PACKAGE / "checks" / f"{module.split('.')[2]}.py")
        return "" if file in WATCHING else "course_utils.checks"
    rooms = (*(f"course_utils.{room}" for room in ROOMS), *GRADER)
    return next((r for r in rooms if module == r or module.startswith(f"{r}.")), "")


def _room_of_code(code: CodeType) -> str:
    for room in ROOMS if code.co_filename not in WATCHING else ():
        if code.co_filename.startswith(f"{PACKAGE / room}{os.sep}"):
            return f"course_utils.{room}"
    twins = _table().get(_shape(code), ())
    digest = _digest(code) if twins else ""
    return next((room for room, twin in twins if digest and _digest(twin) == digest), "")


def _functions() -> Iterator[tuple[str, CodeType]]:
    for room in ROOMS:
        for file in sorted((PACKAGE / room).rglob("*.py")):
            if str(file) in WATCHING:
                continue
            name = f"course_utils.{room}"
            whole = SourceFileLoader(name, str(file)).get_code(name)  # compiled already, often
            assert whole is not None
            yield from ((name, code) for code in _inside(whole))


def _inside(code: CodeType) -> Iterator[CodeType]:
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield constant
            yield from _inside(constant)


@cache
def _table() -> dict[Shape, list[tuple[str, CodeType | str]]]:
    """The course's functions and their rooms, by what is quickly compared."""
    found: dict[Shape, list[tuple[str, CodeType | str]]] = {}
    if KNOWN.is_file():
        for line in json.loads(KNOWN.read_text("utf-8")):
            room, _, digest = line.partition(" ")
            a, b, c, _ = digest.split("-")
            found.setdefault((int(a), int(b), int(c)), []).append((room, digest))
    else:
        for room, code in _functions():
            found.setdefault(_shape(code), []).append((room, code))
    return found


def _shape(code: CodeType) -> Shape:
    return code.co_argcount, code.co_nlocals, len(code.co_names)


def _digest(code: CodeType | str) -> str:
    """What it does; of a short function with its names and docstring, empty without one."""
    if isinstance(code, str):
        return code
    does: object = _steps(code)
    if len(_steps(code)) < LEAST:
        says = code.co_consts[0] if code.co_consts else None
        if not isinstance(says, str) or len(says) < TALK:
            return ""
        does = does, says, code.co_varnames
    made = hashlib.blake2b(repr(does).encode(), digest_size=8).hexdigest()
    return "-".join(map(str, (*_shape(code), made)))


@lru_cache(maxsize=1000)
def _steps(code: CodeType) -> list[tuple[str, object]]:
    """Its instructions, without names of variables, lines, docstring and annotations."""
    steps: list[tuple[str, object]] = []
    for step in dis.get_instructions(code):
        if step.opname in _NOISE:
            continue
        if isinstance(step.argval, CodeType):
            says: object = step.argval.co_name
        elif step.opcode in dis.hasconst:
            says = _constant(step.argval)
        elif step.opcode in dis.haslocal or step.opcode in dis.hasfree:
            says = step.arg
        elif step.opcode in dis.hasjrel or step.opcode in dis.hasjabs:
            says = ""
        else:
            says = step.argval
        # Imported where it stands or not: the compiler calls a module's function otherwise.
        name = "LOAD_ATTR" if step.opname == "LOAD_METHOD" else step.opname
        steps.append((name, says))
    return steps


def _constant(value: object) -> str:
    if isinstance(value, frozenset):  # the order of a set is another one in each process
        return repr(sorted(map(repr, value)))
    return repr(value)
