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
    from autograder.pipeline import grade_class

    summary = grade_class(
        Course.find(),
        args.submissions,
        args.out,
        gradebook=args.gradebook,
        workers=args.workers,
        cell_timeout=args.cell_timeout,
        progress=sys.stderr.isatty(),
    )
    print(summary)
    return summary.exit_code


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
    sub = add(
        "format", format_notebooks, "bring source notebooks into their one form", "format"
    )
    sub.add_argument("chapters", nargs="*", help="all when none is given")
    sub.add_argument(
        "--outputs", action="store_true", help="store what checked cells print now"
    )
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
            "nbgrader",
            "jupyter_book",
            "resvg_py",
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
