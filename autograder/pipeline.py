"""Grades a class: find the submissions, run the tasks, keep and merge the results."""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from sqlalchemy import URL
from tqdm import tqdm

from autograder.execution import workers as pool
from autograder.execution.attempt import rendered
from autograder.exports.csv_table import grades_csv
from autograder.gradebook import book as gradebook
from autograder.gradebook import database, standing, store
from autograder.gradebook.assignment import Assignment, define, prepare
from autograder.gradebook.records import Limits, Result, Task
from autograder.gradebook.standing import Register
from autograder.intake.enrol import Given, enrol, only
from autograder.intake.submissions import Found, find
from autograder.reports.deliver import Desk, merge
from autograder.reports.summary import Summary, summarise
from autograder.sandbox.kind import Kind
from course_utils.course import Course, CourseError, UsageError, select
from course_utils.publish.points import require_agreement

CONFIG = '''"""Opens this gradebook in formgrader: run `jupyter lab` in this folder.

A password of the gradebook is not in here: set PGPASSWORD, or write it into ~/.pgpass.
"""

from pathlib import Path

from autograder.gradebook.settings import configure, find_alembic

ROOT = Path(__file__).resolve().parent

c = get_config()  # noqa: F821
find_alembic()
configure(c, root=ROOT, gradebook={gradebook}, policies={policies!r})
c.CourseDirectory.source_directory = {source!r}
c.CourseDirectory.submitted_directory = {submitted!r}
'''


@dataclass
class _Run:
    """One call of ``grade_class``."""

    course: Course
    submissions: Path
    out: Path
    gradebook: URL
    workers: int
    limits: Limits
    scheduler: str | None
    progress: bool
    integrity: bool
    force: bool


@dataclass
class _Plan:
    """What is to be graded, what was graded before, and the key of each submission."""

    keys: dict[tuple[str, str], str]
    tasks: list[Task]
    done: list[tuple[Task, Result]]


def grade_class(
    course: Course,
    submissions: Path,
    out: Path,
    *,
    gradebook: str | None = None,
    workers: int | None = None,
    cell_timeout: int = 30,
    wall_timeout: int = 300,
    sandbox: str = Kind.BUBBLEWRAP,
    scheduler: str | None = None,
    progress: bool = True,
    integrity: bool = True,
    students: Sequence[str] = (),
    chapters: Sequence[str] = (),
    force: bool = False,
    given: Given | None = None,
) -> Summary:
    """Grade ``submissions/<student>/<assignment>/<assignment>.ipynb`` into ``out``.

    Writes ``grades.csv``, ``gradebook.db``, ``feedback/<student>/<assignment>.html``,
    ``autograded/`` and, with ``integrity``, the report of ``autograder.integrity``. The same
    call again grades only what is new or has changed, also after the first was killed.

    Args:
        sandbox: ``bubblewrap``, or ``limits-only`` for a class that is trusted.
        scheduler: address of a Dask scheduler; default are processes of this machine.
        gradebook: address of a gradebook that is kept elsewhere (see ``database``).
        students: grade these alone, as their folders are called; so for ``chapters``.
        force: grade again what has not changed.
        given: roster, calendar, extensions and late policy.

    Raises:
        UsageError: there is nothing to grade.
        CourseError: ``out`` or the gradebook cannot be used, or a chapter's notebook is no
            assignment.
    """
    submissions, out = Path(submissions).resolve(), Path(out).resolve()
    if out == submissions or submissions in out.parents:
        raise UsageError(f"--out {out} lies inside the submissions: it would become a student")
    found = find(submissions, course.chapters())
    count = workers or os.cpu_count() or 1
    limits = Limits(cell_timeout, wall_timeout, Kind(sandbox))
    url = database.parse(gradebook, out)
    run = _Run(
        course, submissions, out, url, count, limits, scheduler, progress, integrity, force
    )
    return _alone(run, found, given or Given(), students, chapters)


def _alone(
    run: _Run, found: Found, given: Given, students: Sequence[str], chapters: Sequence[str]
) -> Summary:
    """Grade while nobody else writes into the folder or the gradebook."""
    with store.lock(run.out), database.withheld_password():
        what = f"the gradebook {database.shown(run.gradebook)}"
        try:
            found, register = _class(run, found, given, students, chapters)
            with database.failures(what), database.one_writer(run.gradebook, run.out):
                return _grade(run, found, register)
        except OSError as error:
            where = error.filename or run.out
            raise CourseError(f"cannot write to {where}: {error.strerror or error}") from None


