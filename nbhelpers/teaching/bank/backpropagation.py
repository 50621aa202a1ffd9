"""Exercises and questions of notebook 07, "Backpropagate through any depth"."""

import itertools

import numpy as np

from nbhelpers.gradient_check import numerical_gradient
from nbhelpers.losses import softmax
from nbhelpers.teaching.checks import Exercise
from nbhelpers.teaching.questions import Question


class _Arrays(list):
    """A list of arrays that shows their shapes, where a check says what it has called with."""

    def __repr__(self):
        return "arrays " + " ".join(str(a.shape).replace(" ", "") for a in self)

    @property
    def shape(self):
        """The shapes of all of them."""
        return tuple(a.shape for a in self)


def _forward(X, W, b):
    A = [X]
    for layer in range(len(W)):
        Z = A[-1] @ W[layer] + b[layer]
        A.append(np.tanh(Z) if layer < len(W) - 1 else softmax(Z))
    return A


def _network(seed, sizes, n):
    """Examples, targets, weights and biases, all random; no two layers alike."""
    rng = np.random.default_rng(seed)
    X, Y = rng.standard_normal((n, sizes[0])), np.eye(sizes[-1])[rng.integers(sizes[-1], size=n)]
    W = [rng.standard_normal(s) * 0.8 for s in itertools.pairwise(sizes)]
    return X, Y, W, [0.5 * rng.standard_normal(n_out) for n_out in sizes[1:]]


def _measured(X, Y, W, b):
    """All gradients by central differences: nothing here knows of backpropagation."""

    def loss():
        return -np.sum(Y * np.log(_forward(X, W, b)[-1])) / len(Y)

    return [numerical_gradient(loss, p) for p in W + b]


# Depths 2, 1, 3 and 4 with other sizes everywhere, so that what doesn't fit stops with an error;
# then one with equal sizes, where it fits and is wrong.
_NETWORKS = [
    _network(seed, sizes, n)
    for seed, (sizes, n) in enumerate(
        [([2, 4, 3], 5), ([3, 2], 1), ([2, 4, 5, 3], 6), ([2, 3, 5, 4, 3], 7), ([3, 3, 3, 3], 4)]
    )
]
_CASES = [(_Arrays(_forward(X, W, b)), Y, _Arrays(W)) for X, Y, W, b in _NETWORKS]
_SLOPES = {}  # the W of a case, as bytes -> the gradients, measured when they are first asked for


def _backward(A, Y, W):
    key = b"".join(w.tobytes() for w in W)
    if key not in _SLOPES:
        (b,) = (b for _, _, mine, b in _NETWORKS if key == b"".join(w.tobytes() for w in mine))
        _SLOPES[key] = _measured(A[0], Y, W, b)
    return list(_SLOPES[key])


def _slope(A, layer):
    return 1 - A[layer] ** 2


def _loop(
    A,
    Y,
    W,
    start=lambda A, Y: (A - Y) / len(Y),
    back=lambda delta, A, W, layer: delta @ W[layer].T * _slope(A, layer),
    sum_up=lambda delta: delta.sum(axis=0),
    comes_in=lambda A, layer: A[layer],
):
    """The loop of the solution, with parts that a mistake replaces."""
    dW, db = [], []
    delta = start(A[-1], Y)
    for layer in reversed(range(len(W))):
        dW.insert(0, comes_in(A, layer).T @ delta)
        db.insert(0, sum_up(delta))
        delta = back(delta, A, W, layer)
    return dW + db


def _reverse_order(A, Y, W):
    grads = _loop(A, Y, W)
    return grads[: len(W)][::-1] + grads[len(W) :][::-1]


def _in_pairs(A, Y, W):
    grads = _loop(A, Y, W)
    return [g for pair in zip(grads[: len(W)], grads[len(W) :], strict=True) for g in pair]


def _biases_first(A, Y, W):
    grads = _loop(A, Y, W)
    return grads[len(W) :] + grads[: len(W)]


