"""The reader's answers are what later cells run, and their file keeps them without a loss."""

import errno
import linecache
import os
import shutil
import subprocess
import sys

import nbformat
import numpy as np
import pytest
from notebook_tools import plain_text, unreadable

from nbhelpers.publishing.execute import execute
from nbhelpers.teaching import answers, bank, checks, my_network
from nbhelpers.teaching.exercise import Exercise

NEURON = """
def neuron(X, w):
    return sigmoid(X @ w)  # as typed

neuron = answers.use("xor_loop.neuron", neuron)
"""
SIGMOID = """
def sigmoid(z):
    return 1 / (1 + np.exp(-z))
"""
DELTA = """
def hidden_delta(delta2, W2, A1):
    return delta2 @ W2.T * A1 * (1 - A1)

hidden_delta = answers.use("xor_loop.hidden_delta", hidden_delta)
"""
UNSOLVED = DELTA.replace("delta2 @ W2.T * A1 * (1 - A1)", "...")
STEP = """
def one_step(X, Y, W1, W2, lr):
    A1 = sigmoid(X @ W1)
    A2 = sigmoid(A1 @ W2)
    delta2 = (A2 - Y) * A2 * (1 - A2)
    delta1 = hidden_delta(delta2, W2, A1)
    return W1 - lr * X.T @ delta1, W2 - lr * A1.T @ delta2

one_step = answers.use("xor_loop.one_step", one_step)
"""
GRADIENT = """
def bias_gradient(delta):
    return delta.sum(axis=0)

bias_gradient = answers.use("bias.bias_gradient", bias_gradient)
"""


class Notebook:
    """Cells that run in one namespace, their sources known as a kernel knows them."""

    cells = 0

    def __init__(self, *sources):
        self.names = {"__name__": "__main__"}
        self.run("import numpy as np\nfrom nbhelpers.teaching import answers", *sources)

    def run(self, *sources):
        for source in sources:
            Notebook.cells += 1
            name, lines = f"<cell {self.cells}>", source.splitlines(keepends=True)
            linecache.cache[name] = len(source), None, lines, name
            exec(compile(source, name, "exec", dont_inherit=True), self.names)
        return self


@pytest.fixture(autouse=True)
def folders(tmp_path, monkeypatch):
    """A current folder, the reader's own folder, and no tries from the test before."""
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.delenv(my_network.SWITCH)
    monkeypatch.setattr(my_network, "cache_folder", lambda: tmp_path / "own")
    checks.reset()
    yield tmp_path
    checks.reset()


@pytest.fixture
def own_file(folders):
    return folders / "here" / "my_network.py"


