"""Exercises and questions of notebook 07, "Backpropagate through any depth"."""

import itertools

import numpy as np

from nbhelpers.losses import softmax
from nbhelpers.teaching.exercise import Exercise, Question


def _forward(X, W, b):
    A = [X]
    for layer in range(len(W)):
        Z = A[-1] @ W[layer] + b[layer]
        A.append(np.tanh(Z) if layer < len(W) - 1 else softmax(Z))
    return A


def _network(seed, sizes, n):
    """Activations, targets and weights, all random; no two layers alike."""
    rng = np.random.default_rng(seed)
    X, Y = rng.standard_normal((n, sizes[0])), np.eye(sizes[-1])[rng.integers(sizes[-1], size=n)]
    W = [rng.standard_normal(s) * 0.8 for s in itertools.pairwise(sizes)]
    return _forward(X, W, [0.5 * rng.standard_normal(n_out) for n_out in sizes[1:]]), Y, W


# Depths 2, 1, 3 and 4 with other sizes everywhere, so that what doesn't fit stops with an error;
# then one with equal sizes, where it fits and is wrong.
_SIZES = [([2, 4, 3], 5), ([3, 2], 1), ([2, 4, 5, 3], 6), ([2, 3, 5, 4, 3], 7), ([3, 3, 3, 3], 4)]
_NETWORKS = [_network(seed, sizes, n) for seed, (sizes, n) in enumerate(_SIZES)]


def _backward(A, Y, W):
    dW, db = [], []
    delta = (A[-1] - Y) / len(Y)
    for layer in reversed(range(len(W))):
        dW.insert(0, A[layer].T @ delta)
        db.insert(0, delta.sum(axis=0))
        delta = delta @ W[layer].T * (1 - A[layer] ** 2)
    return dW + db


def _slope_along(f, p, d, eps):
    return (f(p + eps * d) - f(p - eps * d)) / (2 * eps)


def _bowl(p):
    return float(np.sum(p**3) + np.prod(np.shape(p)))


def _waves(p):
    return float(np.sum(np.sin(p)))


_RNG = np.random.default_rng(4)
_BACK = "        delta = delta @ W[layer].T * (1 - A[layer] ** 2)\n"

