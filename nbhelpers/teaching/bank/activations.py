"""Exercises and questions of notebook 04, "Swap the activation: tanh, ReLU and friends"."""

import numpy as np

from nbhelpers.activations import relu, sigmoid, tanh
from nbhelpers.teaching.exercise import Exercise, Question

_Z = np.random.default_rng(0).normal(0, 1.5, (4, 3))
_X = np.linspace(0, 6, 7)[:, None]


def _layer(seed, units, X=_X):
    rng = np.random.default_rng(seed)
    return X, rng.normal(0, 1, (X.shape[1], units)), rng.normal(0, 0.5, units)


def _never_positive(X, W1, b1):
    return np.sum((X @ W1 + b1 <= 0).all(axis=0))


EXERCISES = {
    "tanh_slope": Exercise(
        reference=lambda A: 1 - A**2,
        cases=[(np.tanh(_Z),), (np.array([[0.5]]),), (np.tanh(np.array([-2.0, 0.0, 0.1, 3.0])),)],
        mistakes={
            (lambda A: 1 - np.tanh(A) ** 2): "A is already the output, and you take tanh a second "
            "time: 1 - np.tanh(A)**2 would be right for the pre-activation Z",
            (lambda A: A * (1 - A)): "that is the sigmoid's slope, A * (1 - A); tanh's follows "
            "from its own formula",
            (lambda A: (1 - A) ** 2): "the square belongs to A alone: 1 - A**2, not (1 - A)**2",
            (lambda A: 1 - A): "only half of it: (1 - A) * (1 + A) has two factors",
            (lambda A: 1 + A**2): "look at the sign: 1 - A**2",
            (lambda A: A**2 - 1): "the difference is the wrong way round: 1 - A**2",
            (lambda A: 4 * A * (1 - A)): "A stands where s belongs: s = (1 + A) / 2, so 4 s (1 - "
            "s) is (1 + A) (1 - A)",
            (lambda A: (1 - A**2) / 2): "a factor of 2 too few: the inner 2 of σ(2z) counts as "
            "well",
        },
        hints=(
            "Start from <code>s = (1 + A) / 2</code>, the sigmoid inside. What is "
            "<code>4 * s * (1 - s)</code> in terms of <code>A</code>?",
            "<code>(1 + A) / 2</code> times <code>(1 - A) / 2</code> times 4.",
        ),
    ),
    "relu_slope": Exercise(
        reference=lambda A: (A > 0).astype(float),
        cases=[(relu(_Z),), (np.array([[0.0]]),), (np.array([0.0, 2.5, 0.01, 0.0, 7.0]),)],
        mistakes={
            (lambda A: (A <= 0) * 1.0): "wrong side: the slope is 1 where the unit is on, A > 0",
            (lambda A: (A >= 0) * 1.0): "A >= 0 is true everywhere, because ReLU never gives a "
            "negative number; A > 0",
            (lambda A: A * (A > 0)): "that is the output itself, A where A > 0; the slope there "
            "is 1",
            (lambda A: A * (A <= 0)): "A * (A <= 0) is 0 everywhere: wrong side, and a slope "
            "isn't multiplied by A",
            (lambda A: A * (1 - A)): "that is the sigmoid's slope",
            (lambda A: 1 - A**2): "that is tanh's slope",
            (lambda A: (A > 1) * 1.0): "the slope isn't 1 for outputs above 1 only: compare with 0",
        },
        hints=(
            "Two values only: where is the curve flat, and where does it rise, how steeply?",
            "Compare <code>A</code> with 0; True counts as 1.",
        ),
    ),
    "dead_units": Exercise(
        reference=_never_positive,
        cases=[
            _layer(0, 8),
            _layer(1, 1),
            _layer(2, 12),
            (np.array([[0.0], [1.0]]), np.array([[-1.0, 1.0, 2.0]]), np.array([0.0, -1.0, -3.0])),
        ],
        mistakes={
            "all -> any": "you count units that are off for at least one example: all, not any",
            "axis=0 -> axis=1": "the axis is the other one: rows are examples, so .all(axis=0) "
            "asks about a unit",
            ".all(axis=0) -> ": "you count pairs of example and unit; .all(axis=0) first, then sum",
            ("<= -> >", "all -> any"): "those are the units that are alive",
            "<= -> >": "those are the units that are on for every example",
            "<= 0).all(axis=0) -> ).mean(axis=0) <= 0": "a sum or a mean can be negative although "
            "one example is positive: ask each example",
            " + b1 -> ": "the bias is missing",
            "<= -> <": "a unit that reaches exactly 0 and never more is dead as well: <= 0, not < "
            "0",
            "sum -> mean": "that is the fraction of dead units; count them",
        },
        hints=(
            "<code>X @ W1 + b1</code> has a row for each example and a column for each unit.",
            "<code>(... <= 0).all(axis=0)</code> is True for a unit that is off for all examples.",
        ),
    ),
    "guilty_mask": Exercise(
        reference="line 5",
        mistakes={
            "line 1": "line 1 is the sum as always; and W2's gradient, which needs it, is right",
            "line 2": "if line 2 were wrong, W2's gradient would be wrong, too",
            "line 3": "if line 3 were wrong, W2's gradient would be wrong, too",
            "line 4": "W2's gradient is made of delta2, and it is right; so is line 4",
            "line 6": "line 6 is right, given a right slope",
            "line 7": "line 7 makes W2's gradient, which is right",
            "line 8": "line 8 is right, given a right delta1",
        },
        hints=(
            "The gradients of W2 and b2 are right. Which lines do they acquit?",
            "Left are the lines between <code>delta2</code> and <code>dW1</code>. Put a positive "
            "and a negative number into each of them.",
        ),
    ),
    "guilty_forward": Exercise(
        reference="line 2",
        mistakes={
            "line 5": "line 5 is right for the Z1 of line 1, kink aside. Is it still that Z1?",
            "line 1": "line 1 is the same sum as always",
            "line 3": "line 3 uses A1, and A1 is right: the loss is",
            "line 4": "line 4 is right: W2's gradient agrees",
            "line 6": "line 6 is right, given a right slope",
            "line 7": "line 7 makes W2's gradient, which is right",
            "line 8": "line 8 is right, given a right delta1",
        },
        hints=(
            "Put −1 and 2 into <code>Z1</code> and go through lines 2 and 5 by hand or in a cell. "
            "What is in <code>Z1</code> when line 5 reads it?",
            "Which line changes <code>Z1</code> after line 1? Read about the third argument in "
            "<code>help(np.maximum)</code>.",
        ),
    ),
    "softplus_slope": Exercise(
        reference=lambda A: 1 - np.exp(-A),
        cases=[
            (np.log1p(np.exp(_Z)),),
            (np.array([[0.5]]),),
            (np.log1p(np.exp(np.array([-4.0, 0.0, 1.0, 3.0]))),),
        ],
        mistakes={
            sigmoid: "sigmoid(Z) is right for the pre-activation; A is the output",
            (lambda A: np.log1p(np.exp(A))): "you take softplus a second time",
            (lambda A: 1 - np.exp(A)): "the sign in the exponential: exp(-A) is 1 / (1 + e^z)",
            (lambda A: np.exp(A) - 1): "that is e^z alone; σ(z) is e^z / (1 + e^z), and 1 + e^z "
            "is e^A",
            (lambda A: np.exp(-A)): "that is 1 - σ(z), not σ(z)",
            (lambda A: (A > 0) * 1.0): "that is ReLU's slope; softplus has no kink",
            (lambda A: 1 - A**2): "that is tanh's slope",
            tanh: "that is tanh of A",
        },
        hints=(
            "The slope is <code>σ(z) = e^z / (1 + e^z)</code>, and "
            "<code>e^A = 1 + e^z</code>. Get rid of z.",
            "<code>σ(z) = 1 - 1 / (1 + e^z)</code>.",
        ),
    ),
}

