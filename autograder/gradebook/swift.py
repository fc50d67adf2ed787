"""Two things that nbgrader does anew each time, kept.

* It starts the program ``alembic`` to ask for the version of a new gradebook: seconds. The
  answer lies in a folder of its own package.
* It opens a gradebook a dozen times a submission, each time with a new engine of SQLAlchemy,
  whose memory of compiled queries is empty.
"""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import nbgrader
import nbgrader.api
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, create_engine, event

_keep: set[str] = set()


@functools.cache
def alembic_version() -> str:
    """The version of nbgrader's tables."""
    return str(
        ScriptDirectory(str(Path(nbgrader.__file__).parent / "alembic")).get_current_head()
    )


def keep_engine(url: str) -> str:
    """From now on one engine serves the SQLite file ``url``, which no crash need survive."""
    _keep.add(url)
    return url


def _engine(url: Any, **options: Any) -> Engine:
    return _kept_engine(str(url)) if str(url) in _keep else create_engine(url, **options)


@functools.cache
def _kept_engine(url: str) -> Engine:
    engine = create_engine(url, future=True)

    @event.listens_for(engine, "connect")
    def _(connection: Any, _record: Any) -> None:
        connection.execute("PRAGMA synchronous = OFF")

    return engine


nbgrader.api.create_engine = _engine
nbgrader.api.get_alembic_version = alembic_version
