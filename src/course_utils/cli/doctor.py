"""What this machine can do."""

from __future__ import annotations

from course_utils.cli.command import command


@command("doctor")
def doctor() -> int:
    """Report which parts of the course this machine can run."""
    from course_utils.doctor import findings

    for name, found, detail in findings():
        print(f"{'✓' if found else '–'} {name:15s} {detail}")
    return 0
