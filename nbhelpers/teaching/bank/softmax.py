"""Exercises and questions of notebook 06, "Choose among classes with softmax"."""

import numpy as np

from nbhelpers.losses import softmax
from nbhelpers.teaching.exercise import Exercise, Question

_rng = np.random.default_rng(6)
_SQUARE = _rng.normal(0, 2, (3, 3))
_WIDE = np.array([[1005.0, 1001.0, 1001.0], [5.0, 1.0, 1.0]])
_SCORES = [_SQUARE, _rng.normal(0, 2, (5, 4)), np.array([[-1000.0, 500.0]]), _WIDE]
_SCORES.append(np.array([[-1001.0, -1005.0]]))

_ANSWERS = [  # probabilities and classes
    (softmax(_rng.normal(0, 2, (4, 4))), np.array([2, 0, 1, 2])),
    (softmax(_rng.normal(0, 2, (6, 3))), np.array([0, 1, 2, 2, 1, 0])),
    (np.array([[0.7, 0.2, 0.1]]), np.array([1])),
]


def _true(A, y):
    return A[np.arange(len(y)), y]


def _one_hot(A, y):
    return np.eye(A.shape[1])[y]


def _stable(Z):
    E = np.exp(Z - Z.max(axis=1, keepdims=True))
    return E / E.sum(axis=1, keepdims=True)


def _cross_entropy(A, y):
    return -np.mean(np.log(_true(A, y)))


def _delta(A, y):
    return (A - _one_hot(A, y)) / len(A)


def _from_scores(Z, y):
    h = Z.max(axis=1)
    log_sum = h + np.log(np.exp(Z - h[:, None]).sum(axis=1))
    return np.mean(log_sum - _true(Z, y))


