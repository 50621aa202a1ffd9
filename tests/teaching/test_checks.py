"""Exercise checks: what is accepted, what is said about each typical mistake, and never a crash."""

import io

import nbformat
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from notebook_tools import contrast, plain_text, unreadable

from nbhelpers import boxes
from nbhelpers.publishing.execute import execute
from nbhelpers.teaching import bank, checks
from nbhelpers.teaching.exercise import Exercise

rng = np.random.default_rng(7)
T = (rng.random((4, 1)) > 0.5).astype(float)
MATRICES = [(rng.normal(size=(4, 3)), rng.normal(size=(4, 2))), (np.ones((1, 1)), np.ones((1, 1)))]


def gradient(A, delta):
    """dW and db of a layer, averaged over the examples."""
    return A.T @ delta / len(A), delta.mean(axis=0)


def unmasked(Z):
    return np.ones_like(Z)


EXERCISES = {
    "double": Exercise(lambda A: 2 * A, [(rng.normal(size=(4, 3)),), (np.ones((1, 1)),)]),
    "relu": Exercise(
        lambda Z: np.where(Z > 0, Z, 0),
        [(rng.normal(size=(5, 4)),), (np.zeros((1, 1)),)],
        mistakes={"the mask is missing": lambda Z: Z, "it is the derivative": lambda Z: Z > 0},
        hints=("What happens below 0?", "Compare <code>Z</code> with 0."),
    ),
    "gradient": Exercise(
        gradient,
        MATRICES,
        mistakes={"db is not averaged": lambda A, d: (A.T @ d / len(A), d.sum(axis=0))},
        outputs=("dW", "db"),
    ),
    "square": Exercise(lambda A: A @ A, [(rng.normal(size=(3, 3)),), (np.ones((1, 1)),)]),
    "softmax": Exercise(
        lambda Z: (E := np.exp(Z - Z.max(axis=1, keepdims=True))) / E.sum(axis=1, keepdims=True),
        [(rng.normal(size=(3, 4)),), (np.array([[1000.0, 0.0]]),)],
        mistakes={"no shift by the maximum": lambda Z: np.exp(Z) / np.exp(Z).sum(1, keepdims=True)},
    ),
    "answer": Exercise(0.25, mistakes={"you took the derivative at 1": 0.19661193}),
    "table": Exercise(np.array([[0.0], [1.0], [1.0], [0.0]])),
    "two": Exercise((np.arange(3.0), np.ones((2, 2)))),
    "word": Exercise("no", mistakes={"one line cannot": "yes"}),
    "guilty": Exercise("line 5", mistakes={"line 2 is right": "line 2"}),
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


@pytest.fixture(autouse=True)
def own_bank(monkeypatch):
    """A small bank beside the real one, and no tries from the test before."""
    real = bank.exercises
    monkeypatch.setattr(bank, "exercises", lambda n: EXERCISES if n == "test" else real(n))
    checks.reset()
    yield
    checks.reset()


def check(name, answer, times=1):
    """The result of the last of some tries."""
    for _ in range(times):
        result = checks.check(f"test.{name}", answer)
    return result


def exercise_names():
    return [f"{lesson}.{name}" for lesson in bank.lessons() for name in bank.exercises(lesson)]


# ------------------------------------------------------------------------ the real bank
@pytest.mark.parametrize("name", exercise_names())
def test_bank_accepts_its_own_reference(name):
    assert checks.check(name, bank.exercise(name).reference).passed


@pytest.mark.parametrize("name", exercise_names())
def test_bank_names_each_of_its_mistakes_at_the_second_try(name):
    exercise = bank.exercise(name)
    for mistake, wrong in exercise.mistakes.items():
        checks.reset()
        assert not checks.check(name, wrong).passed, mistake
        second = checks.check(name, wrong)
        assert second.stage in ("mistake", "changed input"), (mistake, second)
        if second.stage == "mistake":
            assert second.mistakes == (mistake,), "two mistakes give the same values"


@pytest.mark.parametrize("name", exercise_names())
def test_bank_is_calm_about_an_unsolved_exercise(name):
    exercise = bank.exercise(name)
    unsolved = (lambda *a: ...) if callable(exercise.reference) else ...
    assert checks.check(name, unsolved).stage == "unsolved"
    assert exercise.hints


@pytest.mark.parametrize("name", exercise_names())
def test_bank_tests_functions_on_more_than_one_shape(name):
    exercise = bank.exercise(name)
    if callable(exercise.reference):
        assert len({tuple(np.shape(a) for a in case) for case in exercise.cases}) > 1


# ------------------------------------------------------------------------ right answers
def test_right_answers_of_every_kind_pass():
    assert check("double", lambda A: A + A).passed
    assert check("answer", 1 / 4).passed
    assert check("answer", np.float32(0.25)).passed
    assert check("answer", np.array(0.25)).passed
    assert check("table", np.array([[0], [1], [1], [0]])).passed
    assert check("two", [np.arange(3), np.ones((2, 2))]).passed
    assert check("gradient", lambda A, d: (A.T @ d / len(d), d.sum(0) / len(d))).passed
    assert check("word", " No ").passed


def test_float32_and_rounding_pass_but_a_small_error_does_not():
    assert check("double", lambda A: (A.astype(np.float32) * 2).astype(np.float32)).passed
    assert check("double", lambda A: A / 3 * 6).passed
    assert not check("double", lambda A: A * 2.0001).passed


def test_in_place_exercise_is_judged_by_what_it_changed():
    def step(p, g):
        p -= 0.1 * g

    def rebound(p, g):
        p = p - 0.1 * g

    assert check("step", step).passed
    assert check("step", rebound).stage == "unsolved"
    assert check("step", lambda p, g: p.__iadd__(g)).stage in ("shape", "sign")


# ------------------------------------------------------------------------ not solved yet
@pytest.mark.parametrize("nothing", [..., None, NotImplemented])
def test_unsolved_is_neutral_and_is_no_try(nothing):
    for name in EXERCISES:
        assert check(name, nothing).stage == "unsolved"
    for _ in range(3):
        assert check("relu", lambda Z: nothing).stage == "unsolved"
    assert check("gradient", lambda A, d: (A.T @ d, nothing)).stage == "unsolved"
    assert check("relu", lambda Z: Z).stage == "shape", "the first real try gets the first hint"


def test_unfinished_expressions_are_unsolved():
    def raises(Z):
        raise NotImplementedError

    assert check("relu", lambda Z: Z * ...).stage == "unsolved"
    assert check("relu", lambda Z: np.array([..., 1])).stage == "unsolved"
    assert check("relu", raises).stage == "unsolved"
    assert check("relu", lambda Z: np.exp(...)).stage == "unsolved"
    assert check("relu", lambda Z: Z[np.floor(Z)]).stage == "error"  # NumPy's text has "ellipsis"
    assert "return" in check("relu", lambda Z: None).message


# ------------------------------------------------------------------------ facts told at once
def test_error_shows_the_last_line_and_the_line_in_the_function():
    def relu(Z):
        mask = Z > 0
        return mask * undefined  # noqa: F821

    result = check("relu", relu)
    assert result.stage == "error"
    assert "NameError: name 'undefined' is not defined" in result.message
    assert "return mask * undefined" in result.message
    assert "checks.py" not in result.message


def test_error_inside_numpy_points_at_the_learners_line():
    result = check("gradient", lambda A, d: (A @ d, d.mean(axis=0)))
    assert result.stage == "error"
    assert "@ can't multiply (4, 3) by (4, 2)" in result.message
    assert "A @ d" in result.message


def squash(Z):
    return 1 / (1 + np.exp(-Z))


def in_two_lines(X, w):
    return squash(w.T
                  @ X)  # fmt: skip


@pytest.mark.parametrize(
    ("name", "answer", "words"),
    [
        (
            "neuron",
            lambda X, w: squash(w @ X),
            "@ can't multiply (2, 1) by (4, 2): the inner numbers, 1 and 4, must be equal.",
        ),
        ("neuron", lambda X, w: np.matmul(w, X), "@ can't multiply (2, 1) by (4, 2)"),
        ("neuron", lambda X, w: w.dot(X), "can't multiply (2, 1) by (4, 2): the inner numbers, 1"),
        ("neuron", lambda X, w: squash(X) @ squash(w.T), "@ can't multiply (4, 2) by (1, 2)"),
        ("neuron", lambda X, w: X @ w.ravel() @ X.T, "(4,) by (2, 4): the inner numbers, 4 and 2"),
        ("neuron", lambda X, w: X @ 3, "@ multiplies arrays; for a single number it is *"),
        (
            "neuron",
            lambda X, w: X * w,
            "* needs equal shapes (a 1 fits any number): in (4, 2) and (2, 1), 4 meets 2.",
        ),
        ("neuron", lambda X, w: X - X.T, "- needs equal shapes"),
        ("neuron", lambda X, w: X + X[:, 0], "(4, 2) and (4,), counted from the end, 2 meets 4."),
        ("neuron", lambda X, w: np.where(X > 0, w, 0), "Going number by number needs equal shapes"),
        ("hidden_delta", lambda d, W2, A1: d @ W2 * A1, "@ can't multiply (4, 1) by (3, 1)"),
    ],
)
def test_shape_errors_are_told_in_words(name, answer, words):
    result = checks.check(f"xor_loop.{name}", answer)
    assert result.stage == "error"
    assert words in result.message
    assert "gufunc" not in result.message
    assert "broadcast" not in result.message
    assert unreadable(result.html) == []


def test_in_place_growth_is_told_with_its_operator():
    def grows(A):
        A += np.ones((2, *A.shape))
        return A

    message = check("double", grows).message
    assert "+= gives shape (2, 4, 3), which has no room in an array of shape (4, 3)." in message


def test_an_expression_over_two_lines_is_shown_whole():
    assert "w.T @ X" in checks.check("xor_loop.neuron", in_two_lines).message


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
    message = checks.check("xor_loop.hidden_delta", answer).message
    assert "can't multiply" in message or "needs equal shapes" in message
    assert ("equal rank" in message) == bool(first)
    assert first in message


def test_operands_are_found_again_without_side_effects(capsys):
    def noisy(Z):
        Z *= 2
        print("noisy")
        return Z

    Z = np.ones((4, 1))
    message = check("square", lambda A: noisy(Z) @ A).message
    assert "@ can't multiply (4, 1) by (3, 3)" in message
    assert capsys.readouterr().out.count("noisy\n") == 1
    assert np.array_equal(Z, np.full((4, 1), 2.0)), "changed once, by the call itself"
    rng = np.random.default_rng(0)
    message = check("square", lambda A: rng.normal(size=(2, 2)) @ A).message
    assert "@ can't multiply these two arrays: the inner numbers, 2 and 3" in message
    assert rng.normal() == np.random.default_rng(0).normal(size=5)[4], "no number is drawn twice"


@pytest.mark.parametrize("name", ["relu", "gradient"])
def test_an_error_is_a_try_and_hints_come_in_stages(name):
    said = [check(name, lambda *a: np.ones(2) @ np.ones(3)) for _ in range(3)]
    assert [r.stage for r in said] == ["error"] * 3
    for number, result in enumerate(said, 1):
        hints = EXERCISES[name].hints
        assert result.message.count("Hint:") == min(number, len(hints))
    assert all(r.message.count("\n") <= 5 for r in said)


@pytest.mark.parametrize(
    ("name", "answer", "words"),
    [
        ("neuron", lambda X, w: squash(X * w), "X * w goes number by number"),
        ("neuron", lambda X, w: squash(w @ X), "w @ X is the wrong way round"),
        ("hidden_delta", lambda d, W2, A1: (d @ W2) * (A1 * (1 - A1)), "lie on its side"),
        ("hidden_delta", lambda d, W2, A1: A1 * (1 - A1) * d @ W2.T, "put brackets around"),
    ],
)
def test_mistakes_that_stop_with_an_error_are_named_at_the_second_try(name, answer, words):
    first, second = (checks.check(f"xor_loop.{name}", answer) for _ in range(2))
    assert (first.stage, first.mistakes) == ("error", ())
    assert "known mistake" not in first.message
    assert second.stage == "mistake"
    assert len(second.mistakes) == 1
    assert words in second.message
    assert second.message.count("\n") <= 5


def test_another_error_of_the_same_type_is_not_given_that_name():
    others = [
        ("neuron", lambda X, w: X @ w.T),
        ("neuron", lambda X, w: np.ones((2, 1)) @ X),  # the shapes of w @ X, other numbers
        ("neuron", lambda X, w: X * (w + 1)),
        ("hidden_delta", lambda d, W2, A1: A1 @ W2.T * d),  # the shapes of the precedence slip
    ]
    for name, answer in others:
        checks.reset()
        said = [checks.check(f"xor_loop.{name}", answer) for _ in range(3)]
        assert [(r.stage, r.mistakes) for r in said] == [("error", ())] * 3


def test_a_mistake_must_also_agree_where_it_does_not_stop(monkeypatch):
    def wrong(A):
        return A @ A + 1 if len(A) == 3 else A @ np.ones(2)

    square = EXERCISES["square"]
    exercise = Exercise(square.reference, square.cases, mistakes={"one too many": wrong})
    monkeypatch.setitem(EXERCISES, "again", exercise)
    assert check("again", wrong, times=2).mistakes == ("one too many",)
    checks.reset()
    other = check("again", lambda A: A @ A if len(A) == 3 else A @ np.ones(2), times=2)
    assert (other.stage, other.mistakes) == ("error", ())


def test_every_exception_comes_with_the_shapes_of_its_input():
    def two_columns(X, w):
        return np.array([[squash(w[0, 0] * x1 + w[1, 0] * x2)] for x1, x2 in X])

    message = checks.check("xor_loop.neuron", two_columns).message
    assert "too many values to unpack" in message
    called = "check called your function with X of shape (6, 3) and w of shape (3, 1)."
    assert f"The first input went well; the {called}" in message
    message = checks.check("xor_loop.one_step", lambda X, Y, W1, W2, lr: nothing).message  # noqa: F821
    assert "W2 of shape (3, 1) and lr = 0.5." in message
    assert "called your function with A of shape (4, 3)." in check("double", unprintable).message


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("table", np.array([[True], [False], [True], [False]])),
        ("relu", lambda Z: Z < 0),
        ("relu", lambda Z: (Z > 0).ravel()),
        ("answer", True),
        ("answer", np.bool_(False)),
        ("gradient", lambda A, d: (A.T @ d / len(A), d.mean(axis=0) > 0)),
    ],
)
def test_true_and_false_where_numbers_are_asked_for(name, answer):
    for _ in range(4):
        result = check(name, answer)
        assert "You give True or False where numbers are asked for" in result.message
        assert "ufunc" not in result.message
        assert "compared" not in result.message


