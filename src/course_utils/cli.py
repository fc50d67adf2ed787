"""The ``course`` command.

Exit codes: 0 all is well, 1 something failed and is named, 2 the command was called wrongly.
What only instructors need is imported where it is used: students do not have it.
"""

from __future__ import annotations

import argparse
import contextlib
import functools
import http.server
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from course_utils.course import Course, CourseError

Handler = Callable[[argparse.Namespace], int]


def build(args: argparse.Namespace) -> int:
    from course_utils.publish import build

    course = Course.find()
    for chapter in course.select(args.chapters) if args.chapters else ():
        for kept in (course.cache / "executed").glob(f"{chapter}-*.ipynb"):
            kept.unlink()
    page = build.build(course, verbose=args.verbose, progress=lambda what: _say(f"… {what}"))
    print(f"book      {page}")
    return 0


def serve(args: argparse.Namespace) -> int:
    folder = Course.find().root / "_build" / "html"
    if not (folder / "index.html").is_file():
        raise CourseError("there is no book yet: run course build first")
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(folder))
    try:
        server = http.server.ThreadingHTTPServer(("127.0.0.1", args.port), handler)
    except OSError as error:
        raise CourseError(f"port {args.port}: {error.strerror}; try --port 0") from None
    with server, contextlib.suppress(KeyboardInterrupt):
        print(f"http://127.0.0.1:{server.server_port}/  (Ctrl-C stops it)", flush=True)
        server.serve_forever()
    return 0


def release(args: argparse.Namespace) -> int:
    from course_utils.publish.release import release

    course = Course.find()
    for notebook in release(course, course.select(args.chapters), args.out):
        print(f"released  {notebook}")
    return 0


def check(args: argparse.Namespace) -> int:
    from course_utils.selfcheck import check_notebook

    lines = check_notebook(args.notebook, progress=_progress if sys.stderr.isatty() else None)
    print("\n\n".join(map(str, lines)))
    done = sum(line.passed for line in lines)
    print(f"\n{done} of {len(lines)} exercises pass all public checks.")
    return 0 if done == len(lines) else 1


def grade(args: argparse.Namespace) -> int:
    if not args.scheduler and not (args.out / "grades.csv").exists():
        from autograder.execution.head_start import head_start  # while the rest is imported
        from autograder.sandbox.kind import Kind

        head_start(Kind(args.sandbox))
    from autograder.pipeline import grade_class

    summary = grade_class(
        Course.find(),
        args.submissions,
        args.out,
        gradebook=args.gradebook,
        workers=args.workers,
        cell_timeout=args.cell_timeout,
        sandbox=args.sandbox,
        scheduler=args.scheduler,
        progress=sys.stderr.isatty(),
        integrity=not args.no_integrity,
    )
    print(summary)
    return summary.exit_code


def integrity(args: argparse.Namespace) -> int:
    from autograder.integrity import report

    found = report.again(Course.find(), args.grades)
    print(f"integrity {args.grades / report.PAGE}  {len(found.findings)} findings")
    return 0


def train(args: argparse.Namespace) -> int:
    import torch

    from course_utils import results
    from course_utils.training import checkpoints, distributed, recipes
    from course_utils.training.fit import Epoch, device

    def watch(epoch: Epoch) -> None:
        if distributed.rank() == 0:
            _say(
                f"epoch {epoch.number:3d}  loss {epoch.loss:.4f}  accuracy {epoch.accuracy:.4f}"
            )

    course = Course.find()
    chosen = distributed.start(torch.device(args.device) if args.device else device())
    state = course.cache / "training" / f"{args.name}-{args.seed}.pt"
    run = recipes.Run(chosen, args.seed, watch, state)
    trained, record = recipes.train(args.name, run)
    first = distributed.rank() == 0
    distributed.stop()
    if first:
        folder = checkpoints.FOLDER if trained.ships else course.cache / "checkpoints"
        path = checkpoints.save_checkpoint(
            args.name, trained.tensors, record, folder, ships=trained.ships
        )
        result = results.save(args.name, record, course.root / "results")
        note = "" if trained.ships else "  (does not ship)"
        state.unlink(missing_ok=True)
        print(f"checkpoint {path}{note}\nresult     {result}\n{trained.row}")
    return 0


def format_notebooks(args: argparse.Namespace) -> int:
    from course_utils.publish.normalise import normalise, update_outputs

    course = Course.find()
    pages = [] if args.chapters else course.pages()
    for source in [*map(course.source, course.select(args.chapters)), *pages]:
        changed = update_outputs(source, course.cache) if args.outputs else normalise(source)
        print(f"{'changed' if changed else 'as it was':9s} {source}")
    return 0


def data_list(args: argparse.Namespace) -> int:
    from course_utils.data import cache, inventory

    print("\n".join(inventory.lines()))
    print(f"decoded  {cache.folder()}")
    return 0


def data_fetch(args: argparse.Namespace) -> int:
    from course_utils.data.cifar10 import fetch

    for path in fetch(progress=lambda what: _say(f"… {what}")):
        print(f"fetched  {path}")
    return 0


