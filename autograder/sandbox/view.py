"""What student code sees of this machine: files, variables, and nothing of the grader's own."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import course_utils
from course_utils import checks, results
from course_utils.checks import own_code
from course_utils.files import cache_folder

HERE = Path(__file__).parents[1]
# All of `autograder` that exists in the sandbox; no hidden check, no answer, no gradebook.
SHARED = (
    "__init__.py",
    "boundary/__init__.py", "boundary/bounds.py", "boundary/channel.py", "boundary/server.py",
    "boundary/shell.py", "boundary/shown.py", "boundary/wire.py",
    "sandbox/__init__.py", "sandbox/jail.py", "sandbox/libc.py", "sandbox/mounts.py",
    "sandbox/seccomp.py", "sandbox/template.py", "sandbox/veil.py", "sandbox/watch.py",
    "sandbox/zygote.py",
)  # fmt: skip
INSIDE = Path("/sandbox")
CHECKS = "checks"  # the watch and the report of course_utils.checks, and no definition


def environment(python_path: str, data_cache: str) -> dict[str, str]:
    """All variables that student code sees: none of the grader's own."""
    kept = {
        name: os.environ[name]
        for name in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")
        if name in os.environ
    }
    return kept | {
        "COURSE_CACHE": data_cache,
        "HOME": "/tmp",
        "IPYTHONDIR": "/tmp/ipython",
        "LANG": "C.UTF-8",
        "LOGNAME": "student",
        "MPLCONFIGDIR": "/tmp/matplotlib",
        "OMP_NUM_THREADS": "1",
        "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONHASHSEED": "0",
        "PYTHONPATH": python_path,
        "USER": "student",
    }


def bubblewrap(stage: Path) -> list[str]:
    """The command in front: a read-only system, no network, nothing of the home folder."""
    command = ["bwrap", "--unshare-net", "--unshare-pid", "--unshare-ipc", "--unshare-uts"]
    command += ["--new-session", "--clearenv"]
    if os.getuid() == 0:  # the child gives root up for a user of its own
        command += ["--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"]
    else:
        command += ["--unshare-user"]
    command += ["--proc", "/proc", "--dev", "/dev", "--perms", "1777", "--tmpfs", "/tmp"]
    for source, target in _visible(stage):
        for parent in reversed(target.parents[:-1]):
            command += ["--perms", "0755", "--dir", str(parent)]  # else 0700
        if source.is_symlink():
            command += ["--symlink", str(source.readlink()), str(target)]
        else:
            command += ["--ro-bind", str(source), str(target)]
    inside = f"{INSIDE}/grader:{INSIDE}/src"
    for name, value in environment(inside, f"{INSIDE}/cache").items():
        command += ["--setenv", name, value]
    return [*command, "--remount-ro", "/", "--chdir", "/tmp"]


def _visible(stage: Path) -> Iterator[tuple[Path, Path]]:
    """What can be read in the sandbox: source and place."""
    system = [Path(p) for p in ("/usr", "/bin", "/lib", "/lib64", "/sbin")]
    system += [Path("/etc") / p for p in ("ld.so.cache", "fonts", "alternatives")]
    python = [Path(sys.base_prefix), Path(sys.prefix)]
    for path in [*system, *dict.fromkeys(python)]:
        inside_usr = path != Path("/usr") and Path("/usr") in path.parents
        if not inside_usr and (path.exists() or path.is_symlink()):
            yield path, path
    yield stage, INSIDE / "grader"
    package = Path(course_utils.__file__).parent
    yield package, INSIDE / "src" / "course_utils"
    yield stage.parent / CHECKS, INSIDE / "src" / "course_utils" / "checks"
    for folder in results.PLACES:
        if folder.is_dir() and package not in folder.parents:
            yield folder, INSIDE / "results"
    facts = package.parents[1] / "book" / "facts.yml"
    if facts.is_file():
        yield facts, INSIDE / "book" / "facts.yml"
    if cache_folder().is_dir():
        yield cache_folder(), INSIDE / "cache"


def copy_shared(stage: Path) -> None:
    for name in SHARED:
        target = stage / "autograder" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(HERE / name, target)
    let_read(stage)


def copy_checks(folder: Path) -> None:
    """What watches a call, without the chapters that say what is right."""
    folder.mkdir()
    for file in sorted(Path(checks.__file__).parent.glob("*.py")):
        shutil.copyfile(file, folder / file.name)
    (folder / own_code.KNOWN.name).write_text(json.dumps(own_code.prints()), "utf-8")
    let_read(folder)


def let_read(folder: Path) -> None:
    """Also another user, which the child is."""
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