def _class(
    run: _Run, found: Found, given: Given, students: Sequence[str], chapters: Sequence[str]
) -> tuple[Found, Register]:
    """The submissions that are wanted, with those of students who handed in nothing."""
    folders = sorted({student for student, _ in found.submissions})
    graded = {result.student for result in store.Results(run.out).all()}
    class_ = enrol(run.course, given, Register.load(run.out), folders, graded)
    assignments = select(found.assignments, chapters)
    wanted = only([*folders, *class_.absent], students, "student")
    pairs = tuple((student, name) for student in sorted(wanted) for name in assignments)
    problems = (*found.problems, *class_.problems)
    wanted_ = replace(
        found, submissions=pairs, assignments=tuple(assignments), problems=problems
    )
    return wanted_, class_.register


def _grade(run: _Run, found: Found, register: Register) -> Summary:
    results = store.Results(run.out)
    store.sweep(run.out)
    with database.failures(f"a scratch gradebook in {tempfile.gettempdir()}"):
        assignments = {name: prepare(run.course, name) for name in found.assignments}
    plan = _plan(run, found, assignments, results)
    require_agreement(run.course, sorted({task.assignment.name for task in plan.tasks}))
    _set_up(run, assignments, register)
    with gradebook.opened(database.address(run.gradebook)) as book:
        standing.set_due(book, register, assignments)
        desk = Desk(run.out, book, results, register, rendered)
        for task, result in plan.done:
            _merge(desk, task, result, plan.keys[task.student, task.assignment.name])
        lost = _run_tasks(run, plan, desk)
        rows = gradebook.final_grades(book, results, register)
    store.write(run.out / "grades.csv", grades_csv(rows))
    if run.integrity:
        from autograder.integrity import report  # takes a second to import: not in workers

        report.write(run.course, run.out, results.all())
    where = database.shown(run.gradebook)
    problems = [*found.problems, *_from_the_future(plan), *lost]
    return summarise(rows, run.out, where, problems, len(plan.tasks), len(plan.done))


def _from_the_future(plan: _Plan) -> list[str]:
    return [
        f"{task.student}/{task.assignment.name}: handed in at {when} UTC, which is still to "
        "come: was a clock wrong? Lateness is counted from it"
        for task in [*plan.tasks, *(task for task, _ in plan.done)]
        if (when := standing.ahead(task.handin.timestamp))
    ]


def _merge(desk: Desk, task: Task, result: Result, key: str) -> None:
    merge(desk, task, result, key)
    desk.book.db.rollback()  # nothing stays open or old while the next file is graded


def _run_tasks(run: _Run, plan: _Plan, desk: Desk) -> list[str]:
    """Grade what is to be graded, keep each result at once; names what was lost."""
    lost: list[str] = []
    statuses: Counter[str] = Counter()
    total = len(plan.tasks)
    graded = pool.run(plan.tasks, run.workers, run.scheduler)
    shown = tqdm(total=total, desc="grading", unit="file", disable=not run.progress)
    with contextlib.closing(graded), shown as bar:  # whatever ends this ends the workers
        try:
            for task, result, final in graded:
                key = plan.keys[task.student, task.assignment.name] if final else ""
                desk.results.save(key, result)
                _merge(desk, task, result, key)
                if not final:
                    lost.append(f"{task.student}/{task.assignment.name}: {result.reason}")
                statuses[str(result.status)] += 1
                bar.set_postfix(statuses, refresh=False)
                bar.update()
        except KeyboardInterrupt:
            raise CourseError(
                f"interrupted: {bar.n} of {total} files are graded and kept; "
                "the same command grades the rest"
            ) from None
    return lost


def _set_up(run: _Run, assignments: dict[str, Assignment], register: Register) -> None:
    """A gradebook that knows the assignments, and the config for formgrader."""
    with database.claimed(run.gradebook, run.out):
        gradebook.ensure(run.gradebook)
        for name in assignments:
            define(run.course, name, database.address(run.gradebook))
    text = CONFIG.format(
        gradebook=database.configured(run.gradebook, run.out),
        policies=register.policies,
        source=str(run.course.notebooks),
        submitted=str(run.submissions),
    )
    store.write(run.out / "nbgrader_config.py", text)
    register.save(run.out)


def _plan(
    run: _Run, found: Found, assignments: dict[str, Assignment], results: store.Results
) -> _Plan:
    """Tasks for submissions that are new, results of the others."""
    plan = _Plan({}, [], [])
    for student, name in found.submissions:
        handin = found.handin(student, name)
        task = Task(student, assignments[name], handin, run.limits)
        plan.keys[student, name] = key = _key(task)
        if not run.force and (result := results.load(student, name, key)):
            plan.done.append((task, result))
        else:
            plan.tasks.append(task)
    return plan


def _key(task: Task) -> str:
    """Names everything that a result depends on."""
    handin = replace(task.handin, data=None, timestamp="")
    digest = hashlib.sha256(task.handin.data or b"")
    for part in (task.handin.data is None, handin, task.limits):
        digest.update(f"\0{part!r}".encode())
    digest.update(task.assignment.digest.encode())
    return digest.hexdigest()
