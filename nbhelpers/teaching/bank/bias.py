"""Exercises and questions of notebook 02, "Give the network a bias"."""

import numpy as np

from nbhelpers.activations import sigmoid
from nbhelpers.teaching.exercise import Exercise, Question

_X = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
_Y = np.array([[0], [1], [1], [0]])


def _layer(seed, n_in, n_out):
    rng = np.random.default_rng(seed)
    return rng.normal(0, 2, (n_in, n_out)), rng.normal(0, 1, n_out)


def _deltas(seed, *shape):
    return np.random.default_rng(seed).normal(0, 0.2, shape)


def _fold_in(X, W, b):
    return np.hstack([X, np.ones((len(X), 1))]), np.vstack([W, b])


def _step(X, Y, W1, b1, W2, b2, lr):
    A1 = sigmoid(X @ W1 + b1)
    A2 = sigmoid(A1 @ W2 + b2)
    delta2 = (A2 - Y) * A2 * (1 - A2)
    delta1 = delta2 @ W2.T * A1 * (1 - A1)
    db1, db2 = (delta.sum(axis=0) for delta in (delta1, delta2))
    W1, b1 = W1 - lr * X.T @ delta1, b1 - lr * db1
    W2, b2 = W2 - lr * A1.T @ delta2, b2 - lr * db2
    return W1, b1, W2, b2


