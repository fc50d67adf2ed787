"""What every widget of the book starts from."""

from __future__ import annotations

import inspect
import re
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, ClassVar

import anywidget
import traitlets as t
from traitlets import TraitError

from .bundle import bundled, kit_files

_KIT_STYLE = Path(__file__).parent / "kit" / "kit.css"


class BookWidget(anywidget.AnyWidget):
    """A widget whose arithmetic and interface live in its own ``widget.js``.

    A subclass names that module, ``_esm = Path(__file__).with_name("widget.js")``, and may
    put a ``widget.css`` beside it. The browser gets one text of each: the widget's own and
    those of the parts of the kit that it imports.
    """

    _esm: ClassVar[Path | str]
    _css: ClassVar[str]

    def __init_subclass__(cls, **kwargs) -> None:
        module = cls.__dict__.get("_esm")
        if isinstance(module, Path):
            files = [_KIT_STYLE.with_suffix(".js"), *kit_files(module), module]
            styles = dict.fromkeys(file.with_suffix(".css") for file in files)
            cls._esm = bundled(module)
            cls._css = "".join(s.read_text("utf-8") for s in styles if s.exists())
        super().__init_subclass__(**kwargs)

    def describe(self) -> str:
        """One sentence that stands where the widget cannot run.

        That is a page without JavaScript and a viewer of notebooks without widgets. Here it
        is the first sentence of the class's docstring.
        """
        text = " ".join((inspect.getdoc(type(self)) or "").split())
        return re.split(r"(?<=[.?!]) ", text)[0]

    def _repr_mimebundle_(self, **kwargs) -> tuple[dict[str, Any], dict[str, Any]] | None:
        bundle = super()._repr_mimebundle_(**kwargs)
        if bundle:
            bundle[0]["text/plain"] = self.describe()
        return bundle

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"  # no address: outputs stay equal from run to run


class Cases(t.Dict):
    """Named cases, in the order in which readers are to see them.

    They cross to the page as pairs: a notebook that is written sorts the keys of its objects.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.tag(sync=True, to_json=lambda cases, _: [*map(list, cases.items())])


def case(name: str, cases: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
    """The state of a named case.

    Raises:
        ValueError: there is no such case.
    """
    if name not in cases:
        raise ValueError(f"preset must be one of {[*cases]}, not {name!r}")
    return cases[name]


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