def imported(call, folder="."):
    """What a call gives where my_network alone has been imported, in a new Python."""
    code = f"import numpy as np\nimport my_network\nprint({call})"
    environment = os.environ | {"PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        cwd=folder,
        env=environment,
        capture_output=True,
        encoding="utf-8",
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


# ------------------------------------------------------------------------ what comes back
def test_ours_stands_in_until_yours_passes(capsys, own_file):
    book, ours = Notebook(UNSOLVED), bank.exercise("xor_loop.hidden_delta").reference
    said = capsys.readouterr().out
    assert book.names["hidden_delta"] is ours
    assert said.startswith("○ Not solved yet: hidden_delta\n")
    assert "  The cells below use ours until yours passes.\n" in said
    book.run(DELTA.replace(" * (1 - A1)", ""))
    said = capsys.readouterr().out
    assert book.names["hidden_delta"] is ours
    assert said.startswith("△ Not yet: hidden_delta\n")
    assert "A1 alone" in said
    assert "use ours until yours passes." in said
    assert checks.report("xor_loop").done == []
    assert not own_file.exists()
    book.run(DELTA)
    said = capsys.readouterr().out
    assert book.names["hidden_delta"] is not ours
    assert said.startswith("✓ Right: hidden_delta\n")
    assert "  The cells below use yours. It is in my_network.py.\n" in said
    assert checks.report("xor_loop").done == ["xor_loop.hidden_delta"]
    with pytest.raises(ValueError, match=r"did you mean 'xor_loop\.neuron'"):
        answers.use("xor_loop.neurons", ...)


def test_ours_from_an_earlier_run_is_nobodys_solution(own_file, capsys):
    book = Notebook(UNSOLVED)
    book.run('hidden_delta = answers.use("xor_loop.hidden_delta", hidden_delta)')
    assert "✓" not in capsys.readouterr().out
    assert not own_file.exists()


def test_values_come_back_as_well_and_none_is_written(own_file, monkeypatch):
    assert answers.use("xor_loop.learnable", 14) == 14
    assert answers.use("xor_loop.learnable", 15) == 14
    assert answers.use("xor_loop.learnable", ...) == 14
    table = Exercise(np.zeros(3))
    monkeypatch.setitem(bank.exercises("xor_loop"), "table", table)
    given = answers.use("xor_loop.table", ...)
    given += 1
    assert not table.reference.any(), "the bank's own array has been given away"
    mine = np.zeros(3)
    assert answers.use("xor_loop.table", mine) is mine
    assert not own_file.exists()


def destroys(delta2, W2, A1):
    for array in (delta2, W2, A1):
        array[:] = 0
    return A1


def empties(A, Y, W):
    del W[:]
    A.clear()
    return []


def keeps_what_it_got(X, w, kept=[]):  # noqa: B006
    for array in kept:
        array[:] = np.nan
    kept.append(w)
    return w


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("xor_loop.hidden_delta", destroys),
        ("backpropagation.backward", empties),
        ("xor_loop.neuron", keeps_what_it_got),
    ],
)
def test_a_destructive_answer_reaches_neither_the_bank_nor_what_comes_back(name, answer):
    exercise = bank.exercise(name)
    before = repr(exercise.cases)
    for _ in range(3):
        assert answers.use(name, answer) is exercise.reference
    assert repr(exercise.cases) == before
    assert checks.passes(name, exercise.reference)


def test_an_endless_answer_holds_nothing_up(monkeypatch, capsys, own_file):
    monkeypatch.setattr(checks, "SECONDS", 0.05)
    book = Notebook(DELTA.replace("return", "while True:\n        A1 = A1 + 0\n    return"))
    assert book.names["hidden_delta"] is bank.exercise("xor_loop.hidden_delta").reference
    said = capsys.readouterr().out
    assert "still running after 0.05 seconds: does a loop in it end?" in said
    assert "It was in line " in said


# ------------------------------------------------------------------------ what is written
def test_the_file_runs_alone_and_has_what_the_answers_need(own_file):
    book = Notebook(SIGMOID, UNSOLVED, STEP, NEURON, GRADIENT)
    assert "bank.exercise" in own_file.read_text(encoding="utf-8"), "ours, until there is another"
    assert imported("my_network.hidden_delta(np.ones((1, 1)), np.ones((2, 1)), np.ones((1, 2)))")
    book.run(DELTA)
    text = own_file.read_text(encoding="utf-8")
    assert "bank.exercise" not in text
    assert text.count("def sigmoid") == text.count("def hidden_delta") == 1
    for source in (NEURON, DELTA, STEP, GRADIENT):
        assert source.strip().partition("\n\n")[0] in text, "not as it was typed"
    order = ["notebook 01", "def sigmoid", "def neuron", "def hidden_delta", "def one_step"]
    order += ["notebook 02: bias", "def bias_gradient"]
    assert sorted(order, key=text.index) == order
    assert imported("my_network.neuron(np.zeros((1, 2)), np.ones((2, 1)))") == "[[0.5]]"
    assert imported("len(my_network.one_step(*map(np.ones, [(1, 1)] * 4), 1))") == "2"


@pytest.mark.parametrize("again", [(), (NEURON,), (STEP, NEURON, DELTA), (DELTA, DELTA, UNSOLVED)])
def test_cells_that_run_again_or_in_another_order_give_the_same_file(own_file, again):
    first = Notebook(SIGMOID, NEURON, DELTA, STEP, GRADIENT)
    text = own_file.read_bytes()
    first.run(*again)
    assert own_file.read_bytes() == text
    own_file.unlink()
    Notebook(GRADIENT, SIGMOID, DELTA, STEP, NEURON)
    Notebook(SIGMOID, DELTA, STEP, *again)
    assert own_file.read_bytes() == text