EXERCISES = {
    "bias_gradient": Exercise(
        reference=lambda delta: delta.sum(axis=0),
        cases=[(_deltas(0, 4, 3),), (_deltas(1, 5, 5),), (_deltas(2, 6, 1),), (_deltas(3, 1, 2),)],
        mistakes={
            (lambda delta: delta.mean(axis=0)): "that is the mean over the examples; the loss is "
            "a sum, so their blames are added up: sum, not mean",
            (lambda delta: delta.sum(axis=1)): "that adds up along the units (axis=1), one number "
            "for each example; the examples are the rows, axis=0",
            (lambda delta: delta.mean(axis=1)): "that is the mean along the units (axis=1); asked "
            "is the sum over the examples, axis=0",
            (lambda delta: delta.sum()): "the axis is missing: sum() adds up all units, too; each "
            "unit has a bias of its own",
            (lambda delta: delta): "the sum is missing: that is still one number for each example "
            "and unit; all examples share the bias",
            (lambda delta: delta.sum(axis=0, keepdims=True)): "keepdims=True leaves a 1 in the "
            "shape, (1, 3); right numbers, but b has shape (3,)",
            (lambda delta: -delta.sum(axis=0)): "the sign is turned around: the step has the "
            "minus, b -= lr * db; db itself has none",
        },
        hints=(
            "A row of <code>delta</code> is an example, a column is a unit. Each unit has one "
            "bias, and all examples share it.",
            "Add up over the rows: which <code>axis</code> of <code>delta.sum</code> is that?",
        ),
    ),
    "fold_in": Exercise(
        reference=_fold_in,
        cases=[
            (_X, *_layer(0, 2, 3)),
            (_deltas(1, 5, 4), *_layer(1, 4, 4)),
            (_deltas(2, 1, 1), *_layer(2, 1, 1)),
        ],
        outputs=("X_one", "W_one"),
        mistakes={
            "X, np.ones((len(X), 1)) -> np.ones((len(X), 1)), X": "the ones come first, but the "
            "bias last: the last column meets the last row",
            "[W, b] -> [b, W]": "the bias comes first, but the ones last: the last column meets "
            "the last row",
            ("X, np.ones((len(X), 1)) -> np.ones((len(X), 1)), X", "[W, b] -> [b, W]"): "ones and "
            "bias in front work as well; but please append them at the end, as the text says",
            "ones -> zeros": "the new column is 0, so the bias never counts; it has to be 1",
            ("hstack -> vstack", "(len(X), 1) -> (1, X.shape[1])"): "that is a new row of X, one "
            "more example; the ones are a new column, one more input",
            "vstack([W, b] -> hstack([W, b[:, np.newaxis]]": "the bias became a new column of W, "
            "one more unit; it has to be a new row",
            "(len(X), 1) -> len(X)": "a flat array (np.ones(n), or b) can't stand beside a "
            "matrix: the ones need shape (n, 1), and b belongs below W, with vstack",
            "[W, b] -> [W, np.ones((1, W.shape[1]))]": "below W you have appended ones; the ones "
            "belong beside X, and below W comes b",
            "ones((len(X), 1)) -> ones_like(X)": "np.ones_like(X) has as many columns as X; only "
            "one is asked for",
            "len(X) -> 4": "there aren't always 4 examples: np.ones((len(X), 1))",
            "(len(X), 1) -> (1, len(X))": "np.ones((1, n)) is a row; beside X goes a column, "
            "np.ones((n, 1))",
            "b] -> b[:, np.newaxis]]": "as a column b doesn't fit below W; b itself, flat, counts "
            "as one row",
            "[X, np.ones((len(X), 1))] -> X, np.ones((len(X), 1))": "hstack takes one list, in "
            "square brackets: np.hstack([X, ...])",
            "[W, b] -> W, b": "vstack takes one list, in square brackets: np.vstack([W, ...])",
        },
        hints=(
            "<code>X</code> gets one more <i>column</i> (an input that is always 1), "
            "<code>W</code> one more <i>row</i> (the weights of that input).",
            "<code>np.hstack([X, np.ones((len(X), 1))])</code> is the first half.",
        ),
    ),
    "steep_places": Exercise(
        reference=lambda W1, b1: -b1 / W1[0],
        cases=[_layer(3, 1, 5), _layer(4, 1, 1), _layer(5, 1, 3)],
        mistakes={
            (lambda W1, b1: b1 / W1[0]): "the sign: w x + b = 0 gives x = −b/w",
            (lambda W1, b1: -W1[0] / b1): "that is −w/b; solve w x + b = 0 for x",
            (lambda W1, b1: W1[0] / b1): "that is w/b; solve w x + b = 0 for x",
            (lambda W1, b1: -b1 * W1[0]): "that is −b · w; solve w x + b = 0 for x",
            (lambda W1, b1: -b1 / W1[0, 0]): "each unit has a weight of its own; you divide all "
            "biases by that of the first unit",
            (lambda W1, b1: -b1): "that is the bias alone: a unit with a larger weight moves less",
            (lambda W1, b1: -b1 / W1): "W1 has shape (1, 5), so the result has, too; W1[0] has "
            "shape (5,)",
            (lambda W1, b1: b1 / W1): "W1 has shape (1, 5), so the result has, too; and the sign: "
            "w x + b = 0 gives x = −b/w",
            (lambda W1, b1: -b1 / W1.T): "W1.T has shape (5, 1): every bias is divided by every "
            "weight; W1[0] has shape (5,)",
        },
        hints=(
            "Where is <code>w x + b = 0</code>? Solve it for one unit first.",
            "Then for all units at once: <code>b1</code> has shape (5,), and so has "
            "<code>W1[0]</code>.",
        ),
    ),
    "one_step": Exercise(
        reference=_step,
        cases=[
            (_X, _Y, *_layer(6, 2, 3), *_layer(7, 3, 1), 0.5),
            (_X, _Y, *_layer(8, 2, 2), *_layer(9, 2, 1), 2.0),
            (_X[1:3], _Y[1:3], *_layer(10, 2, 1), *_layer(11, 1, 1), 0.1),
        ],
        outputs=("W1", "b1", "W2", "b2"),
        mistakes={
            "    db1 ->     lr = -lr\n    db1": "you walk uphill: the step is minus lr times the "
            "gradient",
            "delta.sum -> -delta.sum": "the biases walk uphill: b − lr · db",
            "    db1 ->     lr = 1\n    db1": "the learning rate is missing",
            ("lr * db1 -> db1", "lr * db2 -> db2"): "the learning rate is missing in the updates "
            "of the biases",
            ("W1, b1 = -> W1, _ =", "W2, b2 = -> W2, _ ="): "the biases are not updated",
            "W2, b2 = -> W2, _ =": "b2 is not updated",
            "W1, b1 = -> W1, _ =": "b1 is not updated",
            "sum -> mean": "the slope of a bias is the sum of the deltas over the examples; yours "
            "is the mean",
            "axis=0 -> ": "delta.sum() without an axis adds up all units; a bias needs axis=0",
            "axis=0 -> axis=1": "delta.sum(axis=1) adds up along the units; the examples are "
            "axis=0",
            ".sum(axis=0) -> ": "the deltas of the biases are not added up over the examples: "
            ".sum(axis=0)",
            "axis=0 -> axis=0, keepdims=True": "keepdims=True leaves a 1 in the shape: your b1 is "
            "(1, 3), not (3,)",
            ("W1 + b1 -> W1", "W2 + b2 -> W2"): "the biases are missing in the forward pass",
            "W1 + b1 -> W1": "b1 is missing in the forward pass",
            "W2 + b2 -> W2": "b2 is missing in the forward pass",
            "return W1, b1, W2, b2 -> return W1, W2, b1, b2": "right values in another order; "
            "asked is W1, b1, W2, b2",
            "return W1, b1, W2, b2 -> return W2, b2, W1, b1": "right values, but the output layer "
            "comes first; asked is W1, b1, W2, b2",
            "W2.T -> (W2 - lr * A1.T @ delta2).T": "W2 was updated before the blame was sent back "
            "through it: compute delta1 first",
            " * A1 * (1 - A1) -> ": "the slope of the hidden units, A1 * (1 - A1), is missing in "
            "delta1",
            " * A2 * (1 - A2) -> ": "the slope of the output, A2 * (1 - A2), is missing in delta2",
            ("W1 - lr * -> ", "b1 - lr * -> ", "W2 - lr * -> ", "b2 - lr * -> "): "you return the "
            "gradients; asked are the new weights and biases",
        },
        hints=(
            "Forward with <code>+ b1</code> and <code>+ b2</code>; the two deltas are those of "
            "notebook 01; then four updates.",
            "The slope of a bias is the sum of its column, <code>delta1.sum(axis=0)</code>; what "
            "is returned is <code>new_W1, new_b1, new_W2, new_b2</code>.",
        ),
    ),
}

