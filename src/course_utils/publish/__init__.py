"""From an instructor's notebook to the book's page and to the student's notebook.

Needs ``pip install course-utils[book]``; students do not have it.
"""
