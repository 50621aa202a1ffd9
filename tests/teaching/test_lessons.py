"""Program cells recalled, exported, run alone and compared."""

import subprocess
import sys

import notebook_tools
import pytest
from made import ONE, TWO, code, four_notebooks, save, tagged
from notebook_tools import unreadable

from nbhelpers.__main__ import main
from nbhelpers.boxes import plain
from nbhelpers.teaching import lessons, notebook_files


@pytest.fixture
def folder(tmp_path):
    return four_notebooks(tmp_path / "notebooks")


# ------------------------------------------------------------------------ program, recall
@pytest.mark.parametrize("name", ["01", "1", 1, "01_one"])
def test_program_is_the_tagged_cell(folder, name):
    assert lessons.program(name, folder) == ONE


def test_program_of_the_checkout_is_found_from_anywhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert notebook_files.folder() == notebook_tools.FOLDER


def test_program_errors_list_what_exists(folder, tmp_path):
    with pytest.raises(ValueError, match=r"no notebook 09; .*: 01_one, 02_two, 03_both"):
        lessons.program("09", folder)
    with pytest.raises(ValueError, match="00_start has 0 program cells"):
        lessons.program("00", folder)
    with pytest.raises(ValueError, match="03_both has 2 program cells"):
        lessons.program("03", folder)
    with pytest.raises(ValueError, match="none"):
        lessons.program("01", tmp_path)
    for bad in ("", "one", None, 1.5, True, "123", "../01"):
        with pytest.raises(ValueError, match="such as '01'"):
            lessons.program(bad, folder)


# ------------------------------------------------------------------------ beside the original
BESIDE = [
    "01_one__20250101120000",  # nbgitpuller's name where it finds a conflict
    "01_one-Copy1",
    "01_one (1)",
    "01_one_solutions",
    "01_one_Größe",
    "Untitled",
    ".~01_one",
]


@pytest.mark.parametrize("name", BESIDE)
def test_a_file_beside_the_original_changes_nothing(folder, name):
    before = notebook_files.numbered(folder)
    save(folder / f"{name}.ipynb", tagged("print('a copy')", "program"))
    assert lessons.recall("01", folder).source == ONE
    assert notebook_files.numbered(folder) == before


@pytest.mark.parametrize("name", [*BESIDE, "01_a", "01_my_notes", "01_xor"])
def test_the_series_own_is_known_by_its_name(tmp_path, name):
    own = save(tmp_path / "01_xor_loop.ipynb", tagged(ONE, "program"))
    save(tmp_path / f"{name}.ipynb", tagged(TWO, "program"))
    assert notebook_files.numbered(tmp_path) == [own] or name.startswith("01_one")
    assert lessons.program("01", tmp_path) == ONE


def test_two_notebooks_with_one_number_are_named(folder):
    save(folder / "01_another.ipynb", tagged(TWO, "program"))
    with pytest.raises(ValueError, match=r"01_another\.ipynb and 01_one\.ipynb"):
        lessons.program("01", folder)


@pytest.mark.parametrize("order", [1, -1])
def test_a_copied_program_cell_changes_nothing(folder, order):
    own = [tagged(ONE, "program", id="one-007"), tagged(TWO, "program", id="5e8f2c1a-9d3b")]
    save(folder / "01_one.ipynb", code("1", id="one-000"), *own[::order])
    assert lessons.program("01", folder) == ONE
    save(folder / "01_one.ipynb", code("1"), *(tagged(ONE, "program") for _ in range(2)))
    assert lessons.program("01", folder) == ONE, "no matter which"


# ------------------------------------------------------------------------ encodings
@pytest.mark.parametrize("path", notebook_tools.notebooks(), ids=lambda path: path.stem)
def test_a_program_is_ascii(path):
    """So that it runs whatever encoding somebody saves it in."""
    for source in lessons._program_cells(path):
        assert source.isascii()