def test_true_and_false_count_as_numbers_where_they_are_right(monkeypatch):
    assert check("table", EXERCISES["table"].reference > 0).passed
    monkeypatch.setitem(EXERCISES, "mask", Exercise(np.array([True, False, True])))
    assert check("mask", np.array([1, 0, 1])).passed
    assert "True or False" not in check("mask", np.array([True, True, True]), times=4).message


def test_wrong_number_of_arguments_shows_the_call():
    result = check("gradient", lambda A: A)
    assert result.stage == "error"
    assert "f(A, delta)" in result.message


def test_exit_inside_the_answer_does_not_end_the_kernel():
    def leaves(Z):
        raise SystemExit("bye")

    assert "SystemExit" in check("relu", leaves).message


def test_interrupt_reaches_the_kernel():
    def stopped(Z):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        check("relu", stopped)


@pytest.mark.parametrize(
    ("name", "answer", "words"),
    [
        ("relu", 3.0, "without parentheses"),
        ("relu", lambda Z: "text", "a text"),
        ("relu", lambda Z: Z.tolist(), "np.array"),
        ("relu", lambda Z: Z + 1j, "complex"),
        ("relu", lambda Z: lambda: Z, "a function"),
        ("answer", lambda: 0.25, "you pass a function"),
        ("answer", "0.25", "a text"),
        ("two", np.arange(3.0), "2 values"),
        ("gradient", lambda A, d: A.T @ d, "dW, db"),
        ("gradient", lambda A, d: (A, d, d), "3 values"),
        ("word", 3, "text in quotes"),
    ],
)
def test_wrong_type_is_told_at_once(name, answer, words):
    result = check(name, answer)
    assert (result.stage, result.passed) == ("type", False)
    assert words in result.message


