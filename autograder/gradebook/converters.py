"""Runs one of nbgrader's converters, with its log turned into one sentence."""

from __future__ import annotations

import errno
import logging
import sys
import warnings
from pathlib import Path
from typing import Any

from nbgrader.converters import NbGraderException
from nbgrader.coursedir import CourseDirectory
from sqlalchemy.exc import OperationalError, SAWarning
from traitlets.config import Config

from autograder.gradebook import swift  # noqa: F401 (makes nbgrader swifter by being imported)
from autograder.gradebook.settings import configure
from autograder.sandbox.kind import SandboxError
from course_utils.course import CourseError

NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
STUDENT = "student"  # in a scratch course there is one, and no name can upset a path


class _LastError(logging.Handler):
    """Remembers what went wrong: nbgrader's exceptions say "see the above traceback".

    Attributes:
        sentence: the last line that says something.
        machine: the exception, where no submission is to blame: a full disk, a database that
            is locked or gone, no sandbox.
    """

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.sentence = ""
        self.machine: BaseException | None = None

    def emit(self, record: logging.LogRecord) -> None:
        lines = record.getMessage().strip().splitlines()
        if lines and not lines[-1].startswith(("There was an error", "Please see")):
            self.sentence = lines[-1]
        error = sys.exc_info()[1]
        full = isinstance(error, OSError) and error.errno in NO_ROOM
        if full or isinstance(error, OperationalError | SandboxError | MemoryError):
            self.machine = error


def run(converter: Any, root: Path, assignment: str, gradebook: str, **traits: Any) -> None:
    """Convert ``assignment`` in the course folder ``root``.

    Args:
        traits: config of classes, ``SandboxedExecute={"timeout": 30}``.

    Raises:
        CourseError: with nbgrader's own last words.
        OSError: a disk is full.
        sqlalchemy.exc.OperationalError: the gradebook is locked, full or gone.
        SandboxError: there is no sandbox, or it died.
        MemoryError: it needs more than there is.
    """
    config = Config()
    configure(config, root, gradebook)
    config.CourseDirectory.source_directory = "notebooks"
    config.CourseDirectory.assignment_id = assignment
    if converter.__name__ != "GenerateAssignment":
        config.CourseDirectory.student_id = STUDENT
    for name, values in traits.items():
        config[name].update(values)
    log = logging.Logger(f"autograder.{converter.__name__}")
    last = _LastError()
    log.addHandler(last)
    coursedir = CourseDirectory(config=config)
    coursedir.log = log
    instance = converter(coursedir=coursedir, config=config, force=True)
    instance.log = log
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SAWarning)  # nbgrader's own, on each submission
            instance.start()
    except (NbGraderException, SystemExit) as error:
        if last.machine:
            raise last.machine from None
        raise CourseError(last.sentence or str(error)) from None
