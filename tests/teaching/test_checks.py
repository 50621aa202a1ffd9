"""Exercise checks: what is accepted, what is said about each typical mistake, and never a crash."""

import functools
import io
import linecache
import math

import nbformat
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from notebook_tools import contrast, plain_text, unreadable

from nbhelpers import boxes
from nbhelpers.publishing.execute import execute
from nbhelpers.teaching import bank, checks, questions
from nbhelpers.teaching.exercise import Exercise

rng = np.random.default_rng(7)
MATRICES = [(rng.normal(size=(4, 3)), rng.normal(size=(4, 2))), (np.ones((1, 1)), np.ones((1, 1)))]


def gradient(A, delta):
    """dW and db of a layer, averaged over the examples."""
    return A.T @ delta / len(A), delta.mean(axis=0)


EXERCISES = {
    "double": Exercise(lambda A: 2 * A, [(rng.normal(size=(4, 3)),), (np.ones((1, 1)),)]),
    "relu": Exercise(
        lambda Z: np.where(Z > 0, Z, 0),
        [(rng.normal(size=(5, 4)),), (np.zeros((1, 1)),)],
        {(lambda Z: Z): "the mask is missing", (lambda Z: Z > 0): "it is the derivative"},
        hints=("What happens below 0?", "Compare <code>Z</code> with 0."),
    ),
    "gradient": Exercise(
        gradient,
        MATRICES,
        {(lambda A, d: (A.T @ d / len(A), d.sum(axis=0))): "db is not averaged"},
        outputs=("dW", "db"),
    ),
    "square": Exercise(lambda A: A @ A, [(rng.normal(size=(3, 3)),), (np.ones((1, 1)),)]),
    "softmax": Exercise(
        lambda Z: (E := np.exp(Z - Z.max(axis=1, keepdims=True))) / E.sum(axis=1, keepdims=True),
        [(rng.normal(size=(3, 4)),), (np.array([[1000.0, 0.0]]),)],
        {(lambda Z: np.exp(Z) / np.exp(Z).sum(1, keepdims=True)): "no shift by the maximum"},
    ),
    "scaled": Exercise(lambda W, lr: [lr * w for w in W], [([np.ones(2), np.ones(3)], 0.5)]),
    "answer": Exercise(0.25, mistakes={0.19661193: "you took the derivative at 1"}),
    "table": Exercise(np.array([[0.0], [1.0], [1.0], [0.0]])),
    "mask": Exercise(np.array([True, False, True])),
    "two": Exercise((np.arange(3.0), np.ones((2, 2)))),
    "pair": Exercise((np.arange(3.0), np.ones(3)), outputs=("dW", "db")),
    "word": Exercise("no", mistakes={"yes": "one line cannot"}),
    "guilty": Exercise("line 5", mistakes={"line 2": "line 2 is right"}),
    "first": Exercise(
        lambda x: next((i for i, a in enumerate(x) if a > 1), len(x)),
        [(np.array([0.0, 2.0]),), (np.array([0.5]),)],
        hints=("Go through them.", "What if none is larger?"),
    ),
    "sizes": Exercise(lambda A: [A.min(), A.max()], [(np.ones(2),), (np.arange(3.0),)]),
    "step": Exercise(
        lambda p, g: p.__isub__(0.1 * g), [(np.ones(3), np.arange(3.0))], changes=(0,)
    ),
}
TABLE = EXERCISES["table"].reference


@pytest.fixture(autouse=True)
def own_bank(monkeypatch):
    """A small bank beside the real one, and no tries from the test before."""
    real = bank.exercises
    monkeypatch.setattr(bank, "exercises", lambda n: EXERCISES if n == "test" else real(n))
    checks.reset()
    yield
    checks.reset()


def check(name, answer, times=1):
    """The result of the last of some tries; a name without a lesson is of the small bank."""
    for _ in range(times):
        result = checks.check(name if "." in name else f"test.{name}", answer)
    return result