@pytest.mark.parametrize(
    "change",
    [
        lambda data: b"\xef\xbb\xbf" + data,
        lambda data: data.replace(b"\n", b"\r\n"),
        lambda data: data.replace(rb"\n", rb"\r\n"),
        lambda data: data.replace(rb"\n", rb"\r"),
    ],
    ids=["byte order mark", "CRLF in the file", "CRLF in the source", "CR in the source"],
)
def test_marks_line_ends_and_names_of_other_systems_change_nothing(folder, change, tmp_path):
    place = folder.rename(tmp_path / "Übungen für später")
    path = place / "01_one.ipynb"
    before = path.read_bytes()
    path.write_bytes(change(before))
    assert path.read_bytes() != before
    assert lessons.program("01", place) == ONE
    script = lessons.export("01", place / "Größe.py", notebooks=place)
    assert script.read_bytes() == ONE.encode()
    for other in (ONE.replace("\n", "\r\n").encode(), ONE.encode("utf-8-sig")):
        script.write_bytes(other)
        assert lessons.export("01", script, notebooks=place) == script
        assert script.read_bytes() == other, "the same program: no conflict, and left alone"


# ------------------------------------------------------------------------ recall
def test_recall_has_the_source_and_the_sentence(folder):
    recalled = lessons.recall("01", folder)
    assert recalled.source == ONE
    assert repr(recalled).startswith("The program so far (notebook 01, 14 lines)\n\nimport numpy")
    assert "The program so far (notebook 01, 14 lines)" in recalled.html
    assert "<details open>" in recalled.html
    pre = recalled.html.split("<pre")[1].split(">", 1)[1].split("</pre>")[0]
    assert plain(pre) == ONE


def test_a_long_program_starts_folded(folder):
    long = "".join(f"x{i} = {i}\n" for i in range(lessons.FOLD + 1))
    save(folder / "04_long.ipynb", tagged(long, "program"))
    assert "<details><summary" in lessons.recall("04", folder).html


def test_highlighting_marks_words_numbers_and_comments(folder):
    marked = lessons.highlighted(ONE)
    for text in ("import", "def", "sigmoid", "1.0", "# &quot;input&quot;"):
        text = text.replace("&quot;", '"')
        assert f">{text}" in marked
    assert "class=" not in marked, "colours are inline, or GitHub and HTML export lose them"


def test_all_is_readable_in_light_and_dark(folder):
    everything = '''class A(list):
    """Text."""

    @property
    def f(self):  # comment
        return None or not len(b"x") + 0x1F, f"{1:.2f}\\n", True is lambda: ...
'''
    save(folder / "05_all.ipynb", tagged(everything, "program"))
    assert unreadable(lessons.recall("05", folder).html) == []
    assert unreadable(lessons.difference("01", "05", notebooks=folder).html) == []
    assert unreadable(lessons.difference("01", "02", notebooks=folder).html) == []


# ------------------------------------------------------------------------ export, run
def test_export_writes_a_script_and_spares_other_files(folder, tmp_path):
    path = tmp_path / "xor.py"
    assert lessons.export("01", path, notebooks=folder) == path
    assert path.read_text(encoding="utf-8") == ONE
    assert lessons.export("01", path, notebooks=folder) == path, "the same file is no conflict"
    with pytest.raises(FileExistsError, match="overwrite=True"):
        lessons.export("02", path, notebooks=folder)
    assert path.read_text(encoding="utf-8") == ONE
    lessons.export("02", path, overwrite=True, notebooks=folder)
    assert path.read_text(encoding="utf-8") == TWO
    assert sorted(p.name for p in tmp_path.iterdir()) == ["notebooks", "xor.py"]
    with pytest.raises(IsADirectoryError, match="folder"):
        lessons.export("01", tmp_path, notebooks=folder)


def test_run_is_alone_in_an_empty_folder_with_the_package(folder, tmp_path, monkeypatch):
    source = """import os, sys
import nbhelpers
print(os.listdir(), "é−∂", os.path.basename(sys.argv[0]), os.getcwd().count("Größe"))
sys.stdout.flush()
sys.stdout.buffer.write(b"no text: \\xff\\n")
try:
    input()
except EOFError:
    print("nobody there")
"""
    assert lessons.run("01", notebooks=folder) == "(2, 3) True\n"
    (tmp_path / "Größe").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "Größe"))
    save(folder / "06_alone.ipynb", tagged(source, "program"))
    said = lessons.run("06", notebooks=folder).splitlines()
    assert said == ["[] é−∂ program_06.py 1", "no text: \N{REPLACEMENT CHARACTER}", "nobody there"]