def data_build(args: argparse.Namespace) -> int:
    from course_utils.data.build.rebuild import rebuild

    done = rebuild(
        args.sets,
        update=args.update,
        downloads=args.downloads,
        progress=lambda f: print(f, flush=True),
    )
    if args.update or all(file.as_shipped for file in done):
        return 0
    _say("course data build: not all files are as shipped; nothing was replaced by other bytes")
    return 1


def export_csv(args: argparse.Namespace) -> int:
    from autograder.exports import csv_table, grades

    return _exported(csv_table.export(grades.read(args.grades, args.gradebook), args.out))


def export_canvas(args: argparse.Namespace) -> int:
    from autograder.exports import canvas, grades, roster

    totals = grades.Totals(grades.read(args.grades, args.gradebook), args.chapter)
    found = roster.read(args.roster)
    columns = dict(args.column)
    return _exported(
        canvas.export(totals, found, args.out, columns=columns, so_far=args.so_far)
    )


def export_moodle(args: argparse.Namespace) -> int:
    from autograder.exports import grades, moodle

    totals = grades.Totals(grades.read(args.grades, args.gradebook), args.chapter)
    return _exported(moodle.export(totals, args.out, key=args.key, so_far=args.so_far))


def export_gradescope(args: argparse.Namespace) -> int:
    from autograder.exports.gradescope import bundle

    return _exported(
        bundle.export(
            Course.find(),
            args.chapter,
            args.out,
            hidden=args.hidden,
            cell_timeout=args.cell_timeout,
            extra_index=args.extra_index,
        )
    )


def _exported(done: Any) -> int:
    """Say what ``autograder.exports`` wrote."""
    print(f"exported  {done.path}")
    for kind, sentences in (("note", done.notes), ("problem", done.problems)):
        for sentence in sentences:
            _say(f"{kind}: {sentence}")
    return done.exit_code