EXERCISES = {
    "stable": Exercise(
        reference=_stable,
        cases=[(Z,) for Z in _SCORES],
        mistakes={
            " - Z.max(axis=1, keepdims=True) -> ": "the maximum isn't subtracted: exp of a large "
            "score is inf, and inf / inf is nan",
            "max(axis=1, keepdims=True) -> max()": "that is the maximum of the whole array; a row "
            "far below it becomes 0 / 0. Each row needs its own: Z.max(axis=1, keepdims=True)",
            ("max(axis=1 -> max(axis=0", "sum(axis=1 -> sum(axis=0"): "axis=0 goes down the "
            "columns: it mixes the examples. The classes of one example lie along axis=1",
            "max(axis=1 -> max(axis=0": "the maximum is that of each column; the classes of one "
            "example lie along axis=1",
            "sum(axis=1 -> sum(axis=0": "the sum goes down the columns (axis=0); the classes of "
            "one example lie along axis=1",
            "sum(axis=1, keepdims=True) -> sum()": "the sum is that of the whole array; each row "
            "must add up to 1: E.sum(axis=1, keepdims=True)",
            (
                "max(axis=1, keepdims=True) -> max(axis=1)",
                "sum(axis=1, keepdims=True) -> sum(axis=1)",
            ): "keepdims=True is missing: the maxima and the sums are rows (m,), which NumPy lays "
            "along the columns",
            "sum(axis=1, keepdims=True) -> sum(axis=1)": "keepdims=True is missing in the sum: a "
            "row (m,) is laid along the columns",
            "max(axis=1, keepdims=True) -> max(axis=1)": "keepdims=True is missing in the "
            "maximum: a row (m,) is laid along the columns",
            " / E.sum(axis=1, keepdims=True) -> ": "the division is missing: each row must add up "
            "to 1",
            "max -> min": "the smallest score is subtracted; then the largest can still overflow",
            "np.exp(Z -  -> 1 / np.exp(Z - ": "the difference is turned around: it is Z minus the "
            "maximum",
            "Z - Z -> Z / Z": "dividing by the maximum changes the differences; subtract it",
            "np.exp(Z - Z.max(axis=1, keepdims=True)) -> Z": "exp is missing",
            "- Z -> - np.abs(Z)": "that is the largest absolute value; subtract the largest "
            "score, also if it is negative",
            (
                "max(axis=1, keepdims=True) -> max()",
                "sum(axis=1, keepdims=True) -> sum()",
            ): "maximum and sum are those of the whole array; each row needs its own, with axis=1 "
            "and keepdims=True",
            "E.sum -> np.exp(Z).sum": "the sum below is that of exp(Z); it must be that of exp(Z "
            "- maximum), as above",
        },
        hints=(
            "Three steps: subtract each row's maximum, take <code>np.exp</code>, divide by each "
            "row's sum.",
            "<code>Z.max(axis=1, keepdims=True)</code> has the shape (m, 1), so it is subtracted "
            "from each row. The sum goes the same way.",
        ),
    ),
    "cross_entropy": Exercise(
        reference=_cross_entropy,
        cases=_ANSWERS,
        mistakes={
            "-np -> np": "the minus is missing",
            "mean -> sum": "that is the sum; asked is the mean over the examples",
            (lambda A, y: -np.mean(_one_hot(A, y) * np.log(A))): "you divide by m · k; the mean "
            "is over the m examples",
            "_true(A, y) -> A[:, y]": "A[:, y] is a whole table (m, m): from each row all the "
            "columns in y. A[np.arange(len(y)), y] takes one number a row",
            "np.mean(np.log(_true(A, y))) -> np.log(np.mean(_true(A, y)))": "the logarithm comes "
            "first, then the mean",
            "np.log -> ": "the logarithm is missing",
            "log -> log10": "that is the logarithm to base 10; np.log is the natural one",
            "log -> log2": "that is the logarithm to base 2; np.log is the natural one",
            (lambda A, y: -np.sum(np.log(A)) / len(A)): "all classes are counted; only the true "
            "one matters",
            "_true -> 1 - _true": "that is -log(1 - p): it punishes being right",
            (lambda A, y: 0.5 * np.sum((A - _one_hot(A, y)) ** 2) / len(A)): "that is the squared "
            "error",
        },
        hints=(
            "First <code>p</code>, the probability of the true class in each row: one number from "
            "each row of <code>A</code>.",
            "<code>A[np.arange(len(y)), y]</code> is <code>p</code>. Then log, mean, minus.",
        ),
    ),
    "delta": Exercise(
        reference=_delta,
        cases=_ANSWERS,
        mistakes={
            " / len(A) -> ": "the division by the number of examples is missing: the loss is a "
            "mean",
            "len(A) -> A.size": "you divide by m · k; the mean is over the m examples",
            "(A -  -> -(A - ": "it is answer minus target, A - Y; yours is Y - A",
            "_one_hot(A, y) -> y[:, None]": "y holds class numbers; the targets are their one-hot "
            "rows, np.eye(k)[y]",
            " / ->  * A * (1 - A) /": "the factor A * (1 - A) doesn't belong here: it has "
            "cancelled",
            "return (A - _one_hot(A, y)) -> A = A.copy()\n    A[:, y] -= 1\n    return A": "A[:, "
            "y] is from each row all the columns in y; one number a row is A[np.arange(len(y)), "
            "y], or subtract the one-hot rows",
            "A - _one_hot(A, y) -> -_one_hot(A, y) / A": "that is dL/dA, -Y / A; asked is the "
            "slope at the scores, dL/dZ",
        },
        hints=(
            "One-hot rows first: <code>np.eye(k)[y]</code>, with k the number of columns of "
            "<code>A</code>.",
            "Answer minus target; and because the loss is a mean over the examples, divided by "
            "<code>len(A)</code>.",
        ),
    ),
    "from_scores": Exercise(
        reference=_from_scores,
        cases=[
            (_rng.normal(0, 2, (4, 4)), np.array([2, 0, 1, 2])),
            (_rng.normal(0, 2, (5, 3)), np.array([0, 1, 2, 2, 1])),
            (np.array([[800.0, 0.0]]), np.array([1])),
            (_WIDE, np.array([1, 0])),
        ],
        mistakes={
            (lambda Z, y: -np.mean(np.log(_true(_stable(Z), y)))): "the log of the probabilities "
            "is taken: one of exactly 0 gives inf. Start from log S - z of the true class",
            ("h +  -> ", " - h[:, None] -> "): "exp overflows: subtract each row's maximum inside "
            "and add it again outside",
            "h +  -> ": "the maximum that you subtracted inside has to be added again outside the "
            "log",
            "Z.max(axis=1) -> np.full(len(Z), Z.max())": "that is the maximum of the whole array; "
            "each row needs its own",
            "np.mean -> -np.mean": "the sign is turned around: log S minus the true score",
            "mean -> sum": "that is the sum; asked is the mean",
            "sum(axis=1) -> sum()": "the sum inside the log is over the whole array; each row "
            "needs its own, axis=1",
            " - _true(Z, y) -> ": "that is log S alone; the true class's score is to be subtracted",
        },
        hints=(
            "Two parts: <code>log S</code> for each row, and the score of the true class, "
            "<code>Z[np.arange(len(y)), y]</code>.",
            "<code>h = Z.max(axis=1)</code>; then log S is <code>h + np.log(np.exp(Z - h[:, None])"
            ".sum(axis=1))</code>.",
        ),
    ),
}

