"""Notebooks found and read, and files that are replaced as a whole, in words where it fails."""

import json
import os
import shutil

import pytest
from notebook_tools import notebooks

from nbhelpers.__main__ import main
from nbhelpers.files import replacing
from nbhelpers.teaching import lessons
from nbhelpers.teaching.notebook_files import notebook_text, numbered, parsed, read_notebook

unix = pytest.mark.skipif(os.name == "nt", reason="needs permissions, links and names of Unix")
GOOD = {
    "cells": [
        {"cell_type": "markdown", "metadata": {}, "source": ["# Title"]},
        {"cell_type": "code", "metadata": {}, "source": "1", "outputs": []},
    ],
    "metadata": {},
    "nbformat": 4,
    "nbformat_minor": 5,
}


def write(path, data=b"new"):
    with replacing(path) as file:
        file.write(data)


# -- replacing ---------------------------------------------------------------------------------


@unix
@pytest.mark.parametrize("mode", [0o600, 0o640, 0o664, 0o755])
def test_a_replaced_file_keeps_its_permissions(tmp_path, mode):
    path = tmp_path / "file.txt"
    path.write_bytes(b"old")
    path.chmod(mode)
    with replacing(path) as file:
        file.write(b"new")
        (part,) = set(tmp_path.iterdir()) - {path}
        assert part.stat().st_mode & 0o777 == mode  # before it has its name, too
    assert path.read_bytes() == b"new"
    assert path.stat().st_mode & 0o777 == mode


@unix
@pytest.mark.parametrize(("umask", "mode"), [(0o022, 0o644), (0o077, 0o600), (0o002, 0o664)])
def test_a_new_file_has_the_permissions_of_any_other(tmp_path, umask, mode):
    before = os.umask(umask)
    try:
        write(tmp_path / "file.txt")
    finally:
        os.umask(before)
    assert (tmp_path / "file.txt").stat().st_mode & 0o777 == mode


@unix
def test_what_a_link_leads_to_is_replaced(tmp_path):
    (tmp_path / "there").mkdir()
    file, link, empty = tmp_path / "there" / "file.txt", tmp_path / "link", tmp_path / "empty"
    file.write_bytes(b"old")
    link.symlink_to(file)
    empty.symlink_to("there/none.txt")
    for path in (link, empty):
        write(path)
        assert path.is_symlink()
        assert path.read_bytes() == b"new"
    assert sorted(p.name for p in file.parent.iterdir()) == ["file.txt", "none.txt"]


@unix
@pytest.mark.parametrize("name", ["x" * 255, "x" * 251 + ".npz", "é" * 127, ".hidden", "a.b.c"])
def test_a_name_that_is_allowed_is_not_too_long_for_the_part(tmp_path, name):
    write(tmp_path / name)
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_errors_name_the_file_that_was_asked_for(tmp_path, monkeypatch):
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_bytes(b"old")
    monkeypatch.chdir(tmp_path)
    names = {
        "folder": "",
        "file/file.txt": "",
        "x" * 300: "",
        "none/x": "there is no folder 'none'",
    }
    for name, words in names.items():
        with pytest.raises(OSError, match=rf"\[Errno.*{words}") as told:
            write(name)
        assert told.value.filename == name
        assert told.value.filename2 is None
        assert ".part" not in str(told.value)
    assert sorted(os.listdir()) == ["file", "folder"]


@pytest.mark.parametrize("error", [FileNotFoundError(2, "gone", "other.txt"), KeyboardInterrupt()])
def test_what_ends_the_block_stays_as_it_is_and_so_does_the_file(tmp_path, error):
    path = tmp_path / "file.txt"
    path.write_bytes(b"old")

    def fail():
        raise error

    with pytest.raises(type(error)) as told, replacing(path):
        fail()
    assert told.value is error
    assert list(tmp_path.iterdir()) == [path]
    assert path.read_bytes() == b"old"


# -- notebooks ---------------------------------------------------------------------------------


def test_numbered_notebooks_have_a_number_and_a_name(tmp_path):
    good = ["00_a.ipynb", "01_xor_loop.ipynb", "12_Größe2.ipynb"]
    copies = ["01_xor_loop-Copy1.ipynb", "01_xor_loop (1).ipynb", "01_a.b.ipynb", "01_.ipynb"]
    for name in (*good, *copies, "1_a.ipynb", "123_a.ipynb", "01_a.ipynb.bak", "x01_a.ipynb"):
        (tmp_path / name).touch()
    assert [path.name for path in numbered(tmp_path)] == good
    assert numbered(tmp_path / "none") == []


def spoilt(change):
    """A notebook's JSON after `change` of its contents."""
    contents = json.loads(json.dumps(GOOD))
    change(contents)
    return json.dumps(contents)


MERGED = notebook_text(GOOD).replace(
    '   "source": "1"\n', '<<<<<<< HEAD\n   "source": "1"\n=======\n   "source": "2"\n>>>>>>> x\n'
)
NONE = {
    "empty": ("", "Expecting value"),
    "broken": (notebook_text(GOOD)[:-3], "Expecting"),
    "merged": (MERGED, "two versions of it stand side by side"),
    "list": ("[]", "its JSON is of type list, expected a dict"),
    "format 3": ('{"worksheets": []}', "it has no list of cells"),
    "word": (spoilt(lambda c: c["cells"].append("x")), "cell 3 is of type str"),
    "no type": (spoilt(lambda c: c["cells"][0].pop("cell_type")), "cell 1 has no cell_type"),
    "no outputs": (spoilt(lambda c: c["cells"][1].pop("outputs")), "cell 2 has no outputs"),
    "odd source": (spoilt(lambda c: c["cells"][0].update(source=1)), "cell 1: odd source"),
    "deep": ("[" * 100_000, ""),
}


@pytest.mark.parametrize(("text", "words"), NONE.values(), ids=NONE)
def test_what_is_no_notebook_is_named(tmp_path, text, words, capsys):
    path = tmp_path / "01_x.ipynb"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=rf"01_x\.ipynb: not a notebook: .*{words}"):
        read_notebook(path)
    with pytest.raises(ValueError, match=f"^mine: not a notebook: .*{words}"):
        parsed(text, "mine")
    assert main(["slides", str(path)]) == 1
    assert f"{path}: not a notebook" in capsys.readouterr().err
    with pytest.raises(ValueError, match=r"01_x\.ipynb: not a notebook"):
        lessons.program("01", tmp_path)
    assert path.read_text(encoding="utf-8") == text


def test_bytes_that_are_no_text_are_named(tmp_path):
    path = tmp_path / "01_x.ipynb"
    path.write_bytes(b"\xff\xfe{")
    with pytest.raises(ValueError, match=r"01_x\.ipynb: not a notebook: 'utf-8' codec"):
        read_notebook(path)


def test_a_byte_order_mark_is_no_obstacle(tmp_path, capsys):
    path = tmp_path / "01_x.ipynb"
    path.write_text(json.dumps(GOOD), encoding="utf-8-sig")
    assert read_notebook(path) == GOOD
    assert parsed(path.read_text(encoding="utf-8"), path) == GOOD
    marked = tmp_path / notebooks()[0].name
    shutil.copyfile(notebooks()[0], marked)  # without its mode: it may be read-only
    clean = marked.read_bytes()
    marked.write_bytes(b"\xef\xbb\xbf" + clean)
    assert main(["slides", str(marked)]) == 0
    assert marked.read_bytes() == clean