EXERCISES = {
    "backward": Exercise(
        reference=_backward,
        cases=_NETWORKS,
        mistakes={
            " * (1 - A[layer] ** 2) -> ": "the slope of the hidden layers, 1 - A[layer] ** 2, is "
            "missing",
            "1 - A[layer] -> 1 - A[layer + 1]": "the slope is that of the layer <i>above</i>, "
            "A[layer + 1]; the delta that goes back through W[layer] arrives at A[layer]",
            "1 - A[layer] -> 1 - A[layer - 1]": "the slope is that of the layer <i>below</i>, "
            "A[layer - 1]; the delta that goes back through W[layer] arrives at A[layer]",
            (
                " * (1 - A[layer] ** 2) -> ",
                "dW.ins -> delta *= 1 - A[layer + 1] ** 2\n        dW.ins",
            ): "the output gets a slope, 1 - A[-1] ** 2; softmax with cross-entropy needs none: a "
            "slope belongs to a delta that goes back, and to the A that it arrives at",
            "/ len(Y) -> / len(Y) * A[-1] * (1 - A[-1])": "the first delta has a slope too many: "
            "a (1 - a) belongs to a sigmoid with squared error",
            "(1 - A[layer] ** 2) -> A[layer] * (1 - A[layer])": "the slope of tanh is 1 - A ** 2; "
            "yours, A * (1 - A), is the sigmoid's",
            "1 - A[layer] -> 1 - np.tanh(A[layer])": "the slope is 1 - A ** 2 in terms of the "
            "output; yours squashes A a second time",
            "W[layer].T -> W[layer]": "W[layer] has to lie on its side on the way back",
            "dW + db -> dW[::-1] + db[::-1]": "dW and db are in reverse order: the loop begins "
            "with the last layer, so each new gradient goes to the front, dW.insert(0, ...)",
            "dW + db -> [g for pair in zip(dW, db) for g in pair]": "return all of dW, then all "
            "of db: dW + db; yours go in pairs",
            "dW + db -> db + dW": "return dW + db: the weights come first",
            " / len(Y) -> ": "the mean is missing: the first delta is (A[-1] - Y) / len(Y)",
            "len(Y) -> Y.size": "len(Y) is the number of examples; yours divides by Y.size, "
            "examples times outputs",
            "delta.sum -> len(Y) * delta.sum": "dW has the mean and db hasn't: put / len(Y) into "
            "the first delta, for both",
            "A[-1] - Y -> Y - A[-1]": "the sign is turned around: the first delta is A[-1] - Y",
            "sum -> mean": "db adds up the examples, delta.sum(axis=0); the mean is in delta "
            "already",
            "axis=0 -> ": "db adds up everything; it needs one number a unit, delta.sum(axis=0)",
            "A[layer].T -> A[layer + 1].T": "the input of W[layer] is A[layer]; you take its "
            "output, A[layer + 1]",
            (f"{_BACK} -> ", f"        dW -> {_BACK}        dW"): "delta goes back one layer "
            "before dW and db are taken: take them first",
            "@ W[layer].T * (1 - A[layer] ** 2) -> ": "delta stays the same all the way; it has "
            "to go back through each W[layer]",
            "    delta = delta ->     W[layer] -= 0.1 * dW[0]\n        delta = delta": "W is "
            "updated inside: backward must only return gradients",
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
            "line 1": "line 1 is unusual but right: where Z is 0, so is (Z >= 0) * Z",
            "line 3": "if line 3 were wrong, the loss would be that of another network, but the "
            "check uses the same forward pass, so both sides would agree",
            "line 4": "line 4 feeds the gradient of W2, and that one is right",
            "line 5": "delta2 of line 5 makes the gradient of W2, and that one is right",
            "line 6": "line 6 is the right formula; look at what relu_slope answers",
            "line 7": "the second half of line 7 is right, as W2 shows, and the first half is "
            "made alike; so delta1 must be wrong when it arrives there",
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
            1.6: "1.6 is 1 + 0.6: but the difference is divided by the <i>sum</i> of the two "
            "lengths",
            2.5: "2.5 is 1 / 0.4: that would be right if the difference were divided by the "
            "longer one alone",
            0.25: "that is a factor for gradients that are too <i>short</i>",
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
            ("p - eps * d -> p", "2 *  -> "): "that is the difference to one side; go eps * d to "
            "<i>either</i> side and divide by 2 * eps",
            "2 *  -> ": "the distance between the two points is 2 * eps, not eps",
            " / (2 * eps) -> ": "the division by 2 * eps is missing",
            "(2 * eps) -> 2 * eps": "brackets are missing: / 2 * eps divides by 2 and multiplies "
            "by eps",
            ("p + eps * d -> p + eps", "p - eps * d -> p - eps"): "you move by eps in every "
            "number; move along d, by eps * d",
            ("p + eps * d -> p + d", "p - eps * d -> p - d"): "you move by d, which is far too "
            "far; move by eps * d",
            "2 * eps -> 2 * eps * np.linalg.norm(d)": "divided by the length of d, it is another "
            "slope; the sum of g times d isn't divided",
            "return  -> return -": "the two points are the wrong way round",
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
        options={
            "10<sup>−12</sup>, or smaller still: the smaller the step, the better": "So it would "
            "be with exact arithmetic. Two losses of size 1 that differ by 10<sup>−12</sup> agree "
            "in twelve of their sixteen digits: four are left.",
            "about 10<sup>−5</sup>": "Two errors pull in opposite directions. A large step sees "
            "the curvature of the loss; a small one makes two losses so alike that most of their "
            "digits cancel and rounding is left.",
            "10<sup>−1</sup>: large steps are safe": "Over such a distance the loss bends, and "
            "the straight line between two points isn't the slope in the middle.",
        },
        answer="B",
    ),
    "which_layers": Question(
        text="Five layers of weights. In the backward pass the slope of the <b>third</b> hidden "
        "layer is forgotten, nothing else. Which gradients come out wrong?",
        options={
            "those of layer 3 alone": "The deltas below are made from that of layer 3: they "
            "inherit its mistake.",
            "those of layers 1, 2 and 3": "The delta of layer 3 is wrong, and the deltas of "
            "layers 2 and 1 are made from it. Those of 5 and 4 were ready before. So look first "
            "at the wrong layer that is nearest to the output.",
            "those of layers 3, 4 and 5": "That is the way of the forward pass. Deltas travel the "
            "other way.",
            "all of them": "The deltas of layers 5 and 4 are finished before the mistake happens.",
        },
        answer="B",
    ),
    "how_many_fall": Question(
        text="Six networks, each with one of the six bugs, the same start, the same batches. In "
        "how many of them does the loss end at less than <b>two thirds</b> of what it was?",
        options={
            "none": "Then bugs would be easy to find. A step needn't point straight downhill to "
            "go down.",
            "two or three": "Some are slower and end higher, but you only see that beside a "
            "healthy run, which nobody has who has the bug.",
            "all six": "A wrong gradient that points roughly downhill is enough to make progress. "
            "A falling loss says that something is learned, and nothing about whether the "
            "gradient is right.",
        },
        answer="C",
    ),
    "order": Question(
        text="What does the wrong order, <code>W2</code> updated first, do to the training of "
        "notebook 01?",
        options={
            "The network no longer learns XOR": "That would be the better bug: you would find it. "
            "This one hides.",
            "It learns, and ends just as well: the mistake hides": "The blame goes back through "
            "the wrong weights. But at this learning rate they are so close to the right ones "
            "that the direction hardly changes: the network learns, and nobody notices.",
            "Exactly the same numbers come out": "The blame travels through other weights, so "
            "delta1 differs. By how much, you'll see in a moment.",
        },
        answer="B",
    ),
}