def _update_inside(A, Y, W):
    dW, db = [], []
    delta = (A[-1] - Y) / len(Y)
    for layer in reversed(range(len(W))):
        dW.insert(0, A[layer].T @ delta)
        db.insert(0, delta.sum(axis=0))
        W[layer] -= 0.1 * dW[0]
        delta = delta @ W[layer].T * (1 - A[layer] ** 2)
    return dW + db


def _slope_before_weights(A, Y, W):
    dW, db = [], []
    delta = (A[-1] - Y) / len(Y)
    for layer in reversed(range(len(W))):
        delta = delta * (1 - A[layer + 1] ** 2)
        dW.insert(0, A[layer].T @ delta)
        db.insert(0, delta.sum(axis=0))
        delta = delta @ W[layer].T
    return dW + db


def _back_first(A, Y, W):
    dW, db = [], []
    delta = (A[-1] - Y) / len(Y)
    for layer in reversed(range(len(W))):
        delta = delta @ W[layer].T * (1 - A[layer] ** 2)
        dW.insert(0, A[layer].T @ delta)
        db.insert(0, delta.sum(axis=0))
    return dW + db


def _never_back(A, Y, W):
    return _loop(A, Y, W, back=lambda delta, A, W, layer: delta)


def _with_start(start):
    return lambda A, Y, W: _loop(A, Y, W, start=start)


def _with_back(back):
    return lambda A, Y, W: _loop(A, Y, W, back=back)


def _slope_along(f, p, d, eps):
    return (f(p + eps * d) - f(p - eps * d)) / (2 * eps)


def _bowl(p):
    return float(np.sum(p**3) + np.prod(np.shape(p)))


def _waves(p):
    return float(np.sum(np.sin(p)))


_RNG = np.random.default_rng(4)

