"""A real PostgreSQL server for tests: a temporary folder, a Unix socket, no TCP.

Every connection needs a password, so that tests show which way it travels.
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import URL

OWNER, PASSWORD = "owner", "p@ss/w:rd"
MISSING = "no PostgreSQL server was found: install it (Debian: apt-get install postgresql)"


class Server:
    """Runs from ``folder``, which also holds its socket."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def url(self, database: str, user: str = OWNER, password: str | None = PASSWORD) -> str:
        where = {"host": str(self.folder)}
        url = URL.create("postgresql", user, password, database=database, query=where)
        return url.render_as_string(hide_password=False)

    def run(self, statement: str, *names: str, database: str = "postgres") -> list[tuple]:
        """Execute ``statement`` as the owner; each ``{}`` in it is a name."""
        where = {"host": str(self.folder), "user": OWNER, "password": PASSWORD}
        with psycopg.connect(dbname=database, autocommit=True, **where) as connection:
            done = connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))
            return done.fetchall() if done.description else []

    def create(self, database: str) -> str:
        """The address of a new, empty database."""
        self.run("CREATE DATABASE {}", database)
        return self.url(database)


@contextmanager
def start() -> Iterator[Server]:
    """Start a server, or skip the test with the reason; with CI set it must be there."""
    if not (programs := _programs()):
        if os.environ.get("CI"):
            pytest.fail(MISSING)
        pytest.skip(MISSING)
    with tempfile.TemporaryDirectory(
        prefix="pg-", dir="/tmp"
    ) as tmp:  # sockets' paths are short
        folder, account = Path(tmp), _account(Path(tmp))
        secret = folder / "secret"
        secret.write_text(PASSWORD)
        secret.chmod(0o644)
        data = f"--pgdata={folder / 'data'}"
        initdb = [programs / "initdb", data, "--username", OWNER, "--pwfile", secret]
        _call(*initdb, "--auth=scram-sha-256", "--encoding=UTF8", "--no-sync", **account)
        control = [programs / "pg_ctl", data, "--wait"]
        options = f"-k {folder} -c listen_addresses='' -c fsync=off"
        log = f"--log={folder / 'log'}"
        _call(*control, log, f"--options={options}", "start", **account)
        try:
            yield Server(folder)
        finally:
            _call(*control, "--mode=immediate", "stop", **account)


def _programs() -> Path | None:
    """Debian keeps them off PATH, a folder for each version."""
    if found := shutil.which("pg_ctl"):
        return Path(found).parent
    versions = Path("/usr/lib/postgresql").glob("*/bin/pg_ctl")
    newest = max(versions, key=lambda p: float(p.parts[-3]), default=None)
    return newest and newest.parent


def _account(folder: Path) -> dict:
    """The server refuses to run as root: ``nobody`` runs it then, and owns ``folder``."""
    if os.getuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    os.chown(folder, nobody.pw_uid, nobody.pw_gid)
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def _call(*command: object, **account: object) -> None:
    # Into a file: the server keeps a pipe open, and waiting for its end would never end.
    with tempfile.TemporaryFile("w+") as output:
        words = list(map(str, command))
        done = subprocess.run(
            words, cwd="/", stdout=output, stderr=output, check=False, **account
        )
        output.seek(0)
        assert done.returncode == 0, output.read()
