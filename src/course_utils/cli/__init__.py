"""The ``course`` command: a module for each group of commands.

What only instructors need is imported where it is used: students do not have it.
"""

from course_utils.cli.app import main

__all__ = ["main"]
