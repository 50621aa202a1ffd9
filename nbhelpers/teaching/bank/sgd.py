"""Exercises and questions of notebook 03, "Learn a curve from small batches"."""

import numpy as np

from nbhelpers.teaching.exercise import Exercise, Question

_rng = np.random.default_rng(0)


def _rmse(A, Y):
    return np.sqrt(np.mean((A - Y) ** 2))


def _batches(X, batch_size, rng):
    order = rng.permutation(len(X))
    return [order[start : start + batch_size] for start in range(0, len(X), batch_size)]


def _line(seed, n, batch_size, lr):
    rng = np.random.default_rng(seed)
    X, Y = rng.normal(size=(n, 1)), rng.normal(size=(n, 1))
    return X, Y, rng.normal(size=(1, 1)), rng.normal(size=1), rng.permutation(n), batch_size, lr


def _one_epoch(X, Y, w, b, order, batch_size, lr):
    for start in range(0, len(X), batch_size):
        rows = order[start : start + batch_size]
        delta = (X[rows] @ w + b - Y[rows]) / len(rows)
        w = w - lr * X[rows].T @ delta
        b = b - lr * delta.sum(axis=0)
    return w, b


EXERCISES = {
    "limits": Exercise(
        reference=(1.0, 0.1),
        tolerance=0.006,
        outputs=("round_limit", "stretched_limit"),
        mistakes={
            (0.5, 0.09): "those are the rates that need the fewest steps; the limit is higher",
            (1, 1): "the limit of the round bowl is not that of the stretched one: try 0.2 there",
            (1, 10): "a steeper bowl needs shorter steps, not longer ones",
            (0.5, 0.05): "at half the limit one step leads to the bottom; the limit is higher",
            (0.9, 0.09): "at 0.9 each step still lands lower than it was",
            (1.05, 0.105): "there the heights already grow",
        },
        hints=(
            "Compare <code>height(descend(0.95)[-1])</code> with the height at the start, 0.7957. "
            "Then try the middle of what is left.",
            "For the stretched bowl, give <code>steepness=(1, 10)</code> to <code>descend</code> "
            "and to <code>height</code>, and start between 0.01 and 0.5.",
            "At the border each step lands exactly as far out as it was, on the other side.",
        ),
    ),
    "rmse": Exercise(
        reference=_rmse,
        cases=[tuple(_rng.normal(size=(2, *shape))) for shape in [(31, 1), (8, 3), (1, 1)]],
        mistakes={
            "np.sqrt -> ": "the root is missing",
            (lambda A, Y: np.mean(np.abs(A - Y))): "that is the mean of the absolute differences: "
            "square, then take the mean, then the root",
            "mean -> sum": "the sum stands where the mean belongs",
            (lambda A, Y: np.sqrt(np.abs(np.mean(A - Y)) ** 2)): "square each difference first, "
            "then take the mean",
            (lambda A, Y: np.mean(A - Y)): "positive and negative differences cancel: square them "
            "first",
            "** 2) -> ** 2) / 2": "there is no ½ in the root mean squared error; that belongs to "
            "the loss",
            (lambda A, Y: np.sqrt(np.abs(np.mean(A**2 - Y**2)))): "take the differences first, "
            "then square: (A - Y) ** 2",
        },
        hints=(
            "Read the name backwards: error, squared, mean, root.",
            "<code>(A - Y) ** 2</code>, then <code>np.mean</code>, then <code>np.sqrt</code>.",
        ),
    ),
    "batches": Exercise(
        reference=_batches,
        cases=[
            (np.zeros((10, 1)), 4, np.random.default_rng(0)),
            (np.zeros((7, 2)), 3, np.random.default_rng(1)),
            (np.zeros((3, 1)), 5, np.random.default_rng(2)),
            (np.zeros((8, 1)), 4, np.random.default_rng(3)),  # nothing is left over
        ],
        outputs=("first batch", "second batch", "last, smaller batch"),
        mistakes={
            "rng.permutation -> np.arange": "nothing is shuffled",
            (
                "rng.permutation -> np.arange",
                "range(0, len(X), batch_size) -> rng.permutation(range(0, len(X), batch_size))",
            ): "that shuffles the batches; the same examples share one in every epoch",
            (
                "rng.permutation -> np.arange",
                "[order -> [rng.permutation(order",
                "batch_size] for -> batch_size]) for",
            ): "that shuffles within each batch; the same examples share one in every epoch",
            "start + batch_size -> start + batch_size - 1": "start : start + batch_size already "
            "leaves out its end; yours is one short",
            ("order = rng.permutation(len(X)) -> pass", "order -> rng.permutation(len(X))"): "you "
            "shuffle anew for every batch, so some examples come twice and some never; shuffle "
            "once, before the loop",
            (lambda X, m, rng: [rng.permutation(len(X))[:m] for _ in range(0, len(X), m)]): "you "
            "shuffle anew for every batch and take the first few, so some examples come twice and "
            "some never; shuffle once, before the loop",
            (
                "order = rng.permutation(len(X)) -> pass",
                "order[start : start + batch_size] -> rng.integers(0, len(X), batch_size)",
            ): "that draws with replacement: some examples come twice, others never",
            "permutation(len(X)) -> integers(0, len(X), len(X))": "all are drawn with "
            "replacement: some examples come twice, others never",
            "permutation(len(X)) -> choice(len(X), len(X), replace=False)": "each example occurs "
            "once, which is right; only, the check compares with what rng.permutation gives",
            "start + batch_size -> batch_size": "the slice ends at start + batch_size, not at "
            "batch_size",
            ("[order -> [X[order", "batch_size] for -> batch_size]] for"): "asked are the row "
            "numbers, not the rows of X themselves",
        },
        hints=(
            "First the new order of all the row numbers: "
            "<code>order = rng.permutation(len(X))</code>.",
            "Then cut it into pieces: <code>order[start : start + batch_size]</code> for "
            "<code>start</code> = 0, <code>batch_size</code>, 2 <code>batch_size</code>, …",
            "<code>range(0, len(X), batch_size)</code> gives these starts. A slice that goes "
            "beyond the end is cut off there, so the last batch needs no special care.",
        ),
    ),
    "one_epoch": Exercise(
        reference=_one_epoch,
        cases=[_line(3, 10, 4, 0.1), _line(4, 8, 2, 0.3), _line(5, 1, 3, 0.5)],
        outputs=("w", "b"),
        mistakes={
            "Y[rows] -> Y[start : start + len(rows)]": "X is shuffled, but Y is not: use the same "
            "rows of both",
            "order[ -> np.arange(len(X))[": "the order is not used: the rows are order[start : "
            "start + batch_size]",
            "len(rows) -> batch_size": "divide by len(rows): the last batch is smaller than "
            "batch_size",
            "len(rows) -> len(X)": "divide by the number of examples in the batch, not of all "
            "examples",
            " / len(rows) -> ": "the mean is missing: divide by len(rows)",
            "(X[rows] @ w + b - Y[rows]) -> ((A := X[rows] @ w + b) - Y[rows]) * A * (1 - A)": "the"
            " unit is linear, so its slope is 1: no a (1 - a) here",
            "len(rows) -> len(rows) ** 2": "the mean is taken twice: divide by len(rows) once, in "
            "delta",
            "len(rows) -> len(rows) * 2": "the ½ of the loss cancels the 2; yours has an extra "
            "factor 2",
            ("w - lr -> w + lr", "b - lr -> b + lr"): "you walk uphill: the step is minus lr "
            "times the gradient",
            "    for ->     batch_size = len(X)\n    for": "that is one step with all examples; "
            "an epoch makes a step for each batch",
            "    return ->         return": "that is only the first batch; is the return inside "
            "the loop, or does the slice end at batch_size instead of start + batch_size?",
            "len(X), batch_size -> len(X) - batch_size + 1, batch_size": "the last, smaller batch "
            "is left out",
            ("    for ->     first = w, b\n    for", "@ w + b -> @ first[0] + first[1]"): "every "
            "batch starts from the first w and b; use the ones from the step before",
            "delta.sum(axis=0) -> np.sum(X[rows] @ w + b - Y[rows], axis=0) / len(rows)": "b is "
            "updated with the new w: compute delta first, then both updates",
            "sum -> mean": "the slope of b is delta.sum(axis=0); the mean is in delta already",
        },
        hints=(
            "A loop over the starts, as in exercise 3. In it: the rows, <code>delta</code>, two "
            "updates.",
            "<code>delta = (X[rows] @ w + b - Y[rows]) / len(rows)</code>.",
            "The slopes are <code>X[rows].T @ delta</code> and <code>delta.sum(axis=0)</code>. "
            "Write <code>w = w - …</code>, not <code>w -= …</code>.",
        ),
    ),
    "largest_rate": Exercise(
        reference=lambda steepness: 1 / np.max(steepness),
        cases=[(np.array([1.0, 10.0]),), (np.array([3.0, 0.5, 2.0]),), (np.array([0.2]),)],
        mistakes={
            (lambda s: 1 / np.min(s)): "the steepest direction sets the limit, not the flattest",
            (lambda s: 2 / np.max(s)): "the slope of s p² is 2 s p: with its 2, the limit is half "
            "of yours",
            (lambda s: 0.5 / np.max(s)): "there the steepest direction needs one step; the limit "
            "is where its factor is −1",
            (lambda s: np.max(s)): "upside down: a steeper bowl needs shorter steps",
            (lambda s: 1 / s[0]): "the steepest direction need not be the first: take the largest",
            (lambda s: 1 / np.sum(s)): "the directions don't add up: each has its own factor",
            (lambda s: 1 / np.mean(s)): "the mean of the directions doesn't matter: each has its "
            "own factor",
        },
        hints=(
            "By what does a step multiply each coordinate?",
            "<code>1 - 2 * s * lr</code> for each <code>s</code>: which of them reaches −1 first?",
        ),
    ),
}

