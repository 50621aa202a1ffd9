"""Measure again what a lesson claims: its functions, stored outputs, and program over seeds."""

import ast
import contextlib
import io

import numpy as np
from notebook_tools import cells, notebooks, plain_text, read, tags, used

from nbhelpers.teaching import bank
from nbhelpers.teaching.lessons import program


def code_cells(number):
    """The code cells of a notebook, "08"."""
    (path,) = (path for path in notebooks() if path.stem[:2] == number)
    return cells(read(path), kind="code")


def stored(number, words=""):
    """The stored text of a notebook's one output that has these words in it."""
    texts = [plain_text(output) for cell in code_cells(number) for output in cell.outputs]
    (text,) = [text for text in texts if words in text]
    return text


def definitions(number, values=(), **names):
    """A notebook's functions, classes and imports, added to `names`.

    Its experiments don't run: of what is assigned, `values` alone are taken, at the first time.
    What an exercise gives to later cells, by `answers.use`, is our own.
    """
    names |= {"np": np}
    for cell in code_cells(number):
        if "exercise" in tags(cell):
            for bound, which in used(cell.source):
                ours = bank.exercise(which).reference
                names |= zip(bound, ours if len(bound) > 1 else [ours], strict=True)
        if "exercise" in tags(cell) or "%" in cell.source.split("\n", 1)[0]:  # IPython's own line
            continue
        for node in ast.parse(cell.source).body:
            wanted = isinstance(node, (ast.FunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom))
            if isinstance(node, ast.Assign):
                targets = {n.id for n in ast.walk(node.targets[0]) if isinstance(n, ast.Name)}
                wanted = targets <= set(values) and not targets <= set(names)
            if wanted:
                exec(compile(ast.Module([node], []), f"notebook {number}", "exec"), names)
    assert set(names) >= set(values)
    return names


def ran(number, seed, *change):
    """The names that the program of a notebook leaves behind, run silently from another seed.

    `change` is a text of the program and what takes its place.
    """
    source, names = program(number), {}
    for old, new in (("default_rng(0)", f"default_rng({seed})"), change)[: 1 + bool(change)]:
        assert source.count(old) == 1
        source = source.replace(old, new)
    with contextlib.redirect_stdout(io.StringIO()):
        exec(compile(source, f"program {number}", "exec"), names)
    return names
