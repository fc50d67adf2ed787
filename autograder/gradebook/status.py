"""What can become of a submission and of each exercise in it."""

from __future__ import annotations

from enum import StrEnum


class Status(StrEnum):
    """One word for the gradebook; ``sentence`` says it to a student."""

    # of an exercise
    GRADED = "graded"
    UNSOLVED = "unsolved"
    TIMEOUT = "timeout"
    CRASHED = "crashed"
    ERROR = "error"
    MANUAL = "manual"
    # of a whole submission: nothing in it could be run
    UNREADABLE = "unreadable"
    MISSING = "missing"
    WRONG_NOTEBOOK = "wrong-notebook"

    @property
    def sentence(self) -> str:
        return _SENTENCES[self]


_SENTENCES = {
    Status.GRADED: "The answer ran; the reason names the properties that do not hold.",
    Status.UNSOLVED: "The cell still holds the stub.",
    Status.TIMEOUT: "The answer took too long: is there a loop that never ends?",
    Status.CRASHED: "Python itself died or ran out of memory while it ran the answer.",
    Status.ERROR: "The answer could not be used: it raised the error in the reason.",
    Status.MANUAL: "A person reads this answer; its points come later.",
    Status.UNREADABLE: "The file is not a notebook that can be opened.",
    Status.MISSING: "No notebook was handed in.",
    Status.WRONG_NOTEBOOK: "The file is a notebook, but not the one of this chapter.",
}
