"""Exercises and questions of notebook 08, "Read small digits, and stop fooling yourself"."""

import numpy as np

from nbhelpers.teaching.exercise import Exercise, Question


def _candidates(seed, n):
    """Accuracies of n candidates: on validation digits, and on test digits."""
    rng = np.random.default_rng(seed)
    skill = rng.uniform(0.90, 0.95, n)
    return skill + 0.02 * rng.standard_normal(n), skill + 0.02 * rng.standard_normal(n)


def _report(validation, test):
    return test[validation.argmax()]


def _arrays(seed, *shape):
    return tuple(np.random.default_rng(seed).standard_normal((3, *shape)))


def _step(p, g, v, lr, momentum):
    v = momentum * v - lr * g
    return p + v, v


def _early_stop(losses, patience):
    best, kept, bad = np.inf, 0, 0
    for epoch, loss in enumerate(losses, 1):
        bad += loss >= best
        if loss < best:
            best, kept, bad = loss, epoch, 0
        if bad >= patience:
            break
    return epoch, kept


_LOSSES = [
    np.array([1.0, 0.6, 0.4, 0.45, 0.38, 0.41, 0.40, 0.37, 0.39, 0.5, 0.36]),
    np.array([0.9, 0.5, 0.5, 0.6, 0.55, 0.7, 0.2]),
    np.array([0.8, 0.7, 0.6]),
    np.array([2.3]),
    np.array([0.5, 0.4, 0.42, 0.41, 0.44, 0.43, 0.3, 0.31, 0.32]),
    np.array([0.9, 0.5, 0.45, 0.6, 0.7, 0.65, 0.8, 0.75]),
]


def _matrix(seed, k):
    rng = np.random.default_rng(seed)
    return rng.integers(0, 5, (k, k)) + np.diag(rng.integers(20, 60, k))


def _precision_recall(M):
    d = np.diag(M)
    return d / M.sum(axis=0), d / M.sum(axis=1)