# ------------------------------------------------------------------------ right answers
def in_place(p, g):
    p -= 0.1 * g


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("double", lambda A: (A.astype(np.float32) * 2).astype(np.float32)),
        ("answer", 1 / 4),
        ("answer", np.float32(0.25)),
        ("answer", np.array(0.25)),
        ("table", np.array([[0], [1], [1], [0]])),
        ("table", TABLE > 0),
        ("mask", np.array([1, 0, 1])),
        ("two", [np.arange(3), np.ones((2, 2))]),
        ("gradient", lambda A, d: (A.T @ d / len(d), d.sum(0) / len(d))),
        ("sizes", lambda A: np.array([A.min(), A.max()])),
        ("word", " No "),
        ("step", in_place),
        *(("guilty", said) for said in ["line 5", "5", "line5", " Line 5. ", "line  5", 5]),
        ("guilty", np.str_("line 5")),
    ],
)
def test_right_answers_of_every_kind_pass(name, answer):
    assert check(name, answer).passed


# ------------------------------------------------------------------------ not solved yet
@pytest.mark.parametrize("nothing", [..., None, NotImplemented])
def test_unsolved_is_neutral_and_is_no_try(nothing):
    for name in EXERCISES:
        assert check(name, nothing).stage == "unsolved"
    for _ in range(3):
        assert check("relu", lambda Z: nothing).stage == "unsolved"
    assert check("gradient", lambda A, d: (A.T @ d, nothing)).stage == "unsolved"
    first = check("relu", lambda Z: Z + 1).message
    assert first.count("Hint:") == 1, "the first real try gets the first hint"


def raises(error):
    def answer(*arguments):
        raise error

    return answer


def rebound(p, g):
    p = p - 0.1 * g


@pytest.mark.parametrize(
    ("name", "answer", "stage"),
    [
        ("relu", lambda Z: Z * ..., "unsolved"),
        ("relu", lambda Z: np.array([..., 1]), "unsolved"),
        ("relu", lambda Z: np.exp(...), "unsolved"),
        ("relu", raises(NotImplementedError), "unsolved"),
        ("relu", lambda Z: Z[np.floor(Z)], "error"),  # NumPy's text has the word "ellipsis"
        ("step", rebound, "unsolved"),
        ("step", lambda p, g: p.__iadd__(g), "value"),
    ],
)
def test_unfinished_expressions_are_unsolved(name, answer, stage):
    assert check(name, answer).stage == stage


# ------------------------------------------------------------------------ what is said at once
def squash(Z):
    return 1 / (1 + np.exp(-Z))


def undefined_mask(Z):
    mask = Z > 0
    return mask * undefined  # noqa: F821


def two_columns(X, w):
    return np.array([[squash(w[0, 0] * x1 + w[1, 0] * x2)] for x1, x2 in X])


def in_two_lines(X, w):
    return squash(w.T
                  @ X)  # fmt: skip


def neuron(X, w):
    return squash(X @ w)


def neuron_of_the_wrong_array(X, Y, W1, W2, lr):
    A1 = neuron(X, W1)
    return neuron(X, W2), A1


def four_rows(A2, Y):
    return sum(0.5 * (A2[i, 0] - Y[i, 0]) ** 2 for i in range(4))


def grows(A):
    A += np.ones((2, *A.shape))
    return A


class Unprintable(Exception):
    def __str__(self):
        raise RuntimeError("no words")


