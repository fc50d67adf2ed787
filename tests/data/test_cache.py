"""The cache of decoded data: fast, atomic, shared, and made again when it is broken."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import warnings
from pathlib import Path

import pytest
import torch

from course_utils.course import CourseError
from course_utils.data import cache
from tests.patience import CAP


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty cache of this test alone."""
    monkeypatch.setenv("COURSE_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


class Decoder:
    """Counts how often it decodes."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self):
        self.calls += 1
        return {"images": torch.arange(12, dtype=torch.uint8).reshape(3, 4)}


def python(code: str, **env: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        env=os.environ | env,
        capture_output=True,
        text=True,
        timeout=CAP,
        check=False,
    )


def test_it_decodes_once(folder):
    decode = Decoder()
    first = cache.decoded("set", "a" * 64, decode)
    second = cache.decoded("set", "a" * 64, decode)
    assert decode.calls == 1
    assert torch.equal(first["images"], second["images"])
    (file,) = folder.glob("*.safetensors")
    assert file.name == "set-aaaaaaaaaaaa-v1.safetensors"
    assert not list(folder.glob(".*tmp"))


def test_new_data_never_meet_an_old_cache(folder, monkeypatch):
    decode = Decoder()
    cache.decoded("set", "a" * 64, decode)
    cache.decoded("set", "b" * 64, decode)
    monkeypatch.setattr(cache, "FORMAT", 2)
    cache.decoded("set", "b" * 64, decode)
    assert decode.calls == 3


@pytest.mark.parametrize(
    "damage",
    [
        lambda raw: raw[: len(raw) // 2],
        lambda raw: raw[:-1] + bytes([raw[-1] ^ 1]),
        lambda raw: b"",
        lambda raw: b"not a cache",
        lambda raw: b"\xff" * 8 + raw[8:],
    ],
    ids=["cut short", "one bit", "empty", "text", "absurd head"],
)
def test_a_broken_file_is_made_again(folder, damage):
    decode = Decoder()
    right = cache.decoded("set", "a" * 64, decode)
    (file,) = folder.glob("*.safetensors")
    file.write_bytes(damage(file.read_bytes()))
    assert torch.equal(cache.decoded("set", "a" * 64, decode)["images"], right["images"])
    assert decode.calls == 2
    assert cache.read(file) is not None


def test_a_file_of_another_set_under_this_name_is_not_believed(folder):
    """Whole by itself, but without the hash that ours carry."""
    import safetensors.torch

    decode = Decoder()
    cache.decoded("set", "a" * 64, decode)
    (file,) = folder.glob("*.safetensors")
    safetensors.torch.save_file({"images": torch.zeros(3, 4)}, file)
    assert cache.decoded("set", "a" * 64, decode)["images"].sum() == 66
    assert decode.calls == 2


def test_two_processes_that_start_together_decode_once(folder):
    code = """
        import sys, time, torch
        from course_utils.data import cache
        def decode():
            print("decodes", flush=True)
            time.sleep(1.5)
            return {"x": torch.arange(1000)}
        print(int(cache.decoded("set", "a" * 64, decode)["x"].sum()))
    """
    command = [sys.executable, "-c", textwrap.dedent(code)]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    said = "".join(process.communicate(timeout=CAP)[0] for process in both)
    assert said.count("decodes") == 1
    assert said.count("499500") == 2


def test_a_process_that_is_killed_leaves_no_half_file(folder):
    code = """
        import os, torch
        from course_utils.data import cache
        from pathlib import Path
        Path.replace = lambda self, target: os.kill(os.getpid(), 9)
        cache.decoded("set", "a" * 64, lambda: {"x": torch.arange(1000)})
    """
    assert python(code).returncode == -9
    decode = Decoder()
    cache.decoded("set", "a" * 64, decode)  # its lock is free, its temporary file no hindrance
    assert decode.calls == 1


@pytest.mark.parametrize("where", ["read-only", "a file in the way"])
def test_a_cache_that_cannot_be_written_costs_time_not_data(where, tmp_path, monkeypatch):
    if where == "read-only":
        if not Path("/sys/kernel").is_dir():
            pytest.skip("needs a file system that is read-only even for root")
        monkeypatch.setenv("COURSE_CACHE", "/sys/course-cache")
    else:
        (tmp_path / "file").write_text("not a folder")
        monkeypatch.setenv("COURSE_CACHE", str(tmp_path / "file" / "cache"))
    with pytest.warns(cache.CacheWarning, match="cannot write .*set COURSE_CACHE to a folder"):
        tensors = cache.decoded("set", "a" * 64, Decoder())
    assert tensors["images"].sum() == 66


def test_a_full_disk_costs_time_not_data(folder):
    """A limit on the size of files stands for the disk: the write fails half-way."""
    code = """
        import resource, torch, warnings
        from course_utils.data import cache
        warnings.simplefilter("error")
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
        try:
            cache.decoded("set", "a" * 64, lambda: {"x": torch.zeros(100_000)})
        except cache.CacheWarning as warning:
            print(warning)
    """
    done = python(code)
    assert "cannot write" in done.stdout, done.stderr
    assert "has room" in done.stdout
    assert not list(folder.glob("*.safetensors"))
    assert not list(folder.glob(".*tmp"))


def test_what_is_wrong_with_the_data_is_no_matter_of_the_cache(folder):
    def decode():
        raise CourseError("the shipped file was altered")

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(CourseError, match="was altered"):
            cache.decoded("set", "a" * 64, decode)


def test_the_default_folder_is_the_platforms(monkeypatch):
    monkeypatch.delenv("COURSE_CACHE", raising=False)
    assert cache.folder().name == "pixels-to-prompts"
    monkeypatch.setenv("COURSE_CACHE", "~/elsewhere")
    assert cache.folder() == cache.Path.home() / "elsewhere"
