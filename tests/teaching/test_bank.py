"""The bank: its references, its typical mistakes, and that the notebooks use all of it."""

import ast
import inspect
import re

import numpy as np
import pytest
from notebook_tools import notebooks, read

from nbhelpers import boxes
from nbhelpers.gradient_check import numerical_gradient
from nbhelpers.losses import softmax
from nbhelpers.teaching import bank, checks
from nbhelpers.teaching.exercise import Exercise, but

EXERCISES = [f"{lesson}.{name}" for lesson in bank.lessons() for name in bank.exercises(lesson)]
QUESTIONS = [f"{lesson}.{name}" for lesson in bank.lessons() for name in bank.questions(lesson)]


@pytest.fixture(autouse=True)
def no_tries_from_before():
    checks.reset()


def shapes(value):
    return [shapes(v) for v in value] if isinstance(value, (list, tuple)) else np.shape(value)


@pytest.mark.parametrize("path", notebooks(), ids=lambda path: path.stem)
def test_a_notebook_uses_all_that_the_bank_has_for_it(path):
    source = "\n".join(cell.source for cell in read(path).cells if cell.cell_type == "code")
    lesson = path.stem[3:]
    assert set(re.findall(r'(?:checks\.check|answers\.use)\(\s*"([\w.]+)"', source)) == {
        name for name in EXERCISES if name.startswith(lesson + ".")
    }
    for call in ("ask", "reveal"):
        assert set(re.findall(rf'questions\.{call}\("([\w.]+)"', source)) == {
            name for name in QUESTIONS if name.startswith(lesson + ".")
        }


@pytest.mark.parametrize("name", EXERCISES)
def test_an_exercise_accepts_its_reference_and_is_calm_when_unsolved(name):
    exercise = bank.exercise(name)
    assert checks.check(name, exercise.reference).passed
    unsolved = (lambda *a: ...) if callable(exercise.reference) else ...
    assert checks.check(name, unsolved).stage == "unsolved"
    assert exercise.hints, "an exercise needs a hint"
    assert len(exercise.mistakes) >= 3, "an exercise needs three typical mistakes"
    if callable(exercise.reference):
        several = len({str(shapes(case)) for case in exercise.cases}) > 1
        assert several, "an exercise needs cases of two shapes"


@pytest.mark.parametrize("name", EXERCISES)
def test_each_mistake_is_named_at_once(name):
    for wrong, mistake in bank.exercise(name).mistakes.items():
        checks.reset()
        said = checks.check(name, wrong)
        assert said.stage in ("mistake", "changed input"), (mistake, said)
        if said.stage == "mistake":
            assert said.mistakes == (mistake,), "two mistakes give the same values"
        for inner in ("np.float64", "<function"):
            assert inner not in checks.check(name, wrong).message, "a type shows through"


@pytest.mark.parametrize("name", [n for n in EXERCISES if callable(bank.exercise(n).reference)])
def test_a_mistake_is_named_without_the_right_product(name):
    """The first wrong try isn't answered with the line; in notebook 01, hints aren't, either."""
    exercise = bank.exercise(name)
    tree = ast.parse(inspect.getsource(exercise.reference).strip())
    operations = [node for node in ast.walk(tree) if isinstance(node, ast.BinOp)]
    products = [ast.unparse(node) for node in operations if isinstance(node.op, ast.MatMult)]
    said = [*exercise.mistakes.values(), *exercise.remarks.values()]
    said += exercise.hints if name.startswith("xor_loop.") else ()
    assert [(p, words) for p in products for words in map(boxes.plain, said) if p in words] == []


# ------------------------------------------------------------------------ mistakes by `but`
def line(x, a, b):
    return a * x + b


def test_but_changes_the_reference_where_it_is_told():
    assert line(2, 3, 4) == 10
    assert but(line, "+ -> -")(2, 3, 4) == 2
    assert but(line, "a * x -> a", " + b -> ")(2, 3, 4) == 3
    slips = {"* -> +": "no product", ("a * -> ", "+ b -> + 1"): "two"}
    assert [wrong(2, 3, 4) for wrong in Exercise(line, [(1, 1, 1)], slips).mistakes] == [9, 3]


@pytest.mark.parametrize(
    ("changes", "function", "words"),
    [
        (["c -> d"], line, "'c' is there 0 times"),
        (["a -> d"], line, "'a' is there 2 times"),
        (["+ -> -", "+ -> *"], line, r"'\+' is there 0 times"),
        (["a * x"], line, "'a \\* x' is not 'old -> new'"),
        (["x -> y"], lambda x: x, "a function that a module defines by def"),
    ],
)
def test_but_refuses_what_it_cannot_do_exactly_once(changes, function, words):
    with pytest.raises(ValueError, match=words):
        but(function, *changes)