ERRORS = {  # a key is an exercise and part of what is said
    ("relu", "NameError: name 'undefined' is not defined"): undefined_mask,
    ("relu", " of its cell: return mask * undefined"): undefined_mask,
    ("relu", "SystemExit"): raises(SystemExit("bye")),
    ("scaled", "called your function with W = arrays (2,) (3,) and lr = 0.5."): raises(KeyError(1)),
    ("gradient", "@ can't multiply (4, 3) by (4, 2): "): lambda A, d: (A @ d, d.mean(axis=0)),
    ("gradient", "It is called like this: f(A, delta)."): lambda A: A,
    ("double", "+= gives shape (2, 4, 3), which has no room in an array of shape (4, 3)."): grows,
    ("xor_loop.neuron", "1 and 4, must be equal."): lambda X, w: squash(w @ X),
    ("xor_loop.neuron", "@ can't multiply (2, 1) by (4, 2): "): lambda X, w: np.matmul(w, X),
    ("xor_loop.neuron", "product can't multiply (2, 1) by (4, 2)"): lambda X, w: w.dot(X),
    ("xor_loop.neuron", "these two arrays: the inner"): lambda X, w: X @ w.ravel() @ X.T,
    ("xor_loop.neuron", "for a single number it is *"): lambda X, w: X @ 3,
    ("xor_loop.neuron", "1 fits any number): in (4, 2) and (2, 1), 4 meets 2"): lambda X, w: X * w,
    ("xor_loop.neuron", "- needs equal shapes"): lambda X, w: X - X.T,
    ("xor_loop.neuron", "(4,), counted from the end, 2 meets 4."): lambda X, w: X + X[:, 0],
    ("xor_loop.neuron", "Going number by number needs"): lambda X, w: np.where(X > 0, w, 0),
    ("xor_loop.neuron", ": w.T @ X. The check"): in_two_lines,
    ("xor_loop.neuron", "too many values to unpack"): two_columns,
    ("xor_loop.neuron", "first input gave what is right; the check called your function with X of "
     "shape (6, 3) and w of shape (3, 1)."): two_columns,
    ("xor_loop.hidden_delta", "@ can't multiply (4, 1) by (3, 1)"): lambda d, W, A: d @ W * A,
    ("xor_loop.hidden_delta", "is a * or a @ missing"): lambda d, W2, A1: d @ W2.T * A1(1 - A1),
    ("xor_loop.loss", "rows isn't always 4: here A2 has 1, which len(A2) tells."): four_rows,
    ("start_here.weighted_sum", "values isn't always 3: here x has 1"): lambda x, w: x[2] * w[2],
    ("xor_loop.hidden_delta", "columns isn't always 3: here A1 has 1, which A1.shape[1] tells."):
     lambda d, W2, A1: A1[:, [0, 1, 2]],
    ("xor_loop.one_step", "of its cell: return neuron(X, W2), A1. The"): neuron_of_the_wrong_array,
    ("xor_loop.one_step", "@ can't multiply (4, 2) by (3, 1): the inner numbers, 2 and 3, must be "
     "equal. It was in neuron, with X of shape (4, 2), w of shape (3, 1)."):
     neuron_of_the_wrong_array,
    ("double", "not defined. It was in undefined_mask, with Z of shape (4, 3).\n"):
     lambda A: undefined_mask(A),
    ("double", "'undefined' is not defined; the check passes A."): lambda A: A * undefined,  # noqa: F821
    ("double", "there is np.exp, not math.exp."): lambda A: math.exp(A),
    ("double", "float'. A tuple or a list stands"): lambda A: 0.5 * (A, A),
    ("double", "A power is **; ^ is not."): lambda A: A ^ 2,
    ("double", "It calls itself without end."): lambda A: endless(A),
    ("double", "The first input raised no error; the check"): lambda A: A[[0, 1, 2, 3]],
    ("xor_loop.hidden_delta", "was in neuron, with X of shape (4, 3), w of shape (4, 3)."):
     lambda d, W2, A1: bank.exercise("xor_loop.neuron").reference(A1, A1),
}  # fmt: skip


@pytest.mark.parametrize(("name", "words"), ERRORS)
def test_an_error_is_told_in_words(name, words):
    result = check(name, ERRORS[name, words])
    assert result.stage in ("error", "mistake")
    shown = f'("{name}", "{words}"): '  # the line of this file, where it is the learner's
    assert words in result.message.replace(shown, "")
    for inner in ("gufunc", "broadcast", "checks.py"):
        assert inner not in result.message
    assert unreadable(result.html) == []


def test_the_line_of_the_bank_is_not_shown_where_ours_stops():
    ours = bank.exercise("xor_loop.neuron").reference
    result = check("xor_loop.hidden_delta", functools.partial(lambda f, d, W, A: f(A, A), ours))
    assert "sigmoid(X @ w)" not in result.message


def test_an_index_beyond_every_array_says_nothing_about_their_sizes():
    assert "isn't always" not in check("double", written("A[9]")).message


@pytest.mark.parametrize(
    ("answer", "first"),
    [
        (lambda d, W2, A1: A1 * (1 - A1) * d @ W2.T, "A1 * (1 - A1) * d comes first"),
        (lambda d, W2, A1: A1 * A1.T @ d, "A1 * A1.T comes first"),
        (lambda d, W2, A1: d @ W2 * A1, "d @ W2 comes first"),
        (lambda d, W2, A1: d @ W2 / A1, "@ and / have equal rank"),
        (lambda d, W2, A1: (A1 * d) @ W2.T, ""),
        (lambda d, W2, A1: A1 * (d @ W2), ""),
        (lambda d, W2, A1: d @ W2 + A1 * A1, ""),
    ],
)
def test_the_order_of_matrix_product_and_product_is_told_where_it_matters(answer, first):
    message = check("xor_loop.hidden_delta", answer).message
    assert "can't multiply" in message or "needs equal shapes" in message
    assert ("equal rank" in message) == bool(first)
    assert first in message