EXERCISES = {
    "report": Exercise(
        reference=_report,
        cases=[_candidates(0, 6), _candidates(1, 40), _candidates(8, 3), _candidates(3, 1)],
        mistakes={
            "test[validation.argmax()] -> test.max()": "that is the best test accuracy: you have "
            "chosen on the test set, so it flatters",
            "test[validation.argmax()] -> validation.max()": "that is the validation accuracy "
            "that made you choose it; the best of many numbers flatters",
            "test[validation.argmax()] -> validation.argmax()": "that is the <i>place</i> of the "
            "chosen candidate; its test accuracy is asked for",
            "test[validation.argmax()] -> validation[test.argmax()]": "the candidate is chosen on "
            "the test set, and its validation accuracy reported; it should be the other way round",
            "test[validation.argmax()] -> test.mean()": "that is the mean over all candidates; "
            "only the chosen one is reported",
            "argmax -> argmin": "argmin chooses the <i>worst</i> on the validation digits; these "
            "are accuracies",
            "validation.arg -> (validation + test).arg": "the two sets are put together to "
            "choose: then the test set has had its say",
        },
        hints=(
            "Which candidate do you choose? The test accuracies have no say in that.",
            "<code>validation.argmax()</code> is its place. What may you report of it?",
            "Its accuracy on digits that nobody has chosen by: <code>test[...]</code>.",
        ),
    ),
    "momentum": Exercise(
        reference=_step,
        cases=[
            (*_arrays(0, 4), 0.1, 0.9),
            (*_arrays(1, 3, 2), 0.5, 0.5),
            (*_arrays(2, 1), 0.01, 0.99),
            (*_arrays(3, 5), 0.2, 0.0),
        ],
        outputs=("p", "v"),
        mistakes={
            ("- lr -> + lr", "p + v -> p - v"): "your velocity has the other sign: p is right, "
            "but v should point where p goes",
            "- lr -> + lr": "the sign of the gradient: that goes uphill",
            ("v = -> old, v = v,", "p + v -> p + old"): "p takes the old velocity; work out the "
            "new one first, then take it",
            (
                "v = momentum * v - lr * g -> v, old = g, v",
                "p + v -> p - lr * g - momentum * old",
            ): "that remembers only the last gradient; the velocity remembers all of them",
            "p + v -> p - lr * g + v": "the gradient is taken twice: it is in v already, so p + v "
            "is enough",
            "v - lr * g -> (v - lr * g)": "the brackets: momentum slows down the old velocity "
            "only, not the new gradient",
            ("lr * g -> g", "p + v -> p + lr * v"): "the learning rate belongs to the gradient, "
            "inside v; yours multiplies the whole velocity",
            "lr * g -> g": "the learning rate is missing",
            "lr * g -> (1 - momentum) * lr * g": "yours multiplies the gradient by 1 - momentum "
            "as well; that is another form, whose steps are shorter",
            (lambda p, g, v, lr, momentum: (p - lr * g, v)): "p moves, but without the velocity",
            ("- lr * g -> ", "p + v -> p - lr * g + v"): "p is right, but your velocity leaves "
            "out the new push, -lr * g; it must go on as well",
            "p + v -> p - v": "v points downhill already, so it is added to p, not taken away",
            "momentum * v -> ": "the old velocity is forgotten; a share of it, momentum * v, goes "
            "on",
            "p + v, v -> v, p + v": "the order: return p first, then v",
        },
        hints=(
            "First the new velocity: a share of the old one, minus learning rate times gradient.",
            "<code>v = momentum * v - lr * g</code>: a new array, so that yours is untouched.",
            "Then <code>return p + v, v</code>.",
        ),
    ),
    "early_stop": Exercise(
        reference=_early_stop,
        cases=[(losses, patience) for losses in _LOSSES for patience in (3, 2)],
        outputs=("stopped", "kept"),
        mistakes={
            "return epoch, kept -> return epoch - 1, kept - 1": "the first epoch is 1; yours "
            "count from 0",
            ">= patience -> > patience": "it waits one epoch too long: with patience 2, it stops "
            "at the second epoch in a row without a new lowest loss",
            ">= patience -> >= patience - 1": "it stops one epoch too early",
            "return epoch, kept -> return epoch, int(np.argmin(losses)) + 1": "the kept epoch is "
            "the best of <i>all</i> losses; those after the stop don't exist",
            "return epoch, kept -> return epoch, epoch": "the epoch that is kept is the best so "
            "far, not the one at which it stops",
            "bad += loss >= best -> bad = (bad + 1) * (loss >= losses[epoch - 2])": "compare with "
            "the <i>best</i> loss so far, not with that of the epoch before",
            "kept, bad = loss, epoch, 0 -> kept = loss, epoch": "your count of epochs without a "
            "new lowest loss is never set back; at a new lowest loss it begins again",
            "return epoch, kept -> return epoch, best": "<i>kept</i> is the number of an epoch; "
            "yours is its loss",
            "break -> continue": "it never stops",
            "if bad -> kept = int(np.argmin(losses)) + 1\n        if epoch - kept": "the best of "
            "<i>all</i> losses decides; go through them one by one, and stop before the later "
            "ones are known",
            "loss < best -> loss <= best": "an equal loss is no new lowest one: compare with "
            "&lt;, not with &lt;=",
            "return epoch, kept -> return kept, epoch": "the order: return first when it stops, "
            "then what it keeps",
        },
        hints=(
            "Go through the losses with <code>for epoch, loss in enumerate(losses, 1)</code>; "
            "remember the lowest loss and its epoch.",
            "A new lowest loss: remember it. Otherwise: how many epochs is the best one ago? If "
            "that is <code>patience</code>, return.",
            "If the loop comes to its end, training has stopped at the last epoch.",
        ),
    ),
    "precision_recall": Exercise(
        reference=_precision_recall,
        cases=[(_matrix(0, 3),), (_matrix(1, 10),), (np.array([[5, 1], [0, 4]]),)],
        outputs=("precision", "recall"),
        mistakes={
            ("axis=0 -> axis=-1", "axis=1 -> axis=0"): "precision and recall are swapped: rows "
            "are the true digits, so a row's sum is how many there <i>are</i>, a column's how "
            "often it was <i>said</i>",
            ("axis=0 -> ", "axis=1 -> "): "that is a share of <i>all</i> digits; divide by the "
            "sum of a column, or of a row",
            (
                "M.sum(axis=0) -> (M.sum(axis=0) - d)",
                "M.sum(axis=1) -> (M.sum(axis=1) - d)",
            ): "divide by all in the column or row, the right ones included",
            (lambda M: tuple(part.mean() for part in _precision_recall(M))): "those are means "
            "over the classes; a number for each class is asked for",
        },
        hints=(
            "What is right stands on the diagonal: <code>np.diag(M)</code>.",
            "How often was digit j said? Add up column j: <code>M.sum(axis=0)</code>. How many "
            "are there of digit i? Add up row i: <code>M.sum(axis=1)</code>.",
            "Precision: right ones by those said. Recall: right ones by those there are.",
        ),
    ),
}