@pytest.mark.parametrize("answer", ["line 5", "5", "line5", " Line 5. ", "line  5", 5])
def test_a_line_may_be_spelled_in_any_way(answer):
    assert check("guilty", answer).passed
    checks.reset()
    assert check("guilty", str(answer).replace("5", "2"), times=2).mistakes == ("line 2 is right",)


def test_the_right_numbers_may_come_in_an_array():
    assert check("sizes", lambda A: np.array([A.min(), A.max()])).passed
    swapped = check("sizes", lambda A: np.array([A.max(), A.min()]), times=2)
    assert "value 1 and value 2 are in the wrong order" in swapped.message
    checks.reset()
    wrong = check("sizes", lambda A: (A.min(), A.max() + 1))
    assert "2 of 4 numbers are not right yet. Look at value 2" in wrong.message
    few = check("sizes", lambda A: [A.min()])
    assert "2 values are asked for with A = [1., 1.]; yours is 1 value." in few.message


def test_what_is_right_does_not_count_for_the_nearest_mistake():
    def with_help(P, y, threshold):
        sure = P.max(axis=1) >= threshold
        return np.mean(threshold > P), (P.argmax(axis=1) == y)[sure].mean()

    for _ in range(4):
        result = checks.check("mnist.with_help", with_help)
    assert "Look at share." in result.message
    assert "nearest" not in result.message
    # dW is right, and two of three numbers of db are those of a listed mistake
    result = check(
        "gradient", lambda A, d: (A.T @ d / len(A), d.sum(axis=0) + 7 * (len(A) == 1)), times=4
    )
    assert "nearest typical mistake: db is not averaged" in result.message