@pytest.mark.parametrize(
    ("cell", "there", "call"),
    [
        ("squash = lambda z: 1 / (1 + np.exp(-z))\n"
         'f = answers.use("xor_loop.neuron", lambda X, w: squash(X @ w))',
         "neuron = lambda X, w: squash(X @ w)", "neuron"),
        ("neuron = (lambda X, w:\n    1 / (1 + np.exp(-X @ w)))\n"
         'neuron = answers.use("xor_loop.neuron", neuron)', "neuron = (lambda X, w:\n", "neuron"),
        ("def squash(z):\n    return 1 / (1 + np.exp(-z))\n"
         'neuron = answers.use("xor_loop.neuron", lambda X, w:\n    squash(\n  X @ w)\n    + 0.0)',
         "neuron = (lambda X, w:\n    squash(\n  X @ w)\n    + 0.0)\n", "neuron"),
        ("from nbhelpers.activations import sigmoid as squash\nimport numpy.linalg as la\n"
         "from numpy import matmul\nimport math\n"
         "def neuron(X, w):\n    return squash(matmul(X, w)) + math.pi - math.pi + 0 * la.norm(X)\n"
         'answers.use("xor_loop.neuron", neuron)',
         "from nbhelpers.activations import sigmoid as squash", "neuron"),
        ('one, words, pair = 1.0, "ü\\n", (2, (True, None))\n'
         "def neuron(X, w, k=one):\n    words, pair\n    return k / (k + np.exp(-X @ w))\n"
         'answers.use("xor_loop.neuron", neuron)', "pair = (2, (True, None))", "neuron"),
        ("import functools\ndef loud(f):\n    @functools.wraps(f)\n    def g(*a):\n"
         "        return f(*a)\n    return g\n"
         "@loud\ndef neuron(X, w):\n    return 1 / (1 + np.exp(-X @ w))\n"
         'answers.use("xor_loop.neuron", neuron)', "@loud\ndef neuron(X, w):", "neuron"),
        ("def twice(k):\n    def deco(f):\n        return lambda X, w: f(X, w) * k / k\n"
         "    return deco\n@twice(2)\ndef neuron(X, w):\n    return 1 / (1 + np.exp(-X @ w))\n"
         'answers.use("xor_loop.neuron", neuron)', "@twice(2)\ndef neuron(X, w):", "neuron"),
        ("def down(z, n=3):\n    return up(z, n - 1) if n else 1 / (1 + np.exp(-z))\n"
         "def up(z, n):\n    return down(z, n)\n"
         "def neuron(X, w):\n    return [down(x @ w) for x in [X]][0]\n"
         'answers.use("xor_loop.neuron", neuron)', "def up(z, n)", "neuron"),
        ("if True:\n    def neuron(X, w):\n        return 1 / (1 + np.exp(-X @ w))\n"
         'answers.use("xor_loop.neuron", neuron)', "\ndef neuron(X, w):", "neuron"),
        ("class Net:\n    top = 1\n    def __new__(cls, X, w):\n"
         "        return cls.top / (1 + np.exp(-X @ w))\n"
         'answers.use("xor_loop.neuron", Net)', "class Net:\n    top = 1\n", "Net"),
        ("def mine(X, w):\n    return 1 / (1 + np.exp(-X @ w))\n"
         'neuron = mine\ndel mine\nanswers.use("xor_loop.neuron", neuron)',
         "neuron = mine", "neuron"),
        ("def neuron(X, w):\n    def inner(z):\n        return 1 / (1 + np.exp(-z))\n"
         "    return inner(X @ w)\n"
         'answers.use("xor_loop.neuron", neuron)', "    def inner(z):", "neuron"),
    ],
)  # fmt: skip
def test_functions_of_every_kind_are_written_so_that_they_run(own_file, cell, there, call, capsys):
    Notebook(cell)
    assert "The cells below use yours. It is in my_network.py.\n" in capsys.readouterr().out
    assert there in own_file.read_text(encoding="utf-8")
    assert imported(f"my_network.{call}(np.zeros((1, 2)), np.ones((2, 1)))") == "[[0.5]]"
    assert answers.recall("xor_loop.neuron") is not bank.exercise("xor_loop.neuron").reference


