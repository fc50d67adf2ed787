"""Where a gradebook is kept: an SQLite file, or a database of a PostgreSQL server.

A password reaches the server and nothing else: ``shown`` is what may be printed and written,
and libpq, the library under the driver, looks into PGPASSWORD and ~/.pgpass by itself.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import URL, NullPool, create_engine, func, make_url, select
from sqlalchemy.exc import ArgumentError, DBAPIError

from autograder.gradebook import store
from autograder.gradebook.settings import COURSE_ID
from course_utils.course import CourseError, UsageError, advice

FORMS = "sqlite:///FILE or postgresql://USER@HOST/DATABASE"
PATIENCE = 60  # seconds that SQLite waits while another program holds the file
CONNECT = 10  # seconds to reach a server
_SECRET = ("password", "sslpassword")
_TUNING = ("timeout", "connect_timeout")

# What the driver says, and what helps.
_HELP = {
    r"password authentication failed|no password supplied": "set PGPASSWORD, or write the "
    "password into ~/.pgpass",
    r"database .* does not exist": "make it with createdb",
    r"permission denied|must be owner": "let the owner of the database grant the rights to "
    "create and change tables",
    r"database is locked": "another program holds it; close that and give the same command",
    r"disk is full|disk I/O error|No space left": "make room and give the same command",
    r"refused|No such file|timeout|timed out|not known|translate host": "is the server "
    "running, and is this its address?",
}


def parse(text: str | None, out: Path) -> URL:
    """The gradebook that was asked for, by default ``gradebook.db`` in ``out``.

    Raises:
        UsageError: ``text`` names no database that can hold a gradebook.
        CourseError: the driver is not installed.
    """
    if text is None:
        return _sqlite(URL.create("sqlite", database=str(out / "gradebook.db")))
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        raise UsageError(f"--gradebook is no address of a database: expected {FORMS}") from None
    if url.drivername in ("sqlite", "sqlite+pysqlite"):
        return _sqlite(url)
    if url.drivername in ("postgres", "postgresql", "postgresql+psycopg"):
        return _postgresql(url)
    raise UsageError(f"--gradebook cannot be kept in {url.drivername}: expected {FORMS}")


def _sqlite(url: URL) -> URL:
    if url.host or not url.database or url.database.startswith((":", "file:")):
        raise UsageError("--gradebook names no file: expected sqlite:///FILE")
    path = str(Path(url.database).resolve())
    return url.set(database=path).update_query_dict({"timeout": str(PATIENCE), **url.query})


def _postgresql(url: URL) -> URL:
    try:
        import psycopg  # noqa: F401 (which finds libpq now, not in the middle)
    except ImportError:
        raise CourseError(
            f"a gradebook in PostgreSQL needs a driver: {advice('postgres')}"
        ) from None
    if not url.database:
        raise UsageError(f"--gradebook names no database: expected {FORMS}")
    if url.password is None and "password" not in url.query:
        url = url.set(password=os.environ.get("PGPASSWORD"))
    return url.set(drivername="postgresql+psycopg").update_query_dict(
        {"connect_timeout": str(CONNECT), **url.query}
    )


def address(url: URL) -> str:
    """For nbgrader and for nobody else: with the password."""
    return url.render_as_string(hide_password=False)


def shown(url: URL) -> str:
    """Without the password, and as short as people write it."""
    if url.get_backend_name() == "sqlite":
        return str(url.database)
    bare = url.set(drivername="postgresql").difference_update_query([*_SECRET, *_TUNING])
    return address(URL.create(**{**bare._asdict(), "password": None}))


def configured(url: URL, out: Path) -> str:
    """For the config file in ``out``: a Python expression, without the password."""
    if url.get_backend_name() != "sqlite":
        return repr(shown(url).replace("postgresql:", "postgresql+psycopg:", 1))
    if url.database == str(out / "gradebook.db"):
        return 'f"sqlite:///{ROOT}/gradebook.db"'  # so that the folder can be moved
    return repr(f"sqlite:///{url.database}")


@contextlib.contextmanager
def one_writer(url: URL, out: Path) -> Iterator[None]:
    """Keep other graders off the gradebook, whatever folder they grade into.

    Raises:
        CourseError: someone else is writing it, or it cannot be reached.
    """
    if url.get_backend_name() == "sqlite":
        folder = Path(str(url.database)).parent
        with store.lock(folder) if folder != out else contextlib.nullcontext():
            yield
        return
    key = int.from_bytes(hashlib.sha256(COURSE_ID.encode()).digest()[:8], signed=True)
    engine = create_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        if not connection.scalar(select(func.pg_try_advisory_lock(key))):
            raise CourseError(
                f"the gradebook {shown(url)} is being written by another course grade: "
                "wait for it"
            )
        yield  # the server lets go of the lock when the connection ends, however it ends


@contextlib.contextmanager
def claimed(url: URL, out: Path) -> Iterator[None]:
    """Use the gradebook for ``out``, and note that once the body has succeeded.

    Raises:
        CourseError: it belongs to another, whose points given by hand would be missing.
    """
    note, default = out / ".gradebook", out / "gradebook.db"
    now = _identity(url, out)
    before = now
    if note.is_file():
        before = note.read_text("utf-8")
    elif default.is_file():
        before = default.name
    if now != before:
        raise CourseError(
            f"the grades in {out} are kept in the gradebook {before}: give the same "
            f"--gradebook as before, or another --out (or, after a move, delete {note})"
        )
    yield
    if not note.is_file():
        store.write(note, now)


def _identity(url: URL, out: Path) -> str:
    if url.get_backend_name() != "sqlite":
        return shown(url._replace(username=None))
    path = Path(str(url.database))
    return str(path.relative_to(out) if path.is_relative_to(out) else path)


@contextlib.contextmanager
def withheld_password() -> Iterator[None]:
    """No process that is started in the body finds PGPASSWORD in its environment."""
    password = os.environ.pop("PGPASSWORD", None)
    try:
        yield
    finally:
        if password is not None:
            os.environ["PGPASSWORD"] = password


@contextlib.contextmanager
def failures(what: str) -> Iterator[None]:
    """Turn what a database says into one sentence that names it as ``what``."""
    try:
        yield
    except DBAPIError as error:
        said = _sentence(str(error.orig))
        helps = [h for pattern, h in _HELP.items() if re.search(pattern, said)]
        raise CourseError(f"cannot use {what}: {'; '.join([said, *helps[:1]])}") from None


def _sentence(text: str) -> str:
    """What matters of a driver's message: the last line of an attempt, without its prefix."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    attempts = [line for line in lines if re.search(r"FATAL:|failed:", line)]
    line = (attempts or lines or ["no reason given"])[0]
    return re.sub(r"^(?:.*(?:FATAL|ERROR)|connection failed|connection is bad):\s*", "", line)