def test_arrays_that_are_shared_are_named_as_such():
    def hand_over(W, b, model, X):
        model.coefs_, model.intercepts_ = W.copy(), b.copy()
        return model.predict_proba(X)

    checks.check("libraries.hand_over", hand_over)
    (mistake,) = checks.check("libraries.hand_over", hand_over).mistakes
    assert "W.copy() copies only the list" in mistake


def test_a_way_without_return_is_told_and_helped():
    def first(x):
        for i, a in enumerate(x):
            if a > 1:
                return i

    result = check("first", first)
    assert result.stage == "type"
    assert "returns None for x = [0.5], and a value for other inputs" in result.message
    assert "Hint" not in result.message
    assert "Go through them" in check("first", first).message
    assert "What if none" in check("first", first).message
    checks.reset()
    assert check("first", lambda x: None, times=3).stage == "unsolved"
    answers = iter([None, 1, 0, 1])  # another one at each call
    assert not check("first", lambda x: next(answers)).passed


def test_wrong_shape_gives_both_shapes():
    result = check("table", np.zeros(4))
    assert result.stage == "shape"
    assert "(4,)" in result.message
    assert "(4, 1)" in result.message
    assert "rows and columns are swapped" in check("table", EXERCISES["table"].reference.T).message
    right = EXERCISES["table"].reference.ravel()
    assert "only their arrangement" in check("table", right).message
    assert "axis" in check("relu", lambda Z: Z.sum()).message