def test_a_function_of_a_package_is_imported(own_file):
    Notebook('relu_slope = answers.use("activations.relu_slope", np.sign)')
    assert "\nfrom numpy import sign as relu_slope\n" in own_file.read_text(encoding="utf-8")
    assert imported("my_network.relu_slope(3.0)") == "1.0"


RIGHT = "def neuron(X, w):\n    return 1 / (1 + np.exp(-X @ w))\n"
USE = 'neuron = answers.use("xor_loop.neuron", neuron)'


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        (f"exec({RIGHT!r})\n{USE}", "its source isn't known, or isn't all of it"),
        (f"def make(k):\n    def neuron(X, w):\n        return k / (k + np.exp(-X @ w))\n"
         f"    return neuron\nneuron = make(1)\n{USE}", "isn't all of it"),
        (f"def make(f):\n    return lambda X, w: f(X @ w)\n"
         f"def squash(z):\n    return 1 / (1 + np.exp(-z))\nneuron = make(squash)\n{USE}",
         "isn't all of it"),
        (f"class Net:\n    def __call__(self, X, w):\n        return 1 / (1 + np.exp(-X @ w))\n"
         f"neuron = Net()\n{USE}", "isn't all of it"),
        (f"import functools\ndef f(k, X, w):\n    return k / (k + np.exp(-X @ w))\n"
         f"neuron = functools.partial(f, 1)\n{USE}", "isn't all of it"),
        (f"T = np.ones(1)\n{RIGHT.replace('w)', 'w, t=T)', 1)}\n{USE}", "name 'T' is not defined"),
        (RIGHT.replace(":\n", ":\n    '''\n# <<<\n    '''\n", 1) + USE, "mark in the wrong place"),
    ],
)  # fmt: skip
def test_what_cannot_be_written_is_used_all_the_same_and_said(own_file, capsys, cell, words):
    book = Notebook(cell)
    said = capsys.readouterr().out
    assert "The cells below use yours. It is not written to my_network.py: " in said
    assert words in said
    assert book.names["neuron"] is not bank.exercise("xor_loop.neuron").reference
    assert not own_file.exists()


def test_a_name_that_cannot_come_along_is_named(own_file, capsys):
    Notebook("T = np.zeros(1)", RIGHT.replace("-X", "T - X") + USE)
    assert "It is in my_network.py, which lacks T (ndarray)." in capsys.readouterr().out
    assert "# it also needs, from the notebook: T (ndarray)" in own_file.read_text(encoding="utf-8")
    assert imported("my_network.np.pi").startswith("3.14")
    assert answers.recall("xor_loop.neuron") is bank.exercise("xor_loop.neuron").reference
    assert "○ neuron is ours: neuron in my_network.py doesn't pass" in capsys.readouterr().out


def test_two_notebooks_with_one_name(own_file):
    other = "def one_step(X, Y, W1, b1, W2, b2, lr):\n"
    body = """    A1 = sigmoid(X @ W1 + b1)
    A2 = sigmoid(A1 @ W2 + b2)
    d2 = (A2 - Y) * A2 * (1 - A2)
    d1 = d2 @ W2.T * A1 * (1 - A1)
    return (W1 - lr * X.T @ d1, b1 - lr * d1.sum(axis=0),
            W2 - lr * A1.T @ d2, b2 - lr * d2.sum(axis=0))

one_step = answers.use("bias.one_step", one_step)
"""
    Notebook(SIGMOID, other + body)
    Notebook(SIGMOID, DELTA, STEP)
    for lesson, arguments in (("xor_loop", 5), ("bias", 7)):
        yours = answers.recall(f"{lesson}.one_step")
        assert yours is not bank.exercise(f"{lesson}.one_step").reference
        assert yours.__code__.co_argcount == arguments
    assert imported("my_network.one_step.__code__.co_argcount") == "7", "the later notebook's"


