"""A static page around some widgets: what the book's build writes, without the book."""

from __future__ import annotations

import json
from pathlib import Path

from ipywidgets import Widget
from ipywidgets.embed import embed_data

from course_utils.widgets import STATIC_LOADER

PAGE = """<!doctype html>
<html lang="en" data-theme="{theme}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Widgets</title>
<link rel="icon" href="data:,">
<style>
body {{ margin: 1rem auto; max-width: 750px; padding: 0 1rem; font-family: sans-serif; }}
html[data-theme="dark"] {{ color-scheme: dark; --pst-color-background: #14181e;
  --pst-color-text-base: #ced6dd; --pst-color-text-muted: #9ca4af; --pst-color-border: #48566b;
  background: #14181e; }}
</style>
<script src="static-widgets.js"></script>
</head>
<body>
<script type="application/vnd.jupyter.widget-state+json">{state}</script>
{views}
</body>
</html>
"""


def write_page(folder: Path, widgets: list[Widget], theme: str = "light") -> Path:
    """Writes ``index.html`` and the loader beside it; returns the page."""
    data = embed_data(views=widgets, drop_defaults=False)
    views = "\n".join(
        f'<script type="application/vnd.jupyter.widget-view+json">{json.dumps(view)}</script>'
        for view in data["view_specs"]
    )
    state = json.dumps(data["manager_state"]).replace("</", "<\\/")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "static-widgets.js").write_text(STATIC_LOADER.read_text())
    page = folder / "index.html"
    page.write_text(PAGE.format(theme=theme, state=state, views=views))
    return page