def test_changed_input_is_named_and_the_bank_survives():
    before = EXERCISES["double"].cases[0][0].copy()

    def double(A):
        A *= 2
        return A

    result = check("double", double)
    assert result.stage == "changed input"
    assert "changes its input A in place" in result.message
    assert "The values are right" in result.message
    assert np.array_equal(EXERCISES["double"].cases[0][0], before)
    assert check("double", lambda A: 2 * A).passed


def test_second_changed_argument_is_named_alone():
    def wrong(A, delta):
        delta /= len(A)
        return A.T @ delta, delta.sum(axis=0)

    message = check("gradient", wrong).message
    assert "input delta in place" in message


def test_returned_arrays_are_not_confused_by_a_reused_buffer(monkeypatch):
    cases = [(np.zeros(3),), (np.ones(3),)]
    monkeypatch.setitem(EXERCISES, "again", Exercise(lambda A: 2 * A, cases))
    buffer = np.empty(3)
    assert check("again", lambda A: np.multiply(A, 2, out=buffer)).passed


def test_nan_is_told_with_its_input_and_its_cause():
    result = check("softmax", lambda Z: np.exp(Z) / np.exp(Z).sum(axis=1, keepdims=True))
    assert result.stage == "nan"
    assert "1 of 2 values are NaN" in result.message
    assert "1000" in result.message
    again = check("softmax", lambda Z: np.exp(Z) / np.exp(Z).sum(axis=1, keepdims=True))
    assert again.mistakes == ("no shift by the maximum",)
    assert "infinite" in check("answer", np.inf).message