def test_two_notebooks_open_at_once_lose_nothing(own_file, monkeypatch):
    Notebook(SIGMOID, NEURON)
    merged, others = my_network.merged, [GRADIENT, DELTA]

    def meanwhile(text, blocks):
        new = merged(text, blocks)
        if others:
            Notebook(others.pop())  # another kernel writes between our reading and our writing
        return new

    monkeypatch.setattr(my_network, "merged", meanwhile)
    Notebook(SIGMOID, DELTA, STEP)
    text = own_file.read_text(encoding="utf-8")
    for name in ("neuron", "hidden_delta", "one_step", "bias_gradient"):
        assert text.count(f"def {name}(") == 1
    assert [path.name for path in own_file.parent.iterdir()] == ["my_network.py"]


# ------------------------------------------------------------------------ the reader's file
@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_what_the_reader_has_changed_in_the_file_stays(own_file, capsys, ends):
    Notebook(SIGMOID, NEURON, DELTA)
    text = own_file.read_text(encoding="utf-8").replace("# as typed", "# changed: ü")
    text = text.replace("import numpy as np\n", "import numpy as np\n\nMINE = 3\n")
    own_file.write_bytes((text + "\n\nprint(MINE)\n").replace("\n", ends).encode())
    before = own_file.read_bytes()
    capsys.readouterr()
    Notebook(SIGMOID, NEURON.replace("typed", "typed again"), DELTA)
    said = capsys.readouterr().out
    assert "In my_network.py you have changed neuron yourself: that stays as it is.\n" in said
    assert own_file.read_bytes() == before
    Notebook(SIGMOID, DELTA, STEP, GRADIENT)
    after = own_file.read_bytes().decode()
    assert (after.count("\r\n") == after.count("\n")) == (ends == "\r\n")
    for line in ("MINE = 3", "# changed: ü", "print(MINE)", "def bias_gradient(delta):"):
        assert after.count(f"{line}{ends}") == after.count(line) == 1
    assert imported("my_network.neuron(np.zeros((1, 2)), np.ones((2, 1)))") == "3\n[[0.5]]"


def test_a_changed_answer_takes_the_place_of_what_was_written(own_file):
    book = Notebook(SIGMOID, NEURON, NEURON.replace("# as typed", "# shorter"))
    assert "# as typed" not in own_file.read_text(encoding="utf-8")
    # a decorator that is new stands before the function that has been there before
    book.run("def same(f):\n    return f", "@same" + SIGMOID, NEURON)
    assert imported("my_network.neuron(np.zeros((1, 2)), np.ones((2, 1)))") == "[[0.5]]"
    spaced = own_file.read_text(encoding="utf-8").replace("# as typed\n", "# as typed   \n\n")
    own_file.write_text(spaced, encoding="utf-8")
    book.run(NEURON.replace("# as typed", "# longest"))
    assert "# longest" in own_file.read_text(encoding="utf-8"), "spaces are no change"


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda data: data + b"\n# gr\xfc\xdfe\n", "isn't a text in UTF-8"),
        (lambda data: data.replace(b"# <<<\n", b"", 1), "is a mark in the wrong place"),
        (lambda data: data.replace(b"# >>> xor", b"# >>>xor", 1), "is a mark in the wrong place"),
        (lambda data: data.rpartition(b"# <<<")[0], "the last block of my_network.py has no end"),
        (lambda data: data + data, "begins a block that it has already"),
    ],
)
def test_a_damaged_file_is_left_alone(own_file, capsys, damage, words):
    Notebook(SIGMOID, NEURON)
    own_file.write_bytes(damaged := damage(own_file.read_bytes()))
    capsys.readouterr()
    Notebook(DELTA)
    said = capsys.readouterr().out
    assert "The cells below use yours. It is not written to my_network.py: " in said
    assert words in said
    assert own_file.read_bytes() == damaged
    assert answers.recall("xor_loop.neuron") is bank.exercise("xor_loop.neuron").reference
    assert words in capsys.readouterr().out