@pytest.mark.parametrize(
    ("name", "answer", "stage", "words"),
    [
        ("relu", 3.0, "type", "without parentheses"),
        ("relu", lambda Z: "text", "type", "a text"),
        ("relu", lambda Z: Z.tolist(), "type", "np.array"),
        ("relu", lambda Z: Z + 1j, "type", "complex"),
        ("relu", lambda Z: lambda: Z, "type", "a function"),
        ("answer", lambda: 0.25, "type", "you pass a function"),
        ("answer", "0.25", "type", "a text"),
        ("answer", object(), "type", "yours is an object."),
        ("word", np.bool_(True), "type", "you pass True or False."),
        ("two", np.arange(3.0), "type", "2 values"),
        ("gradient", lambda A, d: A.T @ d, "type", "dW, db"),
        ("sizes", lambda A: [A.min()], "type", "with A = [1., 1.]; yours is a list of 1 value."),
        ("pair", np.ones((2, 2)), "type", "yours is an array of float64 of shape (2, 2)."),
        ("gradient", lambda A, d: A.T @ d / len(A), "type", "dW is there and right."),
        ("gradient", lambda A, d: (*gradient(A, d), A), "type", "dW and db are there and right."),
        ("double", lambda A: (A, 2 * A), "type", "a tuple of 2 values.\n  Value 2 is right."),
        ("double", lambda A: A.ravel().tolist(), "type", "of shape (12,); expected: shape (4, 3)."),
        ("gradient", lambda A, d: gradient(A, d)[::-1], "mistake", "are in the wrong order"),
        ("xor_loop.learnable", np.ones((4, 14), bool), "shape", "asked is how many they are."),
        ("answer", None, "unsolved", "print gives none"),
        ("double", lambda A: print(A), "unsolved", "print shows a value"),
        ("double", lambda A: A.fill(2), "unsolved", "changes its input A in place"),
        ("square", lambda A: A @ A * (len(A) == 1), "value", "some it is right: for A = [[1.]]."),
        ("word", 3, "type", "text in quotes"),
        ("table", np.zeros(4), "shape", "Yours has shape (4,); expected: shape (4, 1)."),
        ("table", TABLE.T, "shape", "rows and columns are swapped"),
        ("table", TABLE.ravel(), "shape", "only their arrangement"),
        ("relu", lambda Z: Z.sum(), "shape", "is an axis due?"),
        ("softmax", lambda Z: np.exp(Z) / np.exp(Z).sum(axis=1, keepdims=True), "mistake",
         "1 of 2 values are NaN (not a number). The input was Z = [[1000.,    0.]]."),
        ("answer", np.inf, "nan", "infinite"),
        ("double", lambda A: A * 2.0001, "value", "The shape is right; "),
        ("sizes", lambda A: (A.min(), A.max() + 1), "value", "2 of 4 numbers are not right yet. "
         "Look at value 2"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_at_once(name, answer, stage, words):
    result = check(name, answer)
    assert (result.stage, result.passed) == (stage, False)
    assert words in result.message


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("table", TABLE == 0),
        ("relu", lambda Z: Z < 0),
        ("relu", lambda Z: (Z > 0).ravel()),
        ("answer", True),
        ("gradient", lambda A, d: (A.T @ d / len(A), d.mean(axis=0) > 0)),
    ],
)
def test_true_and_false_where_numbers_are_asked_for(name, answer):
    for _ in range(4):
        result = check(name, answer)
        assert "You give True or False where numbers are asked for" in result.message
        assert "ufunc" not in result.message
        assert "compared" not in result.message
    assert "True or False" not in check("mask", np.array([True, True, True]), times=4).message


def test_what_a_function_uses_of_the_notebook_is_told_if_it_is_wrong():
    uses = "Your function uses TABLE of the notebook; the check passes A."
    assert uses in check("double", lambda A: [2 * a for a in TABLE] and A).message
    assert uses in check("double", lambda A: A @ TABLE.T @ A).message
    assert uses not in check("double", lambda A: 2 * A + 0 * TABLE[0]).message
    assert uses not in check("double", lambda TABLE: TABLE + squash(TABLE)).message


def test_interrupt_reaches_the_kernel():
    with pytest.raises(KeyboardInterrupt):
        check("relu", raises(KeyboardInterrupt))


# ------------------------------------------------------------------------ called once, not twice
class Counting:
    """Whatever one asks of it counts, and gives an array."""

    def __init__(self):
        self.times = 0

    def draw(self, *_):
        self.times += 1
        return np.ones((2, 2))

    __getitem__ = __matmul__ = __neg__ = __call__ = draw
    drawn = property(draw)


def written(expression, **names):
    """The function of A with this expression; its source is known, as that of a cell is."""
    source = f"def f(A):\n    return {expression}\n"
    linecache.cache["<cell>"] = len(source), None, source.splitlines(keepends=True), "<cell>"
    exec(compile(source, "<cell>", "exec"), names)
    return names["f"]


@pytest.mark.parametrize(
    "expression",
    [
        "draw(3) @ A",
        "draw.drawn @ A",
        "draw[3] @ A",
        "-draw @ A",
        "np.matmul(draw(3), A)",
        "np.frompyfunc(draw, 1, 1)(2).T @ A",
        "{'a': draw}['a'](3) @ A",
        "np.add(Z, 1, out=Z) @ A",
    ],
)
def test_an_expression_that_failed_is_not_evaluated_again(expression):
    draw, Z = Counting(), np.zeros((2, 2))
    result = check("square", written(expression, draw=draw, Z=Z, np=np))
    assert result.stage == "error"
    assert f"It happens in line 2 of its cell: return {expression}." in result.message
    assert draw.times + Z[0, 0] == 1


def test_operands_are_found_again_where_that_takes_no_call():
    W = [np.ones((2, 4)), np.ones((4, 1))]
    for answer, left in [
        (lambda A: W[1] @ A, "(4, 1)"),
        (lambda A: W[0][:, 1:3].T @ A, "(2, 2)"),
        (lambda A: (2 * W[1] - 1.0) @ A, "(4, 1)"),
        (lambda A: -W[1] @ A, "(4, 1)"),
    ]:
        assert f"@ can't multiply {left} by (3, 3): " in check("square", answer).message
    assert "multiply these two arrays: " in check("square", lambda A: W[1].copy() @ A).message


@pytest.mark.parametrize(
    "give",
    [
        lambda A: 2 * A,
        lambda A: A,
        lambda A: None,
        lambda A: None if len(A) == 4 else A,
        lambda A: A if len(A) == 4 else None,
    ],
)
def test_a_function_is_called_once_for_each_case(give):
    seen = []
    check("double", lambda A: seen.append(A.shape) or give(A))
    assert seen == [(4, 3), (1, 1)]


def test_a_way_without_return_is_told_and_helped():
    def first(x):
        for i, a in enumerate(x):
            if a > 1:
                return i

    said = [check("first", first) for _ in range(3)]
    assert {result.stage for result in said} == {"type"}
    assert "returns None for x = [0.5], and a value for other inputs" in said[0].message
    assert "Hint" not in said[0].message
    assert "Go through them" in said[1].message
    assert "What if none" in said[2].message
    checks.reset()
    nothing = check("first", lambda x: None, times=3)
    assert nothing.stage == "unsolved"
    assert "is return missing?" in nothing.message


def test_a_changed_input_is_named_and_the_bank_survives():
    def doubled(A):
        A *= 2
        return A

    def divided(A, delta):
        delta /= len(A)
        return A.T @ delta, delta.sum(axis=0)

    before = EXERCISES["double"].cases[0][0].copy()
    result = check("double", doubled)
    assert result.stage == "changed input"
    assert "changes its input A in place" in result.message
    assert "The values are right" in result.message
    assert np.array_equal(EXERCISES["double"].cases[0][0], before)
    assert "input delta in place" in check("gradient", divided).message


def test_returned_arrays_are_not_confused_by_a_reused_buffer(monkeypatch):
    cases = [(np.zeros(3),), (np.ones(3),)]
    monkeypatch.setitem(EXERCISES, "again", Exercise(lambda A: 2 * A, cases))
    buffer = np.empty(3)
    assert check("again", lambda A: np.multiply(A, 2, out=buffer)).passed


# ------------------------------------------------------------------------ stages
def test_what_came_is_told_at_once_and_hints_in_stages():
    said = [check("relu", lambda Z: np.where(Z > 0, Z, 0) + Z**2 / 7) for _ in range(3)]
    for words, first in [
        ("The shape is right", 0),
        ("sign", 0),
        ("For example", 0),
        ("What happens below 0?", 0),
        ("Compare Z with 0", 1),
    ]:
        assert [words in r.message for r in said] == [try_ >= first for try_ in range(3)], words


@pytest.mark.parametrize("name", ["relu", "gradient"])
def test_an_error_is_a_try_and_hints_come_in_stages(name):
    said = [check(name, lambda *a: np.ones(2) @ np.ones(3)) for _ in range(3)]
    assert [r.stage for r in said] == ["error"] * 3
    hints = len(EXERCISES[name].hints)
    assert [r.message.count("Hint:") for r in said] == [min(i, hints) for i in (0, 1, 2)]
    assert all(r.message.count("\n") <= 5 for r in said)


@pytest.mark.parametrize(
    ("name", "answer", "mistake"),
    [
        ("relu", lambda Z: Z * 1.0, "the mask is missing"),
        ("gradient", lambda A, d: (A.T @ d / len(A), d.sum(axis=0)), "db is not averaged"),
        ("answer", 0.19661193, "you took the derivative at 1"),
        ("softmax", lambda Z: np.exp(Z) / np.exp(Z).sum(axis=1, keepdims=True),
         "no shift by the maximum"),
        ("word", "YES", "one line cannot"),
        *(("guilty", said, "line 2 is right") for said in ["2", " Line 2.", 2]),
    ],
)  # fmt: skip
def test_a_listed_mistake_is_named_at_once(name, answer, mistake):
    said = [check(name, answer) for _ in range(2)]
    assert [(r.stage, r.mistakes) for r in said] == [("mistake", (mistake,))] * 2
    assert mistake in said[0].message
    assert "Hint" not in said[0].message


def test_a_listed_mistake_is_found_in_the_outputs_that_are_wrong():
    step = bank.exercise("xor_loop.one_step").reference

    def second_alone(X, Y, W1, W2, lr):
        return step(X, Y, W1, W2, lr)[0], step(X, Y, W1, W2, 1)[1]

    def second_twice(X, A1, delta1, delta2):
        return A1.T @ delta2, A1.T @ delta2

    named = check("xor_loop.one_step", second_alone).mistakes
    assert named == ("W2: the learning rate is missing",)
    assert "wrong order" not in check("xor_loop.gradients", second_twice).message


def test_a_mistake_must_also_agree_where_it_does_not_stop(monkeypatch):
    def wrong(A):
        return A @ A + 1 if len(A) == 3 else A @ np.ones(2)

    square = EXERCISES["square"]
    exercise = Exercise(square.reference, square.cases, mistakes={wrong: "one too many"})
    monkeypatch.setitem(EXERCISES, "again", exercise)
    assert check("again", wrong, times=2).mistakes == ("one too many",)
    checks.reset()
    other = check("again", lambda A: A @ A if len(A) == 3 else A @ np.ones(2), times=2)
    assert (other.stage, other.mistakes) == ("error", ())


def test_a_remark_is_made_where_the_first_wrong_case_has_one(monkeypatch):
    double = Exercise(lambda A: 2 * A, [(np.ones(n),) for n in (3, 4, 5)], remarks={1: "not 4"})
    monkeypatch.setitem(EXERCISES, "again", double)
    for wrong, said in [(4, ("not 4",)), (3, ()), (5, ())]:
        for instead in (lambda A: A[:, 0], lambda A: A[1:], lambda A: 3 * A[::-1] + A[0] / 7):
            result = check("again", lambda A: instead(A) if len(A) == wrong else 2 * A)  # noqa: B023
            assert result.mistakes == said


@pytest.mark.parametrize(
    ("name", "answer", "words"),
    [
        ("double", lambda A: -2 * A, "sign is flipped"),
        ("answer", -0.25, "sign is flipped"),
        ("gradient", lambda A, d: (A.T @ d, d.sum(axis=0)), "4 times too large: is 1/n missing?"),
        ("gradient", lambda A, d: (A.T @ d / len(A) ** 2, d.mean(axis=0) / len(A)),
         "4 times too small: is it divided by n once too often?"),
        ("gradient", lambda A, d: (A.T @ d, d.mean(axis=0)),
         "dW: with n = 4 examples your values are 4 times too large"),
        ("gradient", lambda A, d: (A.T @ d / len(A), -d.mean(axis=0)), "db: the sign is flipped"),
        ("double", lambda A: -6 * A, "3 times too large and have the wrong sign"),
        ("answer", 1.0, "4 times too large"),
        ("square", lambda A: (A @ A).T, "transposed"),
        ("double", lambda A: 2 * A - 1, "too small by 1"),
        ("double", lambda A: np.round(2 * A, 3), "your values are rounded"),
        ("relu", lambda Z: np.where(Z > 0, Z, 0).astype(int), "array of whole numbers cuts off"),
        ("pair", (np.ones(3), np.arange(3.0)), "dW and db are in the wrong order"),
        ("sizes", lambda A: np.array([A.max(), A.min()]), "value 1 and value 2 are in the wrong"),
    ],
)  # fmt: skip
def test_general_mistakes_are_recognised(name, answer, words):
    assert words in check(name, answer, times=2).message


@pytest.mark.parametrize(
    ("answer", "late"),
    [(8, "8 is too few"), (13, "too few"), (7, "7 is too few"), (-14, "few"), (20, "too many")],
)
def test_a_wrong_count_is_told_more_or_fewer_and_only_late(answer, late):
    said = [check("xor_loop.learnable", answer).message for _ in range(4)]
    for message in said:
        for word in ("sign", "size", "times too"):
            assert word not in message
        assert "14" not in message.replace("-14", "")
    assert [late in message for message in said] == [False, False, True, True]
    assert [message.count("Hint:") for message in said] == [1, 2, 2, 2]


def test_a_number_is_neither_given_away_nor_called_a_factor():
    said = check("answer", 0.3123, times=4).message
    assert "0.3123 is too large." in said
    assert "0.25" not in said
    assert "times too" not in said
    assert "wrong sign" in check("answer", -0.3123).message
    checks.reset()
    assert ["times too" in check("answer", 1.0).message for _ in range(2)] == [False, True]
    zero = check("double", lambda A: 0 * A, times=4)
    assert zero.stage == "value"
    assert "times too" not in zero.message
    assert "rounded" not in zero.message
    assert "times too" not in check("double", lambda A: A * 2.0001).message


def test_the_example_shows_the_first_wrong_value():
    wrong = TABLE - 0.5 * (np.arange(4) == 2)[:, None]
    assert "element [2, 0] is 0.5; expected: 1" in check("table", wrong, times=3).message


# ------------------------------------------------------------------------ never raises
class Hostile:
    """Everything one can ask of it fails."""

    def __getattribute__(self, name):
        raise RuntimeError("leave me alone")

    def __repr__(self):
        raise RuntimeError("no name")

    def __eq__(self, other):
        raise RuntimeError("incomparable")

    __hash__ = None


def endless(*arguments):
    return endless(*arguments)


ODD = [
    Hostile(), Hostile, raises(Unprintable()), endless, np.exp, print, dict, len, object(), {},
    set(), b"", "", [], (), (1,), [[1], [2, 3]], np.array([]), np.array(["a"]),
    np.array([None, 1]), np.zeros((0, 3)), np.zeros((2, 3, 4)), np.nan, 10**400, -0.0, True, 1j,
    np.ma.masked_array([1, 2], [True, False]), range(3), (i for i in range(3)), float("inf"),
    np.datetime64("now"), np.void(b"a"), np.array(3, dtype=object), lambda *a: Hostile(),
    lambda *a: a, lambda *a: 10**400, lambda *a: np.zeros((0, 0)), lambda *a: [[1], [2, 3]],
    lambda *a: {},
]  # fmt: skip


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    "name",
    list(EXERCISES)
    + [f"{lesson}.{n}" for lesson in bank.lessons() for n in bank.exercises(lesson)],
)
def test_never_raises_and_never_passes_nonsense(name):
    for answer in ODD:
        for _ in range(2):  # the tries of all add up, and from the fourth on all is said
            result = check(name, answer)
            assert not result.passed
            assert result.message
            assert unreadable(result.html) == []