EXERCISES = {
    "backward": Exercise(
        reference=_backward,
        cases=_CASES,
        mistakes={
            "the slope of the hidden layers, 1 - A[layer] ** 2, is missing": _with_back(
                lambda delta, A, W, layer: delta @ W[layer].T
            ),
            "the slope is that of the layer <i>above</i>, A[layer + 1]; the delta that goes back "
            "through W[layer] arrives at A[layer]": _with_back(
                lambda delta, A, W, layer: delta @ W[layer].T * (1 - A[layer + 1] ** 2)
            ),
            "the slope is that of the layer <i>below</i>, A[layer - 1]; the delta that goes back "
            "through W[layer] arrives at A[layer]": _with_back(
                lambda delta, A, W, layer: delta @ W[layer].T * (1 - A[layer - 1] ** 2)
            ),
            "the output gets a slope, 1 - A[-1] ** 2; softmax with cross-entropy needs none: a "
            "slope belongs to a delta that goes back, and to the A that it arrives at": (
                _slope_before_weights
            ),
            "the first delta has a slope too many: a (1 - a) belongs to a sigmoid with squared "
            "error": _with_start(lambda A, Y: (A - Y) / len(Y) * A * (1 - A)),
            "the slope of tanh is 1 - A ** 2; yours, A * (1 - A), is the sigmoid's": _with_back(
                lambda delta, A, W, layer: delta @ W[layer].T * A[layer] * (1 - A[layer])
            ),
            "the slope is 1 - A ** 2 in terms of the output; yours squashes A a second time": (
                _with_back(
                    lambda delta, A, W, layer: delta @ W[layer].T * (1 - np.tanh(A[layer]) ** 2)
                )
            ),
            "W[layer] has to lie on its side on the way back: delta @ W[layer].T": _with_back(
                lambda delta, A, W, layer: delta @ W[layer] * (1 - A[layer] ** 2)
            ),
            "dW and db are in reverse order: the loop begins with the last layer, so each new "
            "gradient goes to the front, dW.insert(0, ...)": _reverse_order,
            "return all of dW, then all of db: dW + db; yours go in pairs": _in_pairs,
            "return dW + db: the weights come first": _biases_first,
            "the mean is missing: the first delta is (A[-1] - Y) / len(Y)": _with_start(
                lambda A, Y: A - Y
            ),
            "len(Y) is the number of examples; yours divides by Y.size, examples times outputs": (
                _with_start(lambda A, Y: (A - Y) / Y.size)
            ),
            "dW has the mean and db hasn't: put / len(Y) into the first delta, for both": (
                lambda A, Y, W: _loop(A, Y, W, sum_up=lambda delta: len(Y) * delta.sum(axis=0))
            ),
            "the sign is turned around: the first delta is A[-1] - Y": _with_start(
                lambda A, Y: (Y - A) / len(Y)
            ),
            "db adds up the examples, delta.sum(axis=0); the mean is in delta already": (
                lambda A, Y, W: _loop(A, Y, W, sum_up=lambda delta: delta.mean(axis=0))
            ),
            "db adds up everything; it needs one number a unit, delta.sum(axis=0)": (
                lambda A, Y, W: _loop(A, Y, W, sum_up=lambda delta: delta.sum())
            ),
            "the input of W[layer] is A[layer]; you take its output, A[layer + 1]": (
                lambda A, Y, W: _loop(A, Y, W, comes_in=lambda A, layer: A[layer + 1])
            ),
            "delta goes back one layer before dW and db are taken: take them first": _back_first,
            "delta stays the same all the way; it has to go back through each W[layer]": (
                _never_back
            ),
            "W is updated inside: backward must only return gradients": _update_inside,
        },
        hints=(
            "Before the loop: <code>delta = (A[-1] - Y) / len(Y)</code> and two empty lists.",
            "The loop runs backwards, <code>for layer in reversed(range(len(W)))</code>. In it: "
            "one line for dW, one for db, one for the next delta. "
            "<code>dW.insert(0, ...)</code> puts an array in front of the list.",
            "What comes into <code>W[layer]</code> is <code>A[layer]</code>. The next delta goes "
            "through <code>W[layer].T</code> and gets the slope at <code>A[layer]</code>. At the "
            "end: <code>return dW + db</code>.",
        ),
    ),
    "guilty_line": Exercise(
        reference="line 2",
        mistakes={
            "line 1 is unusual but right: where Z is 0, so is (Z >= 0) * Z": "line 1",
            "if line 3 were wrong, the loss would be that of another network, but the check uses "
            "the same forward pass, so both sides would agree": "line 3",
            "line 4 feeds the gradient of W2, and that one is right": "line 4",
            "delta2 of line 5 makes the gradient of W2, and that one is right": "line 5",
            "line 6 is the right formula; look at what relu_slope answers": "line 6",
            "the second half of line 7 is right, as W2 shows, and the first half is made alike; so "
            "delta1 must be wrong when it arrives there": "line 7",
        },
        hints=(
            "W2 is right, so everything up to <code>delta2</code> is. What is left on the way to "
            "W1?",
            "Print <code>relu_slope(relu(X_digits @ V1))</code>. How many values are False?",
        ),
    ),
    "factor": Exercise(
        reference=4.0,
        mistakes={
            "1.6 is 1 + 0.6: but the difference is divided by the <i>sum</i> of the two lengths": (
                1.6
            ),
            "2.5 is 1 / 0.4: that would be right if the difference were divided by the longer one "
            "alone": 2.5,
            "that is a factor for gradients that are too <i>short</i>": 0.25,
        },
        hints=(
            "Let the right gradient have the length 1, and the wrong one the length c. What is "
            "their relative error?",
            "Solve (c − 1) / (c + 1) = 0.6 for c.",
        ),
    ),
    "slope_along": Exercise(
        reference=_slope_along,
        cases=[
            (_bowl, _RNG.standard_normal(6), _RNG.standard_normal(6), 1e-3),
            (_waves, _RNG.standard_normal((3, 2)), _RNG.standard_normal((3, 2)), 1e-2),
            (_bowl, np.array([0.5]), np.array([-2.0]), 1e-1),
        ],
        tolerance=1e-7,
        mistakes={
            "that is the difference to one side; go eps * d to <i>either</i> side and divide by "
            "2 * eps": lambda f, p, d, eps: (f(p + eps * d) - f(p)) / eps,
            "the distance between the two points is 2 * eps, not eps": lambda f, p, d, eps: (
                (f(p + eps * d) - f(p - eps * d)) / eps
            ),
            "the division by 2 * eps is missing": lambda f, p, d, eps: (
                f(p + eps * d) - f(p - eps * d)
            ),
            "brackets are missing: / 2 * eps divides by 2 and multiplies by eps": (
                lambda f, p, d, eps: (f(p + eps * d) - f(p - eps * d)) / 2 * eps
            ),
            "you move by eps in every number; move along d, by eps * d": lambda f, p, d, eps: (
                (f(p + eps) - f(p - eps)) / (2 * eps)
            ),
            "you move by d, which is far too far; move by eps * d": lambda f, p, d, eps: (
                (f(p + d) - f(p - d)) / (2 * eps)
            ),
            "divided by the length of d, it is another slope; the sum of g times d isn't divided": (
                lambda f, p, d, eps: (
                    (f(p + eps * d) - f(p - eps * d)) / (2 * eps * np.linalg.norm(d))
                )
            ),
            "the two points are the wrong way round": lambda f, p, d, eps: (
                (f(p - eps * d) - f(p + eps * d)) / (2 * eps)
            ),
        },
        hints=(
            "Two evaluations: <code>f(p + eps * d)</code> and <code>f(p - eps * d)</code>.",
            "Their difference, divided by how far they are apart in steps of d: "
            "<code>(2 * eps)</code>.",
        ),
    ),
}

