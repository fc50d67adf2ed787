"""Sphinx extension that makes a plain ``jupyter-book build .`` safe, live and offline.

* A notebook is executed with its solutions and published without them.
* The download button hands out the student's version of a notebook.
* Widgets run in the page without a kernel; a still stands there without JavaScript.
* MathJax comes from a Python package: no request leaves the site.

Whatever goes wrong stops the build; nothing is published half-stripped.
"""

from __future__ import annotations

import importlib
import json
import shutil
from pathlib import Path

import nbformat
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.environment import BuildEnvironment
from sphinx.errors import ExtensionError
from sphinx.util import logging
from sphinx.util.fileutil import copy_asset

from course_utils.course import CourseError
from course_utils.publish import home
from course_utils.publish.execute import executed, read, read_by
from course_utils.publish.fingerprint import fingerprint, publish_digest
from course_utils.publish.formulas import keep_punctuation
from course_utils.publish.photograph import find_chromium
from course_utils.publish.release import released_text
from course_utils.publish.stills import FOLDER as STILLS
from course_utils.publish.stills import with_stills
from course_utils.publish.strip import public_notebook
from course_utils.publish.terms import linked, words
from course_utils.widgets import STATIC_LOADER, STATIC_STYLE

log = logging.getLogger(__name__)

GLOSSARY = "book/glossary"
STYLE = Path(__file__).with_name("book.css")
READER = Path(__file__).with_name("reader.js")

# The part of MathJax that a page of this book can ask for: 2 of its 24 MB.
MATHJAX = "tex-mml-chtml.js"
MATHJAX_FOLDERS = ("output/chtml/fonts/woff-v2", "input/tex/extensions")


def setup(app: Sphinx) -> dict[str, bool]:
    """Called by Sphinx."""
    app.add_css_file(STYLE.name)
    app.add_css_file(STATIC_STYLE.name)
    app.add_js_file(READER.name, loading_method="defer")
    app.add_config_value(home.SETTING, "", "html")
    app.connect("config-inited", set_safe_defaults, priority=400)  # before myst-nb reads them
    app.connect("config-inited", offer_launches)
    app.connect("env-get-outdated", outdated_notebooks)
    app.connect("source-read", replace_source)
    app.connect("doctree-read", keep_punctuation)
    app.connect("doctree-resolved", explain_terms)
    app.connect("html-page-context", name_download, priority=400)  # before the theme's button
    app.connect("html-page-context", launch_chapters_alone, priority=900)  # after the theme
    app.connect("build-finished", finish_site)
    # Notebooks must not run side by side: each is measured, and each uses all cores.
    return {"parallel_read_safe": False, "parallel_write_safe": True}


def set_safe_defaults(app: Sphinx, config: Config) -> None:
    """What must not depend on anyone's ``_config.yml``."""
    config.nb_execution_mode = "off"  # replace_source has done it
    config.html_copy_source = False  # else instructor notebooks would be copied as they are
    ours = (STATIC_LOADER, STATIC_STYLE, STYLE, READER)
    config.html_static_path += [str(file) for file in ours]
    config.nb_ipywidgets_js = {STATIC_LOADER.name: {}}
    config.mathjax_path = f"mathjax/{MATHJAX}"


def offer_launches(app: Sphinx, config: Config) -> None:
    """Links that open a chapter elsewhere, once it is known where the students' branch is."""
    if where := config[home.SETTING]:
        try:
            config.html_theme_options.update(home.theme_options(where))
        except CourseError as error:
            raise ExtensionError(str(error)) from None


def launch_chapters_alone(
    app: Sphinx, pagename: str, template: str, context: dict, doctree: object
) -> None:
    """Other pages are not on the students' branch."""
    if not pagename.startswith(home.CHAPTERS):
        buttons = context.get("header_buttons", [])
        buttons[:] = [b for b in buttons if b.get("label") != "launch-buttons"]


def outdated_notebooks(
    app: Sphinx, env: BuildEnvironment, added: set[str], changed: set[str], removed: set[str]
) -> list[str]:
    """Pages to make anew although their file is as old as it was.

    Sphinx looks at the notebook's date only; its outputs also depend on our packages.
    """
    known = getattr(env, "course_fingerprints", {})
    now = {}
    for docname in env.found_docs:
        if path := notebook_path(env, docname):
            now[docname] = _fingerprint(env, path)
    env.course_fingerprints = now  # type: ignore[attr-defined]
    return [docname for docname in now if known.get(docname) != now[docname]]


def _fingerprint(env: BuildEnvironment, path: Path) -> str:
    """Of a page: the notebook's code, what its run read, what makes pages, and the glossary."""
    nb = read(path)
    ran = read_by(path, nb, Path(env.srcdir) / ".cache")
    code = fingerprint(path, nb), publish_digest().hex(), str(bool(find_chromium()))
    return " ".join((*code, ran, *words(_glossary(env))))


def _note_fingerprint(env: BuildEnvironment, docname: str, path: Path) -> None:
    """Anew after its run, which may have been the first."""
    env.course_fingerprints[docname] = _fingerprint(env, path)  # type: ignore[attr-defined]


