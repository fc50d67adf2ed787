"""Gradescope: the bundle that is uploaded, and what runs there.

After the "Autograder Specifications" on gradescope-autograders.readthedocs.io.
"""

SETTINGS = "settings.json"  # beside setup.sh: what `course export` was asked for
VISIBILITIES = ("visible", "after_due_date", "after_published", "hidden")
