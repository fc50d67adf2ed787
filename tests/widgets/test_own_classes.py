"""Notebooks that are open side by side in JupyterLab share one page, and so their styles."""

from __future__ import annotations

import re
from collections import defaultdict

from course_utils.widgets import STATIC_STYLE

FOLDER = STATIC_STYLE.parent.parent
CLASS = re.compile(r"\.([a-z][a-z0-9]*)[\w-]*(?=[^{}]*\{)")
SHARED = {"ptp"}  # the kit's


def test_no_two_widgets_style_the_same_classes() -> None:
    styles = defaultdict(set)
    for file in FOLDER.glob("*/widget.css"):
        for prefix in set(CLASS.findall(file.read_text("utf-8"))) - SHARED:
            styles[prefix].add(file.parent.name)
    assert len(styles) > 20
    assert {prefix: names for prefix, names in styles.items() if len(names) > 1} == {}