def test_a_mistake_that_stops_is_compared_by_its_own_line():
    """So its source must be found, as that of a cell is."""
    wrong = bank.exercise("xor_loop.hidden_delta").mistakes
    (mistake,) = [m for m in wrong.values() if "multiplied first" in m]
    slip = lambda d, W2, A1: A1 * (1 - A1) * d @ W2.T  # noqa: E731
    other = lambda d, W2, A1: (A1 + 1) * (1 - A1) * d @ W2.T  # noqa: E731
    for answer, named in ((slip, (mistake,)), (other, ())):
        checks.reset()
        for _ in range(2):
            result = checks.check("xor_loop.hidden_delta", answer)
        assert result.mistakes == named


# ------------------------------------------------------------------------ single exercises
@pytest.mark.parametrize("case", range(5))
def test_backpropagation_gives_the_measured_gradients(case):
    exercise = bank.exercise("backpropagation.backward")
    A, Y, W = exercise.cases[case]
    inverse = [np.arctanh] * (len(W) - 1) + [np.log]  # softmax: up to a number for each example
    b = [(f(a) - x @ w)[0] for f, x, w, a in zip(inverse, A[:-1], W, A[1:], strict=True)]

    def loss():
        X = A[0]
        for w, v in zip(W[:-1], b[:-1], strict=True):
            X = np.tanh(X @ w + v)
        return -np.sum(Y * np.log(softmax(X @ W[-1] + b[-1]))) / len(Y)

    for p, gradient in zip(W + b, exercise.reference(A, Y, W), strict=True):
        np.testing.assert_allclose(gradient, numerical_gradient(loss, p), rtol=1e-6, atol=1e-8)


def squash(Z):
    return 1 / (1 + np.exp(-Z))


def _rows(number_of_one, width=None):
    """A neuron as a loop over the rows, with one number for each."""

    def neuron(X, w):
        out = np.zeros((len(X), width or w.shape[1]))
        for i, row in enumerate(X):
            out[i] = squash(number_of_one(row, w))
        return out

    return neuron


two_inputs = _rows(lambda row, w: row[0] * w[0] + row[1] * w[1])
two_inputs_one_column = _rows(lambda row, w: row[0] * w[0] + row[1] * w[1], width=1)
one_column = _rows(lambda row, w: row @ w[:, 0], width=1)
one_column_stops = _rows(lambda row, w: row @ w, width=1)


def two_inputs_by_name(X, w):
    return np.array([squash(x1 * w[0] + x2 * w[1]) for x1, x2 in X])


def one_column_broadcast(X, w):
    return squash((X * w.T).sum(axis=1, keepdims=True))


def blame_through_a_row(X, Y, W1, W2, lr):
    A1 = squash(X @ W1)
    return bank.exercise("xor_loop.hidden_delta").reference(squash(A1 @ W2) - Y, W2.T, A1)


def returned_inside(x, w):
    total = 0
    for a, b in zip(x, w, strict=True):
        total = total + a * b
        return total


def updated_inside(A, Y, W):
    dW, db, delta = [], [], (A[-1] - Y) / len(Y)
    for layer in reversed(range(len(W))):
        dW.insert(0, A[layer].T @ delta)
        db.insert(0, delta.sum(axis=0))
        W[layer] -= 0.3 * dW[0]
        delta = delta @ W[layer].T * (1 - A[layer] ** 2)
    return dW + db