QUESTIONS = {
    "numbers": Question(
        text="The network is trained towards the numbers 0, 1 and 2. We walk in a straight line "
        "from the middle of cloud 0 to the middle of cloud 2; cloud 1 lies off to the side. What "
        "does the rounded answer say on the way?",
        options={
            "0, and from some point on 2": "That's what we'd want. But a smooth output can't jump "
            "from 0 to 2.",
            "0, then for a stretch 1, then 2": "The output is a smooth function of the point. To "
            "get from about 0 to about 2 it must pass through everything in between, and what "
            "lies between 0.5 and 1.5 is rounded to 1.",
            "It can't learn anything from such targets": "It does learn, and most points are "
            "right. The trouble is on the way between the clouds.",
        },
        answer="B",
    ),
    "overflow": Question(
        text="Only differences count. So what does the function <code>softmax_first_try</code> "
        "give for the scores [1005, 1001, 1001]?",
        options={
            "The same probabilities as for [5, 1, 1]": "By the formula, yes. The computer works "
            "out exp(1005) first, and that is too large for it.",
            "1, 0, 0: the numbers are so large": "The lead is still 4, so the probabilities "
            "should be the old ones. It gets worse.",
            "nan, nan, nan: not a number": "In exact arithmetic the probabilities would be the "
            "same. But exp(1005) is larger than any number that the computer has, so it becomes "
            "inf; and inf / inf is nan.",
        },
        answer="C",
    ),
    "know_nothing": Question(
        text="A network that knows nothing gives each of the three classes the probability 1/3, "
        "whatever the point. What is its cross-entropy?",
        options={
            "0": "0 is for a network that gives the truth the probability 1.",
            "1/3": "That's p itself. The cost is &minus;log p.",
            "log 3, about 1.10": "Each example costs &minus;log(1/3) = log 3. With k classes it "
            "is log k. If the loss before training is far above that, something is wrong: the "
            "network is <i>sure</i> of things that it can't know.",
            "infinite": "Only a probability of 0 costs that much.",
        },
        answer="C",
    ),
    "confident": Question(
        text="Scores (&minus;5, 5, 0), and the true class is 0: the network is sure of the wrong "
        "class. Which loss pushes the true class's score harder?",
        options={
            "The squared error: the error is as large as it can be": "The error is large. But "
            "what counts is its slope, and there the curve is flat.",
            "Both push about the same": "Even where the network is in doubt, cross-entropy pushes "
            "about three times as hard. Here it is sure, and the difference is far larger.",
            "Cross-entropy, more than a thousand times harder": "Cross-entropy pushes with a "
            "&minus; y, nearly &minus;1. The squared error's push has the probability of the true "
            "class as a factor, and that is almost 0.",
        },
        answer="C",
    ),
    "spirals": Question(
        text="Three spirals, now wound by one and a quarter turns. How many of the fresh points "
        "do five hidden units get right?",
        options={
            "nearly all, as before": "With three quarters of a turn, yes. Each further winding "
            "needs more cuts.",
            "about 70 %": "Each hidden unit gives one soft cut through the plane. Five of them do "
            "well at the outer ends; in the middle they do no better than guessing. For all the "
            "windings, more cuts are needed, or cuts through what other units have bent.",
            "a third, as by guessing": "Five cuts still do better than guessing: parts of the "
            "arms lie well apart.",
        },
        answer="B",
    ),
}
