"""One module out of a widget and the files of the kit that it needs.

anywidget hands the browser one module without an address, in which a relative import leads
nowhere: so the texts of the kit take the place of the lines that import them. All of them share
one scope: no two may give the same name at their top level.
"""

from __future__ import annotations

import re
from pathlib import Path

_IMPORT = re.compile(r'^import \{[^}]*\} from "(\.\.?/[\w/]+\.js)";\n', re.MULTILINE)


def kit_files(module: Path) -> list[Path]:
    """Each file of the kit that ``module`` needs, once; what one imports stands before it."""
    found: list[Path] = []
    for place in _IMPORT.findall(module.read_text("utf-8")):
        file = (module.parent / place).resolve()
        found += [*kit_files(file), file]
    return list(dict.fromkeys(found))


def bundled(module: Path) -> str:
    """The text of ``module`` with that of its kit in front, without an import."""
    files = [*kit_files(module), module]
    return "".join(_IMPORT.sub("", file.read_text("utf-8")) for file in files)