def test_run_tells_what_went_wrong(folder):
    save(folder / "07_bad.ipynb", tagged("x = 1\nx / 0\n", "program"))
    with pytest.raises(RuntimeError, match="notebook 07 failed") as caught:
        lessons.run("07", notebooks=folder)
    assert "ZeroDivisionError" in str(caught.value)
    assert 'File "program_07.py", line 2' in str(caught.value)
    save(folder / "08_slow.ipynb", tagged("while True:\n    pass\n", "program"))
    with pytest.raises(TimeoutError, match=r"notebook 08 did not end within 1\.5 s"):
        lessons.run("08", timeout=1.5, notebooks=folder)


# ------------------------------------------------------------------------ difference
def test_difference_counts_and_marks_lines_and_words(folder):
    found = lessons.difference("01", "02", notebooks=folder)
    assert found.title == "from notebook 01 to 02: 1 line changed, 2 added, 1 removed"
    assert (found.changed, found.added, found.removed) == (1, 2, 1)
    assert [p for m, p, q in found.rows if p is not None] == ONE.splitlines()
    assert [q for m, p, q in found.rows if q is not None] == TWO.splitlines()
    text = plain(found.html)  # as it reads without colours
    for lines in (" − lr = 1.0", " + b = np.zeros(3)", "~− A = sigmoid(W)\n~+ A = sigmoid(W + b)"):
        assert f"{lines}\n" in text
    changed = f'<span style="background:{lessons.ADDED[1]};font-weight:bold;"> + b</span>'
    assert changed in found.html
    assert "--- notebook 01\n+++ notebook 02\n" in repr(found)
    assert "\n-A = sigmoid(W)\n+A = sigmoid(W + b)\n" in repr(found)
    same = lessons.difference("01", "01", notebooks=folder)
    assert same.title == "from notebook 01 to 01: no line changed"
    assert {mark for mark, _, _ in same.rows} == {"="}


def test_difference_folds_what_did_not_change(folder):
    text = "".join(f"x{i} = {i}\n" for i in range(40))
    save(folder / "04_a.ipynb", tagged(text, "program"))
    save(folder / "05_b.ipynb", tagged(text.replace("x20 = 20", "x20 = 21"), "program"))
    short = plain(lessons.difference("04", "05", notebooks=folder).html)
    assert "⋯ 17 lines unchanged" in short
    assert "⋯ 16 lines unchanged" in short
    assert "x17 = 17" in short
    assert "x16 = 16" not in short
    whole = lessons.difference("04", "05", context=None, notebooks=folder)
    assert "x0 = 0" in plain(whole.html)
    assert "x0 = 0" in whole.text


@pytest.mark.parametrize(
    ("old", "new", "marks"),
    [
        ("", "a = 1", "+"),
        ("a = 1", "", "−"),
        ("a = 1\nb = 2", "b = 2\na = 1", "+=−"),
        ("x = f(a)\ny = g(b)", "y = g(b, c)", "−~"),
        ("for i in x:\n    go(i)", "for i in x:\n\n    go(i)", "=+="),
        ("one", "completely different", "−+"),
    ],
)
def test_lines_are_paired_as_a_reader_would(old, new, marks):
    rows = lessons.compare(old, new)
    assert sorted(m for m, _, _ in rows) == sorted(marks)
    assert [p for _, p, _ in rows if p is not None] == old.splitlines()
    assert [q for _, _, q in rows if q is not None] == new.splitlines()


# ------------------------------------------------------------------------ command line, import
def test_command_line(folder, tmp_path, capsys):
    path = tmp_path / "one.py"
    path.write_text("mine")
    command = ["export", "02", str(path), "--notebooks", str(folder)]
    assert main(command) == 1
    assert "exists and differs" in capsys.readouterr().err
    assert main([*command, "--overwrite"]) == 0
    assert path.read_text() == TWO


def test_importing_is_light():
    """NumPy for the checks; nothing of Jupyter, matplotlib or Pygments until it is needed."""
    heavy = "{'IPython', 'ipywidgets', 'pygments', 'matplotlib', 'sklearn'} & set(sys.modules)"
    for module, numpy in (("lessons", False), ("questions", False), ("checks", True)):
        source = f"import sys, nbhelpers.teaching.{module}; print({heavy}, 'numpy' in sys.modules)"
        run = [sys.executable, "-c", source]
        done = subprocess.run(run, capture_output=True, text=True, check=True)
        assert done.stdout.strip() == f"set() {numpy}", module
