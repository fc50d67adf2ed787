"""Tables say what was measured, and show what was not."""

from __future__ import annotations

from course_utils.tables import Table


def test_what_was_not_measured_is_a_dash_and_zero_is_zero() -> None:
    table = Table([{"N": 256, "ms": 0}, {"N": 512, "ms": None}], "A note")
    assert repr(table) == "N: 256  ms: 0\nN: 512  ms: –\nA note"
    page = table._repr_html_()
    assert "<td>256</td><td>0</td>" in page
    assert "<td>512</td><td>–</td>" in page
    assert "None" not in page