# ------------------------------------------------------------------------ stages
def test_hints_come_in_stages():
    def odd(Z):
        return np.where(Z > 0, Z, 0) + Z**2 / 7

    said = [check("relu", odd) for _ in range(4)]
    assert [r.stage for r in said] == ["shape", "sign", "value", "mistake"]
    assert "The shape is right" in said[0].message
    assert "sign" not in said[0].message
    assert "What happens below 0?" in said[0].message
    assert "Compare Z with 0" not in said[0].message
    assert "sign" in said[1].message
    assert "Compare Z with 0" in said[1].message
    assert "expected" not in said[1].message
    assert "For example" in said[2].message
    assert "expected" in said[2].message


def test_the_example_shows_the_first_wrong_value():
    wrong = EXERCISES["table"].reference.copy()
    wrong[2, 0] = 0.5
    message = check("table", wrong, times=3).message
    assert "element [2, 0] is 0.5; expected: 1" in message


def test_a_listed_mistake_is_named_at_the_second_try():
    first, second = check("relu", lambda Z: Z * 1.0), check("relu", lambda Z: Z * 1.0)
    assert first.mistakes == ()
    assert second.stage == "mistake"
    assert second.mistakes == ("the mask is missing",)
    assert "the mask is missing" in second.message
    assert check("answer", 0.19661193, times=2).mistakes == ("you took the derivative at 1",)
    assert check("word", "YES", times=2).mistakes == ("one line cannot",)


def test_the_nearest_mistake_is_named_at_the_fourth_try():
    def almost(Z):
        out = Z.copy()
        out[0, 0] = 9
        return out

    assert check("relu", almost, times=3).mistakes == ()
    assert check("relu", almost).mistakes == ("the mask is missing",)


