"""From an instructor's notebook to the book's page and to the student's notebook.

Needs the extra ``book`` of a checkout; students do not have it.
"""
