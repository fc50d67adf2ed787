"""integrity.csv: one row a finding; a pair of copies has one for each of the two."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

from autograder.exports.csv_table import safe
from autograder.integrity.findings import Finding
from autograder.integrity.visible import visible

HEADER = ("student", "assignment", "exercise", "kind", "score", "other student", "detail")


def integrity_csv(findings: Iterable[Finding]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(HEADER)
    for f in findings:
        score = "" if f.score is None else f"{f.score:.2f}"
        row = (f.student, f.assignment, f.exercise, str(f.kind), score, f.other, f.detail)
        writer.writerow([safe(visible(cell)) for cell in row])
    return text.getvalue()