def test_where_the_folder_cannot_be_written_the_readers_own_one_is_used(folders, own_file, capsys):
    own_file.mkdir()  # a folder of that name: nobody can write this file, not even root
    Notebook(SIGMOID, NEURON)
    other = folders / "own" / "my_network.py"
    assert f"It is in {other}." in capsys.readouterr().out
    assert "def neuron" in other.read_text(encoding="utf-8")
    ours = bank.exercise("xor_loop.neuron").reference
    assert answers.recall("xor_loop.neuron") is not ours
    assert "def neuron" in answers.show().source
    other.unlink()
    capsys.readouterr()
    assert answers.recall("xor_loop.neuron") is ours
    assert "○ neuron is ours: my_network.py can't be read: " in capsys.readouterr().out
    assert "my_network.py" in answers.show().text
    shutil.rmtree(folders / "own")
    (folders / "own").write_bytes(b"")  # neither can the other one be written
    book = Notebook(SIGMOID, NEURON)
    assert "yours. my_network.py can't be written: " in capsys.readouterr().out
    assert book.names["neuron"] is not ours


@pytest.mark.parametrize("there", [False, True])
def test_there_is_no_second_file_where_there_is_one(folders, own_file, monkeypatch, capsys, there):
    if there:
        Notebook(GRADIENT)
    replace = os.replace

    def here_alone(source, target):
        if own_file.parent == type(own_file)(target).parent:
            raise PermissionError(errno.EACCES, "Permission denied")
        replace(source, target)

    monkeypatch.setattr("nbhelpers.files.os.replace", here_alone)
    Notebook(SIGMOID, NEURON)
    assert ("can't be written: Permission denied." in capsys.readouterr().out) == there
    assert (folders / "own" / "my_network.py").exists() == (not there)


@pytest.mark.parametrize("there", [False, True])
def test_a_full_disk_is_told_and_changes_nothing(own_file, monkeypatch, capsys, there):
    if there:
        Notebook(GRADIENT)
    before = own_file.read_bytes() if there else None

    def full(*arguments):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("nbhelpers.files.os.replace", full)
    book = Notebook(SIGMOID, NEURON)
    assert "my_network.py can't be written: No space left on device." in capsys.readouterr().out
    assert book.names["neuron"].__name__ == "neuron"
    assert book.names["neuron"] is not bank.exercise("xor_loop.neuron").reference
    assert (own_file.read_bytes() if there else None) == before
    assert [p.name for p in own_file.parent.iterdir()] == ["my_network.py"] * there


def test_it_can_be_switched_off(own_file, monkeypatch, capsys):
    Notebook(SIGMOID, NEURON)
    before = own_file.read_bytes()
    monkeypatch.setenv(my_network.SWITCH, "off")
    capsys.readouterr()
    Notebook(DELTA)
    assert capsys.readouterr().out.endswith("  The cells below use yours.\n")
    assert own_file.read_bytes() == before
    assert answers.recall("xor_loop.neuron") is bank.exercise("xor_loop.neuron").reference
    assert answers.show().source == ""


