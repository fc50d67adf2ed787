"""One module out of a widget and the files of the kit that it needs.

anywidget hands the browser one module without an address, in which a relative import leads
nowhere. So each file of the kit becomes a function in front of the widget, and a line that
imports takes names from what that function returns. What is not imported stays private.
"""

from __future__ import annotations

import re
from pathlib import Path

_IMPORT = re.compile(r'^import (\{[^}]*\}) from "(\.\.?/[\w/]+\.js)";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(?:async )?(?:function|const|let|class) (\w+))", re.MULTILINE)


def kit_files(module: Path) -> list[Path]:
    """Each file of the kit that ``module`` needs, once; what one imports stands before it."""
    found: list[Path] = []
    for _, place in _IMPORT.findall(module.read_text("utf-8")):
        file = (module.parent / place).resolve()
        found += [*kit_files(file), file]
    return list(dict.fromkeys(found))


def bundled(module: Path) -> str:
    """The text of ``module`` with that of its kit in front, without an import."""
    return "".join([*map(_enclosed, kit_files(module)), _connected(module.read_text("utf-8"))])


def _enclosed(file: Path) -> str:
    text = file.read_text("utf-8")
    names = ", ".join(_EXPORT.findall(text))
    body = _EXPORT.sub("", _connected(text))
    return f"const kit_{file.stem} = (() => {{\n{body}return {{ {names} }};\n}})();\n"


def _connected(text: str) -> str:
    """``text`` with its imports as constants."""
    return _IMPORT.sub(lambda found: f"const {found[1]} = kit_{Path(found[2]).stem};\n", text)