values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.tuples(inner, inner),
    max_leaves=6,
)


@given(values)
def test_never_raises_on_random_values(value):
    for name in EXERCISES:
        check(name, value)
        check(name, lambda *a: value)


# ------------------------------------------------------------------------ names, report, looks
def test_unknown_names_list_those_that_exist():
    with pytest.raises(ValueError, match=r"did you mean 'start_here\.weighted_sum'"):
        checks.check("start_here.weighted_sums", 1)
    for call in (lambda name: checks.check(name, 1), questions.ask, questions.reveal):
        with pytest.raises(ValueError, match=r"existing names: .*start_here"):
            call("nowhere.weighted_sum")
        for bad in ("weighted_sum", "", None, 3, "start_here.", ".x"):
            with pytest.raises(ValueError, match=r"lesson\.name"):
                call(bad)


@pytest.mark.parametrize(
    ("words", "reference", "more"),
    [
        ("cases", len, {}),
        ("cases", 3.0, {"cases": [(1,)]}),
        ("tuple", len, {"cases": [np.ones(3)]}),
        ("hints", 3.0, {"hints": "one text"}),
    ],
)
def test_a_badly_written_exercise_is_refused(words, reference, more):
    with pytest.raises(ValueError, match=words):
        Exercise(reference, **more)