QUESTIONS = {
    "ten_layers": Question(
        text="Ten layers of sigmoid units, with weights that by themselves make a delta neither "
        "longer nor shorter. How much of the last layer's delta is left at the first layer?",
        options={
            "About a tenth": "That would be a factor of 0.77 a layer. The sigmoid's slope is "
            "never above 0.25.",
            "About a thousandth": "That would be a factor of 0.46 a layer. The sigmoid's slope is "
            "never above 0.25.",
            "About a millionth": "Nine slopes are multiplied on the way, each of them at most ¼. "
            "Even if all were ¼, only 4 millionths would be left.",
        },
        answer="C",
    ),
    "upside_down": Question(
        text="The network is trained on targets scaled to the range “0 to −1”. Its answers are "
        "scaled back with the same two numbers. What does the picture of the answers show?",
        options={
            "A sine that is upside down": "That is what the network sees inside. On the way back "
            "it is turned over again.",
            "An ordinary sine": "What is turned over on the way in is turned over again on the "
            "way out. The mistake cancels, so the picture can't show it.",
            "A flat line: it can't learn": "tanh reaches negative numbers as easily as positive "
            "ones, so it learns.",
        },
        answer="B",
    ),
    "dead_rate": Question(
        text="Five ReLU units, ten starts. As the learning rate grows from 0.01 to 1, how many of "
        "the five units are dead after the training, on average?",
        options={
            "Fewer and fewer: larger steps wake them up": "A dead unit's gradient is exactly 0, "
            "and a large rate times 0 is still 0.",
            "As many as before the training, whatever the rate": "True for a rate of 0. Large "
            "steps kill units that were alive.",
            "More and more, until all five are": "One step that is too large can throw a unit to "
            "where no example reaches it, and nothing ever brings it back. Deaths add up.",
        },
        answer="C",
    ),
}