@pytest.mark.parametrize(
    ("name", "answer", "words"),
    [
        ("double", lambda A: -2 * A, "sign is flipped"),
        ("answer", -0.25, "sign is flipped"),
        ("gradient", lambda A, d: (A.T @ d, d.sum(axis=0)), "4 times too large: is 1/n missing?"),
        (
            "gradient",
            lambda A, d: (A.T @ d / len(A) ** 2, d.mean(axis=0) / len(A)),
            "4 times too small: is it divided by n once too often?",
        ),
        (
            "gradient",
            lambda A, d: (A.T @ d, d.mean(axis=0)),
            "dW: with n = 4 examples your values are 4 times too large",
        ),
        ("gradient", lambda A, d: (A.T @ d / len(A), -d.mean(axis=0)), "db: the sign is flipped"),
        ("double", lambda A: 5 * A, "2.5 times too large"),
        ("double", lambda A: A, "2 times too small"),
        ("double", lambda A: -6 * A, "3 times too large and have the wrong sign"),
        ("answer", 1.0, "4 times too large"),
        ("square", lambda A: (A @ A).T, "transposed"),
        ("double", lambda A: 2 * A - 1, "too small by 1"),
        ("two", (np.ones((2, 2)), np.arange(3.0)), "shape"),
    ],
)
def test_general_mistakes_are_recognised(name, answer, words):
    assert words in check(name, answer, times=2).message


def test_swapped_outputs_of_one_shape_are_recognised(monkeypatch):
    pair = Exercise((np.arange(3.0), np.ones(3)), outputs=("dW", "db"))
    monkeypatch.setitem(EXERCISES, "pair", pair)
    message = check("pair", (np.ones(3), np.arange(3.0)), times=2).message
    assert "dW and db are in the wrong order" in message


def test_any_wrong_number_is_not_called_a_factor():
    assert "times too" not in check("answer", 0.3123, times=4).message


@pytest.mark.parametrize(
    ("answer", "late"),
    [(8, "8 is too few"), (13, "too few"), (7, "7 is too few"), (-14, "few"), (20, "too many")],
)
def test_a_wrong_count_is_told_more_or_fewer_and_only_late(answer, late):
    said = [checks.check("xor_loop.learnable", answer).message for _ in range(4)]
    for message in said:
        assert "sign" not in message
        assert "size" not in message
        assert "times too" not in message
        assert "14" not in message.replace("-14", "")
    assert [late in message for message in said] == [False, False, True, True]
    assert [message.count("Hint:") for message in said] == [1, 2, 2, 2]


def test_a_plain_number_is_not_given_away():
    said = check("answer", 0.3123, times=4).message
    assert "0.3123 is too large." in said
    assert "0.25" not in said
    assert "wrong sign" in check("answer", -0.3123).message


@pytest.mark.parametrize(
    ("name", "change", "words"),
    [
        ("one_step", lambda new, old, lr: (old - new) / lr, "you return the gradients"),
        ("one_step", lambda new, old, lr: old - new, "you return the updates, lr * dW"),
        ("one_step", lambda new, old, lr: new - old, "you return the updates, -lr * dW"),
    ],
)
def test_gradients_and_updates_are_not_the_new_weights(name, change, words):
    reference = bank.exercise(f"xor_loop.{name}").reference

    def answer(X, Y, W1, W2, lr):
        new = reference(X, Y, W1, W2, lr)
        return tuple(change(n, o, lr) for n, o in zip(new, (W1, W2), strict=True))

    said = [checks.check(f"xor_loop.{name}", answer) for _ in range(2)]
    assert said[0].mistakes == ()
    assert len(said[1].mistakes) == 1
    assert words in said[1].message


@pytest.mark.parametrize(
    "answer",
    [
        lambda d, W2, A1: d @ W2.T * A1 * 1 - A1,
        lambda d, W2, A1: A1 * 1 - A1 * (d @ W2.T),
        lambda d, W2, A1: (d @ W2.T) * (A1 * 1 - A1),
    ],
)
def test_missing_brackets_in_the_slope_are_named(answer):
    (mistake,) = [checks.check("xor_loop.hidden_delta", answer) for _ in range(2)][1].mistakes
    assert "A1 * 1 - A1" in mistake


def test_a_constant_zero_is_simply_wrong():
    assert check("double", lambda A: 0 * A, times=4).stage == "mistake"
    assert "times too" not in check("double", lambda A: 0 * A).message


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


class Unprintable(Exception):
    def __str__(self):
        raise RuntimeError("no words")