def test_report_tells_what_is_done():
    assert "No exercise" in checks.report().text
    check("answer", 0.25)
    check("relu", ...)
    report = checks.report()
    assert report.done == ["test.answer"]
    assert "test.relu" in report.missing
    assert f"1 of {len(EXERCISES)} exercises done" in repr(report)
    assert "✓ done: test.answer" in repr(report)
    assert unreadable(report.html) == []
    check("answer", 0.5)
    assert checks.report().done == [], "the latest answer counts"


def test_boxes_read_well_in_light_and_dark_and_without_colour():
    for background, heading, _ in boxes.STYLES.values():
        assert contrast(heading, background) >= 4.5
        assert contrast(boxes.INK, background) >= 4.5
    said = [check("relu", f, times=4) for f in (lambda Z: Z * 1.0, lambda Z: Z @ Z, lambda Z: 1)]
    said += [check("relu", EXERCISES["relu"].reference), check("relu", ...)]
    assert [result.message[0] for result in said] == ["△", "△", "△", "✓", "○"]
    for result in said:
        assert unreadable(result.html) == []
        assert "<code>" not in result.html, "a theme would colour it"
    # the check of the check: a bare code element and a grey on grey are found
    assert unreadable('<div style="color:#222222;background:#FFFFFF"><code>x</code></div>') == []
    assert unreadable('<div style="color:#777777;background:#999999">x</div>')
    assert unreadable('<div style="color:#222222">x</div>')