def replace_source(app: Sphinx, docname: str, source: list[str]) -> None:
    """Give myst-nb the public version in place of the instructor's notebook."""
    path = notebook_path(app.env, docname)
    if path is None:
        return
    try:
        nb = executed(path, Path(app.srcdir) / ".cache")
        public = linked(_named(path, nb), words(_glossary(app.env)))
        source[0] = nbformat.writes(_with_stills(app, docname, public))
        _note_fingerprint(app.env, docname, path)
    except CourseError as error:
        raise ExtensionError(str(error)) from error
    took = nb.metadata["course"]
    log.info("%s runs in %.0f s and %d MB", docname, took["seconds"], took["peak_mb"])


def _with_stills(app: Sphinx, docname: str, nb: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """Notes which images the page needs, for ``finish_site``."""
    static = "../" * docname.count("/") + "_static"
    nb, images = with_stills(nb, Path(app.srcdir) / ".cache", static)
    named = getattr(app.env, "course_stills", {})
    app.env.course_stills = named | {docname: images}  # type: ignore[attr-defined]
    return nb


def explain_terms(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """A link to a word of the glossary shows its meaning when the pointer rests on it."""
    meanings = _meanings(app.env)
    for link in doctree.findall(nodes.reference):
        if any("std-term" in word["classes"] for word in link.findall(nodes.inline)):
            name = link.get("refuri", "").partition("#term-")[2] or link.get("refid", "")
            link["reftitle"] = meanings.get(name.removeprefix("term-"), "")
            link["classes"].append("term-link")


def _meanings(env: BuildEnvironment) -> dict[str, str]:
    """The glossary's definitions, by the end of their anchors."""
    if GLOSSARY not in env.found_docs:
        return {}
    items = env.get_doctree(GLOSSARY).findall(nodes.definition_list_item)
    return {
        identifier.removeprefix("term-"): item[-1][0].astext()  # what follows: the chapter
        for item in items
        for term in item.findall(nodes.term)
        for identifier in term["ids"]
    }


def name_download(
    app: Sphinx, pagename: str, template: str, context: dict, doctree: object
) -> None:
    """Tell the theme's download button which file ``finish_site`` puts there."""
    if doctree is not None:
        context["sourcename"] = pagename + Path(app.env.doc2path(pagename)).suffix


def finish_site(app: Sphinx, error: Exception | None) -> None:
    """Add the downloads and MathJax, drop what readers do not need."""
    if error or app.builder.format != "html":
        return
    out = Path(app.outdir)
    drop_stale_pages(app.env, out)
    write_downloads(app.env, out / "_sources")
    copy_stills(app.env, out / "_static" / STILLS)
    copy_mathjax(out / "_static" / "mathjax")
    for source_map in out.rglob("*.map"):  # megabytes for the theme's developers
        source_map.unlink()


def drop_stale_pages(env: BuildEnvironment, out: Path) -> None:
    """Pages of chapters that are no longer in the book, whoever built them, and how."""
    for page in (out / "notebooks").rglob("*.html"):
        if page.relative_to(out).with_suffix("").as_posix() not in env.found_docs:
            page.unlink()


def write_downloads(env: BuildEnvironment, folder: Path) -> None:
    """The student's version of every notebook and the Markdown of every page."""
    shutil.rmtree(folder, ignore_errors=True)  # what another configuration may have left
    for docname in env.found_docs:
        path = Path(env.doc2path(docname))
        target = folder / (docname + path.suffix)
        target.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix == ".ipynb":
            text = released_text(path)
        else:
            text = path.read_text(encoding="utf-8")
        target.write_text(text, encoding="utf-8")
        # Its twin for a book that is opened as a file (see reader.js).
        sent = f"dispatchEvent(new CustomEvent('course-file', {{detail: {json.dumps(text)}}}));"
        target.with_name(f"{target.name}.js").write_text(sent, encoding="utf-8")


def copy_stills(env: BuildEnvironment, folder: Path) -> None:
    """The images of widgets that pages name, and no others."""
    pages = getattr(env, "course_stills", {}).items()
    needed = {
        file.name: file for page, files in pages if page in env.found_docs for file in files
    }
    folder.mkdir(exist_ok=True)
    for file in folder.iterdir():
        if file.name not in needed:
            file.unlink()
    for name, file in needed.items():
        if not (folder / name).exists():
            shutil.copyfile(file, folder / name)


def copy_mathjax(folder: Path) -> None:
    """The needed part of the package ``sphinx-mathjax-offline``, dashes and all."""
    package = importlib.import_module("sphinx-mathjax-offline")
    source = Path(str(package.__file__)).parent / "static" / "mathjax"
    copy_asset(source / MATHJAX, folder)
    for part in MATHJAX_FOLDERS:
        copy_asset(source / part, folder / part)


def notebook_path(env: BuildEnvironment, docname: str) -> Path | None:
    """The notebook behind a page; None for prose."""
    path = Path(env.doc2path(docname))
    return path if path.suffix == ".ipynb" else None


def _glossary(env: BuildEnvironment) -> Path:
    return Path(env.srcdir, f"{GLOSSARY}.md")


def _named(path: Path, nb: nbformat.NotebookNode) -> nbformat.NotebookNode:
    try:
        return public_notebook(nb)
    except CourseError as error:
        raise CourseError(f"{path.name}: {error}") from None
