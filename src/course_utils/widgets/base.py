"""What every widget of the book starts from."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, ClassVar

import anywidget
from traitlets import TraitError

_KIT = Path(__file__).parent / "kit"
_IMPORT_OF_KIT = re.compile(r'^import \{[^}]*\} from "\.\./kit/(\w+)\.js";\n', re.MULTILINE)


class BookWidget(anywidget.AnyWidget):
    """A widget whose arithmetic and interface live in its own ``widget.js``.

    A subclass names that module, ``_esm = Path(__file__).with_name("widget.js")``, and may
    put a ``widget.css`` beside it. anywidget hands the browser one module without an address,
    in which a relative import leads nowhere: so the texts of the kit (``kit.js``, ``nn.js``)
    take the place of the lines that import them.
    """

    _esm: ClassVar[Path | str]
    _css: ClassVar[str]

    def __init_subclass__(cls, **kwargs) -> None:
        module = cls.__dict__.get("_esm")
        if isinstance(module, Path):
            style = module.with_suffix(".css")
            text = module.read_text("utf-8")
            parts = [
                (_KIT / f"{name}.js").read_text("utf-8")
                for name in _IMPORT_OF_KIT.findall(text)
            ]
            cls._esm = "".join([*parts, _IMPORT_OF_KIT.sub("", text)])
            cls._css = (_KIT / "kit.css").read_text("utf-8")
            cls._css += style.read_text("utf-8") if style.exists() else ""
        super().__init_subclass__(**kwargs)

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"  # no address: outputs stay equal from run to run


def by_name(given: Any, what: str) -> dict[str, Any]:
    """Several things by their names; one alone is named after ``what`` it is.

    Raises:
        ValueError: there is none.
    """
    named = given if isinstance(given, Mapping) else {what: given}
    if not named:
        raise ValueError(f"no {what} was given")
    return {str(name): thing for name, thing in named.items()}


def known(what: str, name: str, names: Collection[str]) -> str:
    """``name``, for a trait that chooses one of ``names``.

    Raises:
        TraitError: it is none of them.
    """
    if name not in names:
        raise TraitError(f"no {what} {name!r}; there are {[*names]}")
    return name
