"""Which names a cell reads, binds and may change: what decides what a shortened notebook keeps."""

import ast

import pytest
from notebook_tools import cells, notebooks
from shortened import LEFT_OUT, Names, interactive, shortened, worked_on


@pytest.mark.parametrize(
    ("source", "read", "bound", "changed"),
    [
        ("x = y", "y", "x", ""),
        ("x = x + 1", "x", "x", ""),
        ("x = 1\ny = x", "", "x y", ""),
        ("x += y", "x y", "x", "x"),
        ("A[k] += 1", "A k", "", "A"),
        ("net.params[k] = 0", "net k", "", "net"),
        ("a.b = c", "a c", "", "a"),
        ("import numpy as np\nimport os.path", "", "np os", ""),
        ("for x in xs:\n    total = total + x", "xs total", "x total", ""),
        ("def f(x):\n    return x * lr", "lr", "f", ""),
        ("squares = [x * x for x in xs if x > low]", "xs low", "squares", ""),
        ("history = fit(net, X, y=targets)", "fit net X targets", "history", "fit net X targets"),
        ("[other.fit(X) for other in nets]", "X nets", "", "X"),
        ("rng.shuffle(order)", "rng order", "", "rng order"),
        ("kept.append(loss)", "kept loss", "", "kept loss"),
        ("ax.plot(x)", "ax x", "", ""),
        ("print(rmse(net, X))", "print rmse net X", "", ""),
        ("f(x)[0].g(h)", "f x h", "", "h"),
    ],
)
def test_names(source, read, bound, changed):
    names = Names(ast.parse(source))
    assert names.read == set(read.split())
    assert names.bound == set(bound.split())
    assert names.changed == set(changed.split())


@pytest.mark.parametrize("path", notebooks(), ids=lambda path: path.stem)
def test_the_interactive_part_has_all_that_is_worked_on(path):
    whole, part = shortened(path.name), interactive(shortened(path.name))
    kept = [cell.id for cell in part.cells]
    assert [c.id for c in whole.cells if c.cell_type != "code" or c.id in kept] == kept
    assert {cell.id for cell in cells(whole, kind="code") if worked_on(cell)} <= set(kept)
    assert len(cells(part, kind="code")) < len(cells(whole, kind="code"))
    assert not set(kept) & set(LEFT_OUT.get(path.name, ()))