@pytest.mark.parametrize(
    ("name", "answer", "words"),
    [
        ("xor_loop.neuron", lambda X, w: 1 / (1 + np.exp(-X * w)), "X * w goes number by number"),
        ("xor_loop.neuron", lambda X, w: 1 / (1 + np.exp(-w @ X)), "w @ X is the wrong way round"),
        ("xor_loop.neuron", lambda X, w: np.dot(w, X), "w @ X is the wrong way round"),
        ("xor_loop.neuron", lambda X, w: squash(X) @ squash(w), "each by itself"),
        ("xor_loop.neuron", two_inputs, "reads two inputs"),
        ("xor_loop.neuron", two_inputs_one_column, "reads two inputs"),
        ("xor_loop.neuron", two_inputs_by_name, "reads two inputs"),
        ("xor_loop.neuron", one_column, "right for one column"),
        ("xor_loop.neuron", one_column_stops, "right for one column"),
        ("xor_loop.neuron", one_column_broadcast, "right for one column"),
        ("xor_loop.loss", lambda A, Y: 0.5 * np.sum(A**2 - Y**2), "square the difference"),
        ("xor_loop.loss", lambda A, Y: sum((A - Y) ** 2), "Python's own sum"),
        ("start_here.weighted_sum", lambda x, w: sum(x) * sum(w), "added up before"),
        ("start_here.weighted_sum", returned_inside, "return inside the loop"),
        ("xor_loop.gradients", lambda X, A, d, e: (d @ X.T, e @ A.T), "wrong way round"),
        ("xor_loop.hidden_delta", lambda d, W2, A1: W2.T * d * A1 * (1 + A1), "the sign"),
        ("xor_loop.hidden_delta", lambda d, W2, A1: d * W2 * A1 * (1 - A1), "on their side"),
        ("xor_loop.hidden_delta", lambda d, W2, A1: A1 * (1 - A1) * d * W2, "on their side"),
        ("xor_loop.hidden_delta", lambda d, W2, A1: d.dot(W2) * A1, "two factors"),
        ("xor_loop.hidden_delta", lambda d, W2, A1: d.dot(W2) * A1 * (1 - A1), "on their side"),
        ("xor_loop.hidden_delta", lambda d, W2, A1: d @ W2.T * A1 * 1 - A1, "A1 * 1 - A1"),
        ("xor_loop.hidden_delta", lambda d, W2, A1: A1 * 1 - A1 * (d @ W2.T), "A1 * 1 - A1"),
        ("xor_loop.hidden_delta", lambda d, W2, A1: d @ W2.T * (A1 * 1 - A1), "A1 * 1 - A1"),
        ("xor_loop.hidden_delta", lambda d, W2, A1: (d @ W2) * (A1 * (1 - A1)), "on their side"),
        ("xor_loop.hidden_delta", lambda d, W2, A1: -0.0475 * 0.544 * 0.51 * 0.49, "by name"),
        ("xor_loop.output_delta", lambda A, Y: A - Y * A * (1 - A), "brackets"),
        ("xor_loop.output_delta", lambda A, Y: (Y - A) * A * (1 - A), "the sign"),
        ("xor_loop.output_delta", lambda A, Y: 0.5 * (A - Y) ** 2, "that is the loss"),
        ("sgd.limits", (0.5, 0.05), "one step"),
        ("sgd.largest_rate", lambda steepness: 1 / steepness.min(), "steepest"),
        ("sgd.rmse", lambda A, Y: ((A - Y) ** 2).mean(), "root"),
        ("backpropagation.backward", updated_inside, "changes its input W in place"),
    ],
)
def test_likely_slips_are_named_at_once(name, answer, words):
    result = checks.check(name, answer)
    assert not result.passed
    told = [result.lines[0], *result.mistakes]  # not the answer's line, which has the words
    assert words in boxes.plain(" ".join(told))
    assert len(result.mistakes) <= 1


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("neuron", lambda X, w: X @ w.T),
        ("neuron", lambda X, w: np.ones((2, 1)) @ X),  # the shapes of w @ X, other numbers
        ("neuron", lambda X, w: X * (w + 1)),
        ("hidden_delta", lambda d, W2, A1: A1 * A1 * d @ W2.T),  # the shapes of the precedence slip
        ("one_step", blame_through_a_row),  # the product of W2 that isn't on its side, elsewhere
    ],
)
def test_another_error_of_the_same_type_is_not_given_that_name(name, answer):
    said = [checks.check(f"xor_loop.{name}", answer) for _ in range(3)]
    assert [(r.stage, r.mistakes) for r in said] == [("error", ())] * 3


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("xor_loop.hidden_delta", lambda d, W2, A1: d * W2.T * A1 * (1 - A1)),
        ("xor_loop.neuron", _rows(lambda row, w: row @ w)),
        ("activations.tanh_slope", lambda A: (1 - A) * (1 + A)),
        ("activations.relu_slope", lambda A: A > 0),
        ("activations.relu_slope", lambda A: np.where(A > 0, 1, 0)),
        ("activations.relu_slope", np.sign),
        ("activations.dead_units", lambda X, W, b: int(((X @ W + b).max(axis=0) <= 0).sum())),
        ("activations.softplus_slope", lambda A: -np.expm1(-A)),
        *(("sgd.limits", limits) for limits in [(0.995, 0.1), (1, 0.1), (1.01, 0.101), (1, 0.099)]),
    ],
)
def test_other_right_answers_pass(name, answer):
    assert checks.check(name, answer).passed