QUESTIONS = {
    "dice": Question(
        text="300 digits get names drawn by dice: a 7 may be called 2, the next one 9. The "
        "network trains on them for 400 epochs. How many of these 300 will it then call by their "
        "dice names?",
        options={
            "about 10 %: there is nothing to learn": "There is no <i>rule</i> to learn. But it "
            "doesn't need one: it can learn each digit by heart.",
            "about half": "It needs many epochs, but nothing stops it at half.",
            "all, or nearly all": "With 3,610 weights and biases for 300 digits it has room to "
            "learn each of them by heart. Accuracy on the digits that it was trained on says "
            "nothing about reading.",
        },
        answer="C",
    ),
    "chosen": Question(
        text="The best of the 200 candidates reads 97 of the 100 digits right. How many of a "
        "hundred <i>other</i> digits will it read right, about?",
        options={
            "97, as measured": "Not even the best of all reads 97: it reads 95 of a hundred. This "
            "one was chosen where it was lucky, and of 200 somebody always is.",
            "95 or 96": "Luck is larger than that: 100 digits leave room for two or three points "
            "either way, and the luckiest of 200 wins.",
            "93 or 94": "It is one of the good ones, and it was also lucky with these 100 digits. "
            "On others it is still good, but luck doesn't come along.",
            "85": "No candidate that is really that bad comes out on top of 100 digits.",
        },
        answer="C",
    ),
    "order": Question(
        text="Instead of a random quarter, we take the <i>last</i> quarter of the file as test "
        "digits. The same network, the same number of digits. What changes?",
        options={
            "nothing: a digit is a digit": "If the file were in random order, that would be right.",
            "the accuracy goes up by a few points": "The last quarter is the harder one. Think of "
            "who wrote the digits.",
            "the accuracy goes down by a few points": "Thirteen people wrote these digits, and "
            "the file isn't shuffled. So the last quarter holds hands that the network has hardly "
            "seen. A random quarter asks: can it read more digits by the same people? The last "
            "one asks: can it read other people's?",
        },
        answer="C",
    ),
    "rate_zero": Question(
        text="The tutorial's form with its momentum factor M = 0.5, and the learning rate set to "
        "<b>zero</b>. What does the network learn in ten epochs?",
        options={
            "nothing: no rate, no step": "The new gradient makes no step. The last one does, with "
            "the factor M.",
            "a little, very slowly": "A factor of 0.5 isn't slow: it is a large learning rate.",
            "as much as with a learning rate of 0.01": "The last gradient is added with the "
            "factor M, whatever the learning rate. So M <i>is</i> a learning rate, of 0.5, and "
            "the real one hardly matters beside it.",
        },
        answer="C",
    ),
}
