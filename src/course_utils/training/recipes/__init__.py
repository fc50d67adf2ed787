"""How networks were trained: ``course train NAME``, one function each, a module a topic.

A recipe is a public function of one of these modules: it takes a ``Run`` and gives what it
``Trained``. All of them are found by looking.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import time
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from course_utils.course import UsageError
from course_utils.results import provenance
from course_utils.training.run import Run, Trained

__all__ = ["RECIPES", "Run", "Trained", "train"]


def _found() -> dict[str, Callable[[Run], Trained]]:
    modules = [
        importlib.import_module(f"{__name__}.{m.name}") for m in pkgutil.iter_modules(__path__)
    ]
    return {
        name: recipe
        for module in modules
        for name, recipe in inspect.getmembers(module, inspect.isfunction)
        if recipe.__module__ == module.__name__ and not name.startswith("_")
    }


RECIPES = _found()


def train(name: str, run: Run) -> tuple[Trained, dict[str, Any]]:
    """Run a recipe; what it gave, and the record for ``results/NAME.json``.

    Raises:
        UsageError: there is no such recipe.
    """
    if name not in RECIPES:
        raise UsageError(f"no recipe {name!r}; there are: {', '.join(RECIPES)}")
    went_on = run.resume is not None and run.resume.is_file()
    start = time.perf_counter()
    trained = RECIPES[name](run)
    record = {
        "caption": (RECIPES[name].__doc__ or "").strip().rstrip("."),
        "rows": [trained.row],
        "curve": [asdict(epoch) for epoch in trained.curve],
        **provenance(f"course train {name}", run.seed, time.perf_counter() - start, run.device),
    }
    if went_on:
        record["interrupted"] = "the seconds are those of the last part"
    return trained, record