QUESTIONS = {
    "jump": Question(
        text="The learning rate 0.9 instead of 0.01. What will the path look like?",
        options={
            "A straight line to the bottom, in fewer steps": "That is what it does up to 0.5. "
            "Beyond that, a step is longer than the way.",
            "It jumps over the bottom to the other side, again and again, and comes nearer": "At "
            "0.9 a step is 1.8 times as long as the way to the bottom. So it lands on the other "
            "side, at 0.8 times the distance.",
            "It flies away": "Nearly: it does so a little later, at 1.05 for example.",
        },
        answer="B",
    ),
    "spread": Question(
        text="Batches of 4 instead of 1: how much nearer are they to the full gradient, typically?",
        options={
            "half as far": "Errors of independent draws partly cancel. In a mean of four they "
            "don't cancel to a quarter, but to half: the square root of four is two.",
            "a quarter as far": "That would be so if of four errors three cancelled completely. "
            "They are random, so they do only partly.",
            "a sixteenth as far": "That is four times four; it goes the other way, by the square "
            "root.",
            "no nearer": "They do get nearer: some draws err to the left, others to the right.",
        },
        answer="A",
    ),
    "seconds": Question(
        text="The same 24,000 steps, now against <b>seconds</b>. What becomes of the lead of “one "
        "at a time”?",
        options={
            "it stays": "It makes more of an epoch, but its epochs take longer, too.",
            "it's gone": "It was ahead because an epoch of it has 32 steps. With 32 examples, a "
            "step from all of them takes hardly longer than one from a single example. So in a "
            "second all three make about as many steps, and those of the smallest batch have to "
            "be shorter, because of their noise.",
            "it grows": "Its steps would have to be much cheaper for that. They cost nearly the "
            "same.",
        },
        answer="B",
    ),
    "changes": Question(
        text="We change <b>one</b> thing in the tutorial's network and let every version have the "
        "learning rate that suits it best. Which change buys most?",
        options={
            "shuffling the examples": "A good guess: alone it is second, and our program needs it "
            "more than anything.",
            "a bias for the output": "Alone it buys next to nothing. Beside other changes it does.",
            "normal weights instead of weights between 0 and 1": "Alone they buy nothing. Beside "
            "other changes they do.",
            "a linear output instead of the sigmoid": "A linear output alone divides the "
            "tutorial's error by more than two. Shuffling is second.",
        },
        answer="D",
    ),
}
