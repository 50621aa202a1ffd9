"""One door for commands: python -m nbhelpers VERB."""

import os
import subprocess
import sys

import nbformat
import pytest
from notebook_tools import ROOT, documents, notebooks

from nbhelpers.__main__ import VERBS, main, parser
from nbhelpers.publishing import links

FIRST, SECOND = notebooks()[:2]


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A current folder with a notebook of one cell; the project is a copy in a folder there."""
    project = tmp_path / "copy of ü"
    documents(project)
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("print(1 + 1)")])
    nbformat.write(notebook, tmp_path / "mine.ipynb")
    monkeypatch.setattr(links, "ROOT", project)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_help_names_every_verb_with_an_example(capsys):
    with pytest.raises(SystemExit) as left:
        main(["--help"])
    assert left.value.code == 0
    told = capsys.readouterr().out
    assert main([]) == 1
    assert capsys.readouterr().err == told
    for verb in VERBS:
        assert f"  python -m nbhelpers {verb} " in told


@pytest.mark.parametrize("verb", VERBS)
def test_a_verb_tells_its_purpose_its_arguments_and_an_example(verb, capsys):
    with pytest.raises(SystemExit) as left:
        main([verb, "--help"])
    assert left.value.code == 0
    told = capsys.readouterr().out
    function, example, *arguments = VERBS[verb]
    assert " ".join(function.__doc__.split()) in " ".join(told.split())
    assert f"python -m nbhelpers {example}" in told
    assert parser().parse_args(example.split()).verb == verb
    assert all(name in told or options["metavar"] in told for name, options in arguments)


@pytest.mark.parametrize(
    ("command", "told", "made"),
    [
        (["handouts", "pages", str(FIRST)], "wrote pages", "pages/00_start_here.html"),
        (["slides", "mine.ipynb"], "mine.ipynb: 1 slides", "mine.ipynb"),
        (["student", "copies", "1"], "written into copies: 1", "copies/01_xor_loop.ipynb"),
        (["program", "01"], "import numpy as np", None),
        (["export", "01", "xor.py"], "wrote xor.py", "xor.py"),
        (["difference", "01", "02"], "+", None),
        (["publish", "some-one/course", "--ref", "v1"], "some-one/course, v1: 15 files", None),
        (["execute", "mine.ipynb"], "✓ mine.ipynb", "mine.ipynb"),
        (["execute", "--check", str(FIRST)], "✓ 00_start_here.ipynb", None),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)
def test_each_verb_does_what_it_says(command, told, made, place, capsys):
    assert main(command) == 0
    said = capsys.readouterr()
    assert told in said.out
    assert said.err == ""
    assert made is None or (place / made).is_file()


@pytest.mark.parametrize(
    ("command", "told"),
    [
        (["handouts", "pages", "none.ipynb"], "none.ipynb: No such file or directory"),
        (["handouts", "mine.ipynb"], "mine.ipynb: File exists"),
        (["site", "."], ". should be a new or an empty folder"),
        (["slides", "."], ".: Is a directory"),
        (["student", "copies", "33"], "no notebook 33"),
        (["student", "."], "not empty; --overwrite writes"),
        (["program", "33"], "no notebook 33"),
        (["export", "01", "none/xor.py"], "there is no folder 'none'"),
        (["difference", "01", "one"], "a lesson is a number such as '01', got 'one'"),
        (["publish", "course"], "a repository on GitHub is OWNER/REPO, got 'course'"),
        (["execute", "odd.ipynb"], "odd.ipynb: not a notebook"),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)
@pytest.mark.skipif(os.name == "nt", reason="Windows has other words for it")
def test_what_is_wrong_is_told_in_words(command, told, place, capsys):
    (place / "odd.ipynb").write_text("{}", encoding="utf-8")
    assert main(command) == 1
    said = capsys.readouterr()
    assert told in said.err
    assert said.out == ""


def test_in_a_shell(tmp_path):
    for words, status in ((["program", "01"], 0), (["program", "33"], 1)):
        command = [sys.executable, "-m", "nbhelpers", *words]
        done = subprocess.run(command, capture_output=True, encoding="utf-8", check=False, cwd=ROOT)
        assert done.returncode == status
        assert bool(done.stderr) == bool(status)
        assert "Traceback" not in done.stderr
