"""A cell of code as Python, in as many lines: what IPython makes of prompts and magics."""

from __future__ import annotations

import re

from IPython.core.inputtransformer2 import classic_prompt, ipython_prompt, leading_indent

SHELL = "get_ipython()"  # stands for what only IPython knows: it may bind any name
_MAGIC = re.compile(r"(\s*)%(\w+)[ \t]*(.*)")
_CELL = re.compile(r"\s*%%(\w+)")
_NEXT_TO_A_VALUE = re.compile(r"([\w, \t]+=[ \t]*)[!%].*")
_HELP = re.compile(r"\?{1,2}[\w.]*|[\w.]+\?{1,2}")
_RUN = ("time", "prun")  # magics that run the rest of the line, or the cell, as it stands
_RUN_CELL = (*_RUN, "capture")
_BIND_NOTHING = (
    *("autoreload", "cd", "conda", "config", "env", "history", "load_ext", "ls", "matplotlib"),
    *("pdb", "pinfo", "pip", "precision", "pwd", "reload_ext", "set_env", "timeit", "who"),
    *("whos", "xmode"),
)


def plain(source: str) -> str:
    """Without what IPython takes away before it looks: the prompts of a session, an indent."""
    lines = source.splitlines(keepends=True)
    first = next((n for n, line in enumerate(lines) if line.strip()), 0)
    cell = leading_indent(classic_prompt(ipython_prompt(lines[first:])))
    return "".join(lines[:first] + cell)


def python(source: str) -> str:
    """With statements in the place of IPython's own lines."""
    first, *rest = source.split("\n")
    cell = _CELL.match(first)
    if cell and cell[1] not in _RUN_CELL:
        return SHELL + "\n" * len(rest)
    lines = ["pass", *rest] if cell else [first, *rest]
    return "\n".join(map(_statement, lines))


def _statement(line: str) -> str:
    if found := _MAGIC.fullmatch(line):
        indent, name, rest = found.groups()
        if name in _RUN:
            return indent + re.sub(r"^(?:-\S+\s+)*", "", rest)
        return indent + ("pass" if name in _BIND_NOTHING else SHELL)
    if found := _NEXT_TO_A_VALUE.fullmatch(line):
        return f"{found[1]}None"
    said = line.strip().rstrip("; ")
    if said.startswith("!") or _HELP.fullmatch(said):
        return line[: len(line) - len(line.lstrip())] + "pass"
    return line