def unprintable(*arguments):
    raise Unprintable


def endless(*arguments):
    return endless(*arguments)


ODD = [
    Hostile(), Hostile, unprintable, endless, np.exp, print, dict, len, object(), {}, set(), b"",
    "", [], (), (1,), [[1], [2, 3]], np.array([]), np.array(["a"]), np.array([None, 1]),
    np.zeros((0, 3)), np.zeros((2, 3, 4)), np.ma.masked_array([1, 2], [True, False]), np.nan,
    10**400, -0.0, True, 1j, range(3), (i for i in range(3)), float("inf"), np.datetime64("now"),
    np.array(3, dtype=object), lambda *a: Hostile(), lambda *a: a,
    lambda *a: 10**400, lambda *a: np.zeros((0, 0)), lambda *a: [[1], [2, 3]], lambda *a: {},
]  # fmt: skip


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("name", [f"test.{n}" for n in EXERCISES] + exercise_names())
def test_never_raises_and_never_passes_nonsense(name):
    for answer in ODD:
        for _ in range(2):  # the tries of all add up, and from the fourth on all is said
            result = checks.check(name, answer)
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
        checks.check(f"test.{name}", value)
        checks.check(f"test.{name}", lambda *a: value)


# ------------------------------------------------------------------------ names, report, looks
def test_unknown_names_list_those_that_exist():
    with pytest.raises(ValueError, match=r"did you mean 'start_here\.weighted_sum'"):
        checks.check("start_here.weighted_sums", 1)
    with pytest.raises(ValueError, match=r"existing names: .*start_here"):
        checks.check("nowhere.weighted_sum", 1)
    for bad in ("weighted_sum", "", None, 3, "start_here.", ".x"):
        with pytest.raises(ValueError, match=r"lesson\.name"):
            checks.check(bad, 1)


def test_a_badly_written_exercise_is_refused():
    with pytest.raises(ValueError, match="cases"):
        Exercise(lambda A: A)
    with pytest.raises(ValueError, match="cases"):
        Exercise(3.0, cases=[(1,)])
    with pytest.raises(ValueError, match="tuple"):
        Exercise(lambda A: A, cases=[np.ones(3)])
    with pytest.raises(ValueError, match="hints"):
        Exercise(3.0, hints="one text")


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


def test_boxes_read_well_in_light_and_dark():
    for background, heading, _ in boxes.STYLES.values():
        assert contrast(heading, background) >= 4.5
        assert contrast(boxes.INK, background) >= 4.5
    said = [check("relu", f, times=4) for f in (lambda Z: Z * 1.0, lambda Z: Z @ Z, lambda Z: 1)]
    said += [check("relu", EXERCISES["relu"].reference), check("relu", ...)]
    for result in said:
        assert unreadable(result.html) == []
        assert "<code>" not in result.html, "a theme would colour it"
    # the check of the check: a bare code element and a grey on grey are found
    assert unreadable('<div style="color:#222222;background:#FFFFFF"><code>x</code></div>') == []
    assert unreadable('<div style="color:#777777;background:#999999">x</div>')
    assert unreadable('<div style="color:#222222">x</div>')


def test_verdicts_do_not_depend_on_colour():
    signs = [check("answer", a).message[0] for a in (0.25, 0.5, ...)]
    assert signs == ["✓", "△", "○"]


def test_learners_text_is_escaped():
    def bad(Z):
        raise ValueError("<script>alert(1)</script>")

    result = check("relu", bad)
    assert "<script>" not in result.html
    assert "<script>" in result.message


def test_check_prints_on_a_console_without_symbols(monkeypatch):
    console = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr("sys.stdout", console)
    check("answer", 0.25)
    console.flush()
    assert console.buffer.getvalue().decode("ascii").splitlines()[0] == "? Right: answer"


def test_check_prints_once_outside_jupyter(capsys):
    result = check("answer", 0.25)
    assert capsys.readouterr().out == repr(result) + "\n"


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