QUESTIONS = {
    "pinned": Question(
        text="A lone neuron without a bias is trained on AND, 1,000 steps. What does it say in "
        "the end?",
        options={
            "Close to 1 for (1, 1), close to 0 for the others: it has learned AND": "The border "
            "would have to cut off the corner (1, 1). Such a line exists, but it doesn't go "
            "through the origin.",
            "About ½ to everything": "(0, 0) gets ½ in any case. To say yes to (1, 1), one weight "
            "at least must be positive, and then (0, 1) or (1, 0) gets more than ½ as well. Every "
            "such error costs more than it brings: the smallest loss is at weights 0, where the "
            "neuron says ½ to everything.",
            "Close to 1 for (1, 1), but also for (0, 1) and (1, 0)": "Two positive weights do "
            "that. But two errors of nearly 1 cost more than four errors of ½: each error is "
            "squared.",
        },
        answer="B",
    ),
    "slide": Question(
        text="A unit has one input, the weight 2 and the bias −6: a = σ(2x − 6). Without the "
        "bias, its steep place is at x = 0. Where is it now?",
        options={
            "at x = −6": "At x = −6, z is 2 · (−6) − 6 = −18: the unit is far from undecided "
            "there.",
            "at x = −3": "The size is right, the sign isn't: a negative bias has to be made up "
            "for by a larger x before the unit says yes.",
            "at x = 3": "The steep place is where z = 0: from 2x − 6 = 0 follows x = 3. In "
            "general it is at −b/w.",
            "at x = 6": "That would be right for the weight 1. With the weight 2 the unit makes "
            "up for the −6 in half the way.",
        },
        answer="C",
    ),
    "at_zero": Question(
        text="XOR again, from 50 starts, with three <b>tanh</b> units, a sigmoid output and no "
        "bias anywhere. How many of them learn all four answers in 5,000 steps?",
        options={
            "All 50, as with sigmoid units": "Sigmoid units say ½ at (0, 0), which the output can "
            "use as a bias. Tanh units say 0 there.",
            "More than half, but not all": "No luck with the start can help: the answer for (0, "
            "0) doesn't depend on the weights at all.",
            "None": "At (0, 0) every tanh unit says 0. So the output unit gets only zeros, too, "
            "and says σ(0) = ½, whatever the weights are. It should say 0.",
        },
        answer="C",
    ),
    "sine": Question(
        text="One input, five sigmoid units, a linear output. Which biases does this network need "
        "to learn the sine from 0 to 2π well?",
        options={
            "None: the halves of the hidden units are bias enough": "The halves can lift the "
            "curve. They can't move a unit along the x axis.",
            "The output's bias is enough": "The output's bias lifts the whole curve by the same "
            "amount everywhere. The units stay where they are.",
            "The hidden units' biases are enough": "Without biases of their own, all hidden units "
            "are steep at x = 0 and nowhere else. The output's bias only moves the whole curve up "
            "or down.",
            "It needs both": "Both work as well, not better: once the units can slide, the "
            "output's bias adds little.",
        },
        answer="C",
    ),
}
