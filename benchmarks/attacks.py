"""What hostile and broken submissions earn: stock nbgrader and ours.

    python -m benchmarks.attacks

Each attack of ``tests/attacks`` is graded by ``nbgrader autograde`` with its own configuration,
followed by an honest student; ours grades all of them as one class. Stock runs in an outer
sandbox with limits, because several attacks would take this machine down with them; the two
that limits do not hold are not tried. Writes ``results/attacks.json``: a row for each attack.
"""

from __future__ import annotations

import contextlib
import csv
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from autograder.gradebook.assignment import prepare
from autograder.gradebook.settings import find_alembic
from autograder.pipeline import grade_class
from benchmarks import record
from course_utils.course import Course
from tests.attacks import catalogue, replies
from tests.attacks.catalogue import Attack
from tests.attacks.families import ATTACKS, FAMILIES
from tests.autograder import tiny_course
from tests.autograder.tiny_course import CHAPTER, RIGHT

CELL_SECONDS = 4
WALL_SECONDS = 90
UNBOUND = ("fork bomb", "threads")
FULL, FLIP = 6.0, 2.0
OURS_ALONE = (*catalogue.FORGERY, *replies.REPLIES)  # attacks on what stock does not have
STOCK = f"""
c = get_config()
c.CourseDirectory.source_directory = "notebooks"
c.Execute.timeout = {CELL_SECONDS}
"""
SCORE = """
    SELECT student.id, sum(coalesce(grade.manual_score, grade.auto_score, 0)),
           min(grade.auto_score IS NOT NULL)
    FROM grade JOIN submitted_notebook ON grade.notebook_id = submitted_notebook.id
    JOIN submitted_assignment ON submitted_notebook.assignment_id = submitted_assignment.id
    JOIN student ON submitted_assignment.student_id = student.id
    JOIN base_cell ON grade.cell_id = base_cell.id
    WHERE base_cell.name LIKE 'test_%' GROUP BY student.id
"""


def verdict(got: float | None, worth: float) -> str:
    if got is None:
        return "lost"
    if got == worth:
        return "as earned"
    return f"{'overpaid' if got > worth else 'underpaid'}: {got:g}"


def stock_course(root: Path) -> Path:
    """A course folder with the assignment generated, to be copied for each attack."""
    folder = root / "stock"
    shutil.copytree(root / "course" / "notebooks", folder / "notebooks")
    (folder / "nbgrader_config.py").write_text(STOCK)
    command = [sys.executable, "-m", "nbgrader", "generate_assignment", CHAPTER, "--create"]
    environment = os.environ | {"PYTHONPATH": str(root / "course")}
    subprocess.run(command, cwd=folder, env=environment, check=True, capture_output=True)
    return folder


def stock(template: Path, attack: Attack, release: str) -> tuple[str, str]:
    """What the attacker and the honest student after him get from stock nbgrader."""
    if attack.name in UNBOUND:
        return "not tried", "not tried"
    folder = Path(tempfile.mkdtemp(prefix="stock-"))
    shutil.copytree(template, folder, dirs_exist_ok=True)
    honest = tiny_course.answer(release, **RIGHT)
    for student, data in (("a_attacker", attack.make(release)), ("b_honest", honest)):
        path = tiny_course.hand_in(folder / "submitted", student, data)
        shutil.copy(folder / "notebooks" / CHAPTER / "tiny_checks.py", path.parent)
    walls = ["bwrap", "--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc"]
    walls += ["--unshare-pid", "--unshare-net", "--die-with-parent", "--tmpfs", "/tmp"]
    walls += ["--bind", str(folder), str(folder), "--chdir", str(folder)]
    limits = ["prlimit", f"--as={16 << 30}", f"--fsize={256 << 20}"]
    environment = os.environ | {
        "PYTHONPATH": str(template.parent / "course"),
        "SECRET_OF_THE_GRADER": "1",
        "HOME": "/tmp",
    }
    walls += ["--ro-bind", str(template.parent / "course"), str(template.parent / "course")]
    with contextlib.suppress(subprocess.TimeoutExpired):
        subprocess.run(
            [*walls, *limits, sys.executable, "-m", "nbgrader", "autograde", CHAPTER],
            env=environment,
            capture_output=True,
            timeout=WALL_SECONDS,
        )
    scores = stock_scores(folder / "gradebook.db")
    shutil.rmtree(folder)
    # Who attacks our boundary breaks his own process; stock has none, so all answers count.
    worth = attack.double + (FLIP if attack in OURS_ALONE else attack.flip)
    return verdict(scores.get("a_attacker"), worth), verdict(scores.get("b_honest"), FULL)


def stock_scores(gradebook: Path) -> dict[str, float]:
    """Total of the test cells, of each student whose cells all have a grade."""
    with contextlib.closing(sqlite3.connect(gradebook)) as book:
        try:
            return {who: float(got) for who, got, whole in book.execute(SCORE) if whole}
        except sqlite3.Error:
            return {}


def ours(root: Path, release: str) -> list[tuple[str, str]]:
    """All attacks as one class, an honest student after each."""
    submissions = root / "submissions"
    for n, attack in enumerate(ATTACKS):
        tiny_course.hand_in(submissions, f"{n:03d}a", attack.make(release))
        tiny_course.hand_in(submissions, f"{n:03d}b", tiny_course.answer(release, **RIGHT))
    os.environ["SECRET_OF_THE_GRADER"] = "1"
    grade_class(
        Course(root / "course"),
        submissions,
        root / "grades",
        cell_timeout=CELL_SECONDS,
        integrity=False,
    )
    scores: Counter[str] = Counter()
    with (root / "grades" / "grades.csv").open(encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream):
            if row["exercise"] != "reflection":
                scores[row["student"]] += float(row["points"])
    return [
        (
            verdict(scores.get(f"{n:03d}a"), attack.double + attack.flip),
            verdict(scores.get(f"{n:03d}b"), FULL),
        )
        for n, attack in enumerate(ATTACKS)
    ]


def main() -> None:
    find_alembic()
    start = time.perf_counter()
    root = Path(tempfile.mkdtemp(prefix="attacks-"))
    release = prepare(tiny_course.build(root / "course"), CHAPTER).release
    our_verdicts = ours(root, release)
    template = stock_course(root)
    with ThreadPoolExecutor(max(1, (os.cpu_count() or 2) // 2)) as pool:
        stock_verdicts = list(pool.map(lambda a: stock(template, a, release), ATTACKS))
    kind_of = {attack.name: kind for kind, group in FAMILIES.items() for attack in group}
    rows = [
        {
            "attack": attack.name,
            "kind": kind_of[attack.name],
            "may earn": attack.double + attack.flip,
            "nbgrader": theirs[0],
            "next student, nbgrader": theirs[1],
            "ours": mine[0],
            "next student, ours": mine[1],
        }
        for attack, theirs, mine in zip(ATTACKS, stock_verdicts, our_verdicts, strict=True)
    ]
    caption = f"{len(ATTACKS)} hostile, broken and unusual submissions, {FULL:g} points each"
    seconds = time.perf_counter() - start
    print(record.write("attacks", rows, caption=caption, seed=0, seconds=seconds))
    for grader in ("nbgrader", "next student, nbgrader", "ours", "next student, ours"):
        print(grader, Counter(str(row[grader]).split(":")[0] for row in rows))


if __name__ == "__main__":
    main()