def doctor(args: argparse.Namespace) -> int:
    from course_utils.doctor import findings

    for name, found, detail in findings():
        print(f"{'✓' if found else '–'} {name:9s} {detail}")
    return 0


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _progress(done: int, total: int) -> None:
    end = "\n" if done == total else ""
    print(f"\rcell {done} of {total}", end=end, file=sys.stderr, flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="course", description="Pixels to Prompts, the course."
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def add(
        name: str, handler: Handler, text: str, example: str, group: Any = commands
    ) -> argparse.ArgumentParser:
        sub = group.add_parser(
            name, help=text, description=text, epilog=f"example: course {example}"
        )
        sub.set_defaults(handler=handler)
        return sub

    sub = add("build", build, "run the chapters and make the book", "build")
    sub.add_argument("chapters", nargs="*", help="run these again even if nothing changed")
    sub.add_argument("-v", "--verbose", action="store_true", help="show what Sphinx says")
    sub = add("serve", serve, "show the book in a browser", "serve --port 8000")
    sub.add_argument("--port", type=int, default=8000, help="0 picks a free one")
    sub = add("release", release, "write the student notebooks", "release 02_convolution")
    sub.add_argument("chapters", nargs="*", help="all when none is given")
    sub.add_argument("--out", type=Path, help="folder, default release/ in the course")
    sub = add(
        "check", check, "say which checks of a notebook pass", "check 02_convolution.ipynb"
    )
    sub.add_argument("notebook", type=Path)
    sub = add(
        "grade", grade, "grade a class", "grade autograder/sample_class --out /tmp/grades"
    )
    sub.add_argument("submissions", type=Path, help="<student>/<assignment>/<assignment>.ipynb")
    sub.add_argument("--out", type=Path, required=True, help="folder of the grades")
    sub.add_argument(
        "--gradebook",
        metavar="URL",
        help="postgresql://USER@HOST/DATABASE or sqlite:///FILE, default OUT/gradebook.db; "
        "a password is better in PGPASSWORD or ~/.pgpass",
    )
    sub.add_argument("--workers", type=int, help="processes, default one a core")
    sub.add_argument("--cell-timeout", type=int, default=30, help="seconds a cell may take")
    sub.add_argument(
        "--sandbox",
        choices=["bubblewrap", "limits-only"],
        default="bubblewrap",
        help="limits-only: no wall around student code, for a class that you trust",
    )
    sub.add_argument("--scheduler", help="of a Dask cluster, tcp://host:8786")
    sub.add_argument("--no-integrity", action="store_true", help="leave that report out")
    sub = add(
        "integrity",
        integrity,
        "report likely copies in a graded class",
        "integrity /tmp/grades",
    )
    sub.add_argument("grades", type=Path, help="the folder that course grade filled")
    sub = add(
        "format", format_notebooks, "bring source notebooks into their one form", "format"
    )
    sub.add_argument("chapters", nargs="*", help="all when none is given")
    sub.add_argument(
        "--outputs", action="store_true", help="store what checked cells print now"
    )
    sub = add("train", train, "train a network", "train lenet --device cuda")
    sub.add_argument("name", help="a recipe of course_utils.training.recipes")
    sub.add_argument("--device", help="cuda, mps or cpu; default the best there is")
    sub.add_argument("--seed", type=int, default=0)
    _add_export_commands(commands, add)
    _add_data_commands(commands, add)
    add("doctor", doctor, "say what this machine can do", "doctor")
    return parser


def _add_data_commands(commands: Any, add: Callable[..., argparse.ArgumentParser]) -> None:
    text = "what data there are; fetch and rebuild them"
    group = commands.add_parser(
        "data", help=text, description=text, epilog="example: course data list"
    )
    inside = group.add_subparsers(dest="subcommand", required=True, metavar="SUBCOMMAND")
    add("list", data_list, "say what ships and what was fetched", "data list", inside)
    sub = add(
        "fetch", data_fetch, "fetch what may not be shipped", "data fetch cifar10", inside
    )
    sub.add_argument("set", choices=["cifar10"])
    sub = add(
        "build",
        data_build,
        "make shipped files anew and compare them",
        "data build digits",
        inside,
    )
    sub.add_argument("sets", nargs="*", help="digits, fashion, emoji; all when none is given")
    sub.add_argument("--update", action="store_true", help="take over files that differ")
    sub.add_argument("--downloads", type=Path, help="folder that keeps the fetched archives")


def _add_export_commands(commands: Any, add: Callable[..., argparse.ArgumentParser]) -> None:
    text = "grades for other systems, and the grader for Gradescope"
    group = commands.add_parser(
        "export",
        help=text,
        description=text,
        epilog="example: course export csv /tmp/grades --out grades.csv",
    )
    inside = group.add_subparsers(dest="subcommand", required=True, metavar="FORMAT")

    def add_table(
        name: str, handler: Handler, text: str, example: str
    ) -> argparse.ArgumentParser:
        sub = add(name, handler, text, f"export {name} /tmp/grades {example}", inside)
        sub.add_argument("grades", type=Path, help="folder that course grade has filled")
        sub.add_argument("--out", type=Path, required=True, help="file to write")
        sub.add_argument("--gradebook", metavar="URL", help="default: that in the folder")
        return sub

    add_table("csv", export_csv, "the table of all exercises", "--out grades.csv")
    example = "--roster canvas.csv --out import.csv"
    sub = add_table("canvas", export_canvas, "a table for Canvas's gradebook import", example)
    sub.add_argument("--roster", type=Path, required=True, help="gradebook that Canvas exports")
    sub.add_argument(
        "--column",
        type=_pair,
        action="append",
        default=[],
        metavar="CHAPTER=TITLE",
        help="assignment in Canvas, where its title is not the chapter's name",
    )
    _add_totals_arguments(sub)
    example = "--key email --out import.csv"
    sub = add_table("moodle", export_moodle, "a table for Moodle's grade import", example)
    sub.add_argument(
        "--key",
        choices=["username", "idnumber", "email"],
        default="username",
        help="what the names of the students' folders are in Moodle",
    )
    _add_totals_arguments(sub)
    _add_gradescope_command(inside, add)


def _add_totals_arguments(sub: argparse.ArgumentParser) -> None:
    sub.add_argument(
        "--chapter", action="append", default=[], help="this one alone; may be repeated"
    )
    sub.add_argument(
        "--so-far", action="store_true", help="count answers nobody has read as 0 points"
    )


def _add_gradescope_command(inside: Any, add: Callable[..., argparse.ArgumentParser]) -> None:
    sub = add(
        "gradescope",
        export_gradescope,
        "the bundle that grades a chapter on Gradescope",
        "export gradescope 02_convolution --out autograder.zip",
        inside,
    )
    sub.add_argument("chapter")
    sub.add_argument("--out", type=Path, required=True, help="zip file to write")
    sub.add_argument(
        "--hidden",
        choices=["visible", "after_due_date", "after_published", "hidden"],
        default="after_published",
        help="when students see the hidden properties",
    )
    sub.add_argument("--cell-timeout", type=int, default=30, help="seconds a cell may take")
    sub.add_argument(
        "--extra-index",
        metavar="URL",
        help="one more package index to install from, such as that of torch's CPU builds",
    )


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not (name and equals and value):
        raise argparse.ArgumentTypeError(f"{text!r} is not CHAPTER=TITLE")
    return name, value


def main(argv: list[str] | None = None) -> int:
    args = _parser().parse_args(argv)
    try:
        return args.handler(args)
    except CourseError as error:
        _say(f"course {args.command}: {error}")
        return error.exit_code
    except ModuleNotFoundError as error:
        if (error.name or "").split(".")[0] in (
            "autograder",
            "copydetect",
            "nbgrader",
            "jupyter_book",
            "resvg_py",
            "dask",
            "tqdm",
        ):
            _say(
                f"course {args.command}: {error.name} is missing. This command is for "
                "instructors: in a checkout of the course run make env"
            )
            return 1
        raise
    except KeyboardInterrupt:
        _say(f"course {args.command}: interrupted; the same command goes on where it stopped")
        return 1


if __name__ == "__main__":
    sys.exit(main())
