"""What an instructor may want to look at: likely copies, refused calls, changed tests.

Nothing in here changes a grade. ``report.write`` makes ``integrity.html`` and
``integrity.csv`` in a grades folder, from what grading left there.
"""

PAGE, TABLE = "integrity.html", "integrity.csv"