def test_learners_text_is_escaped():
    result = check("relu", raises(ValueError("<script>alert(1)</script>")))
    assert "<script>" not in result.html
    assert "<script>" in result.message


@pytest.mark.parametrize(("encoding", "tick"), [("ascii", "?"), ("cp1252", "?"), ("utf-8", "✓")])
def test_check_prints_on_any_console(monkeypatch, encoding, tick):
    console = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    monkeypatch.setattr("sys.stdout", console)
    check("answer", 0.25)
    console.flush()
    printed = console.buffer.getvalue().decode(encoding).splitlines()
    assert printed == [f"{tick} Right: answer", "  Your answer agrees. Well done."]


# ------------------------------------------------------------------------ in a real kernel
def test_shown_once_in_a_notebook(tmp_path):
    name = "start_here.weighted_sum"
    sources = [
        "from nbhelpers.teaching import checks\n\n\ndef f(x, w):\n    return x @ w / nothing",
        f'checks.check("{name}", f)',
        f'result = checks.check("{name}", f)\nresult',
        f'first = checks.check("{name}", f)\nchecks.check("{name}", ...)\nNone',
        "result",
        f'checks.check("{name}", lambda x, w: x @ w).passed',
        "checks.report()",
        "%pwd\nn = 'Größe'; g = lambda X, w: 1 * X.T * 2 @ w.T",
        'checks.check("xor_loop.neuron", g);',
    ]
    cells = [nbformat.v4.new_code_cell(source) for source in sources]
    notebook = execute(nbformat.v4.new_notebook(cells=cells), tmp_path, timeout=60)
    outputs = [cell.outputs for cell in notebook.cells]
    assert [len(o) for o in outputs] == [0, 1, 1, 2, 1, 2, 1, 0, 1]
    for output in outputs[1] + outputs[4]:
        assert "text/html" in output.data
        text = plain_text(output)
        assert text.startswith("△ Not yet: weighted_sum")
        assert "NameError" in text
        assert "line 5 of its cell: return x @ w / nothing" in text
    assert plain_text(outputs[6][0]).startswith("1 of ")
    text = plain_text(outputs[8][0])
    assert "@ can't multiply (2, 4) by (1, 2): the inner numbers, 4 and 1, must be equal." in text
    assert "go from left to right: 1 * X.T * 2 comes first." in text
    assert "line 2 of its cell: n = 'Größe'; g = " in text
