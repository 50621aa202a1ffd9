"""Small notebooks made for tests: cells, two programs, and a folder of four notebooks."""

import nbformat

ONE = """import numpy as np

rng = np.random.default_rng(0)
W = rng.uniform(size=(2, 3))  # "input" & hidden
lr = 1.0


def sigmoid(Z):
    \"\"\"Squash to (0, 1).\"\"\"
    return 1 / (1 + np.exp(-Z))


A = sigmoid(W)
print(A.shape, A.min() > 0)
"""
TWO = (
    ONE.replace("lr = 1.0\n", "b = np.zeros(3)\nc = 2\n")
    .replace("sigmoid(W)", "sigmoid(W + b)")
    .replace("\n\ndef", "\n\n\ndef")
)
code, markdown = nbformat.v4.new_code_cell, nbformat.v4.new_markdown_cell


def tagged(source, tag, make=code, **more):
    """A cell with a tag; `more` may be its id."""
    return make(source, metadata={"tags": [tag]}, **more)


def save(path, *cells):
    """Write a notebook with these cells; returns its path."""
    nbformat.write(nbformat.v4.new_notebook(cells=list(cells)), path)
    return path


def four_notebooks(place):
    """A new folder with two notebooks that have a program, one without, and one with two."""
    place.mkdir()
    save(place / "00_start.ipynb", code("1"))
    save(place / "01_one.ipynb", code("import os"), tagged(ONE.rstrip(), "program"))
    save(place / "02_two.ipynb", markdown("text"), tagged(TWO, "program"))
    save(place / "03_both.ipynb", tagged(ONE, "program"), tagged(TWO, "program"))
    return place


def full(*arguments):
    """In place of os.replace: the disk is full."""
    raise OSError("disk full")