QUESTIONS = {
    "best_eps": Question(
        text="The numerical slope is only exact for an infinitely small step. Which ε gives the "
        "<b>smallest</b> error in float64?",
        options=[
            "10<sup>−12</sup>, or smaller still: the smaller the step, the better",
            "about 10<sup>−5</sup>",
            "10<sup>−1</sup>: large steps are safe",
        ],
        answer="B",
        because="Two errors pull in opposite directions. A large step sees the curvature of the "
        "loss; a small one makes two losses so alike that most of their digits cancel and "
        "rounding is left.",
        feedback={
            "A": "So it would be with exact arithmetic. Two losses of size 1 that differ by "
            "10<sup>−12</sup> agree in twelve of their sixteen digits: four are left.",
            "C": "Over such a distance the loss bends, and the straight line between two points "
            "isn't the slope in the middle.",
        },
    ),
    "which_layers": Question(
        text="Five layers of weights. In the backward pass the slope of the <b>third</b> hidden "
        "layer is forgotten, nothing else. Which gradients come out wrong?",
        options=[
            "those of layer 3 alone",
            "those of layers 1, 2 and 3",
            "those of layers 3, 4 and 5",
            "all of them",
        ],
        answer="B",
        because="The delta of layer 3 is wrong, and the deltas of layers 2 and 1 are made from it. "
        "Those of 5 and 4 were ready before. So look first at the wrong layer that is nearest to "
        "the output.",
        feedback={
            "A": "The deltas below are made from that of layer 3: they inherit its mistake.",
            "C": "That is the way of the forward pass. Deltas travel the other way.",
            "D": "The deltas of layers 5 and 4 are finished before the mistake happens.",
        },
    ),
    "how_many_fall": Question(
        text="Six networks, each with one of the six bugs, the same start, the same batches. In "
        "how many of them does the loss end at less than <b>two thirds</b> of what it was?",
        options=["none", "two or three", "all six"],
        answer="C",
        because="A wrong gradient that points roughly downhill is enough to make progress. A "
        "falling loss says that something is learned, and nothing about whether the gradient is "
        "right.",
        feedback={
            "A": "Then bugs would be easy to find. A step needn't point straight downhill to go "
            "down.",
            "B": "Some are slower and end higher, but you only see that beside a healthy run, "
            "which nobody has who has the bug.",
        },
    ),
}