# ------------------------------------------------------------------------ recall and show
def test_recall_gives_yours_or_ours_and_says_which(own_file, capsys):
    ours = bank.exercise("xor_loop.neuron").reference
    assert answers.recall("xor_loop.neuron") is ours
    said = capsys.readouterr().out
    assert said == "○ neuron is ours: my_network.py has no answer of yours yet\n"
    Notebook(SIGMOID, NEURON.replace("    return", "    print('loud')\n    return"))
    capsys.readouterr()
    tries = dict(checks._tries)
    yours = answers.recall("xor_loop.neuron")
    assert capsys.readouterr().out == "✓ neuron is yours: it is in my_network.py\n"
    assert yours(np.zeros((1, 2)), np.ones((2, 1))) == 0.5
    assert checks._tries == tries
    assert answers.recall("xor_loop.learnable") == 14
    with pytest.raises(ValueError, match="existing names"):
        answers.recall("xor_loop.nothing")


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("sigmoid(X @ w)", "sigmoid(X @ w) / 2", "neuron in my_network.py doesn't pass its check"),
        ("def neuron", "def newron", "doesn't define neuron any more"),
        ("import numpy as np\n", "import numpy as np\n1 / 0\n",
         "stops with ZeroDivisionError: division by zero (line 8)"),
        ("import numpy as np\n", "import numpy as np\nraise SystemExit\n", "stops with SystemExit"),
        ("import numpy as np\n", "import numpy as np\nwhile True: pass\n",
         "doesn't come to its end"),
        ("import numpy as np\n", "import numpy as np\nx = (\n",
         "SyntaxError: '(' was never closed (line 8)"),
        ("    return sigmoid", "    while True: pass\n    return sigmoid", "doesn't pass"),
    ],
)  # fmt: skip
def test_an_error_in_the_file_is_told_in_one_line(own_file, monkeypatch, capsys, old, new, words):
    Notebook(SIGMOID, NEURON)
    text = own_file.read_text(encoding="utf-8")
    assert text.count(old) == 1
    own_file.write_text(text.replace(old, new), encoding="utf-8")
    monkeypatch.setattr(checks, "SECONDS", 0.2)
    capsys.readouterr()
    assert answers.recall("xor_loop.neuron") is bank.exercise("xor_loop.neuron").reference
    said = capsys.readouterr().out
    assert said.startswith("○ neuron is ours: ")
    assert words in said
    assert said.count("\n") == 1


def test_a_function_that_was_recalled_is_not_written_twice(own_file):
    Notebook(SIGMOID, NEURON)
    Notebook(
        'squash = answers.recall("xor_loop.neuron")',
        "def bias_gradient(delta):\n    squash(np.zeros((1, 1)), np.ones((1, 1)))\n"
        "    return delta.sum(axis=0)\n"
        'answers.use("bias.bias_gradient", bias_gradient)',
    )
    text = own_file.read_text(encoding="utf-8")
    assert text.count("def neuron") == 1
    assert "\nsquash = neuron\n" in text
    assert imported("my_network.bias_gradient(np.ones((2, 1)))") == "[2.]"


def test_show(own_file):
    nothing = answers.show()
    assert nothing.text == "There is no my_network.py yet: a function that passes begins it."
    Notebook(SIGMOID, NEURON)
    shown = answers.show()
    assert shown.source == own_file.read_text(encoding="utf-8")
    assert repr(shown).startswith("my_network.py\n\n")
    assert "# as typed" in shown.html
    own_file.write_bytes(b"\xff")
    damaged = answers.show()
    assert damaged.text == "my_network.py isn't a text in UTF-8"
    for each in (nothing, shown, damaged):
        assert unreadable(each.html) == []


# ------------------------------------------------------------------------ in a real kernel
def test_in_a_real_kernel(own_file, monkeypatch):
    """Shown once, written from a cell's source, and recalled in the next kernel."""
    monkeypatch.setattr("nbhelpers.publishing.execute.my_network.SWITCH", "NBHELPERS_UNUSED")
    setup = "import numpy as np\n\nfrom nbhelpers.teaching import answers"
    delta = 'hidden_delta = answers.use("xor_loop.hidden_delta", ...)'

    def ran(*sources):
        cells = [nbformat.v4.new_code_cell(source.strip()) for source in (setup, *sources)]
        notebook = execute(nbformat.v4.new_notebook(cells=cells), own_file.parent, timeout=60)
        return [cell.outputs for cell in notebook.cells[1:]]

    outputs = ran(delta, SIGMOID, "%pwd\n" + NEURON, "print(neuron(np.zeros((1, 1)), np.eye(1)))")
    assert [len(o) for o in outputs] == [1, 0, 1, 1]
    assert plain_text(outputs[0][0]).endswith("use ours until yours passes.")
    assert "text/html" in outputs[0][0].data
    assert plain_text(outputs[2][0]).endswith("The cells below use yours. It is in my_network.py.")
    assert plain_text(outputs[3][0]) == "[[0.5]]\n"
    outputs = ran('neuron = answers.recall("xor_loop.neuron")', "answers.show()")
    assert plain_text(outputs[0][0]) == "✓ neuron is yours: it is in my_network.py"
    assert "return sigmoid(X @ w)  # as typed" in plain_text(outputs[1][0])
