"""Exercises and questions of notebook 10, "Read handwriting"."""

import numpy as np

from nbhelpers.teaching.exercise import Exercise, Question


def _probabilities(seed, n):
    """Rows of ten probabilities, and classes that the highest one often gets right."""
    rng = np.random.default_rng(seed)
    P = rng.dirichlet(np.full(10, 0.2), n)
    y = np.where(rng.random(n) < 0.7, P.argmax(axis=1), rng.integers(0, 10, n))
    return P, y


def _answers(seed, n):
    P, y = _probabilities(seed, n)
    return y, P.argmax(axis=1)


def _accuracy(P, y):
    return np.mean(P.argmax(axis=1) == y)


def _confusions(y, answers):
    M = np.zeros((10, 10), int)
    np.add.at(M, (y, answers), 1)
    return M


def _with_help(P, y, threshold):
    sure = P.max(axis=1) >= threshold
    return np.mean(~sure), np.mean(P[sure].argmax(axis=1) == y[sure])


EXERCISES = {
    "accuracy": Exercise(
        reference=_accuracy,
        cases=[_probabilities(0, 50), _probabilities(1, 7), (np.eye(10)[:1], np.array([0]))],
        mistakes={
            "mean -> sum": "that is the number of right answers, not their share",
            "== -> !=": "that is the share of wrong answers",
            (lambda P, y: np.mean(P[np.arange(len(y)), y])): "that is the mean probability of the "
            "true class",
            (lambda P, y: P.max(axis=1).mean()): "that is the mean of the highest probabilities",
        },
        hints=(
            "Which class does the network answer? The position of the highest number in each row.",
            "<code>P.argmax(axis=1)</code> is that position; <code>axis=0</code> would look down "
            "the columns.",
            "Compare with <code>y</code>; the mean of True and False is the share of True.",
        ),
    ),
    "confusions": Exercise(
        reference=_confusions,
        cases=[_answers(2, 200), _answers(3, 30), (np.array([3]), np.array([8]))],
        mistakes={
            "(y, answers), -> (answers, y),": "rows and columns are swapped: rows are the true "
            "digits",
            "np.add.at(M, (y, answers), 1) -> M[y, answers] += 1": "M[y, answers] += 1 adds only "
            "once where a pair occurs several times",
            "    return ->     np.fill_diagonal(M, 0)\n    return": "that leaves out the right "
            "answers; the diagonal counts them",
        },
        hints=(
            "Go through the pairs: <code>for true, said in zip(y, answers)</code>.",
            "For each pair, one entry of <code>M</code> grows by one. Return <code>M</code>.",
        ),
    ),
    "with_help": Exercise(
        reference=_with_help,
        cases=[
            (*_probabilities(4, 200), 0.6),
            (*_probabilities(5, 60), 0.9),
            (*_probabilities(6, 9), 0.7),
        ],
        outputs=("share", "accuracy"),
        mistakes={
            "~sure -> sure": "that is the share the network keeps; asked is the share it passes on",
            ("P[sure] -> P", "y[sure] -> y"): "the accuracy is that of all images; asked is that "
            "of the ones it keeps",
            "y[sure]) -> y[sure]) * np.mean(sure)": "divide by the number of images that are "
            "kept, not by all of them",
            ("P[sure] -> P[~sure]", "y[sure] -> y[~sure]"): "that is the accuracy on the images "
            "that are passed on",
        },
        hints=(
            "Which rows are sure enough? <code>sure = P.max(axis=1) &gt;= threshold</code>.",
            "Two numbers: the mean of <code>~sure</code>, and the accuracy of "
            "<code>P[sure]</code>, <code>y[sure]</code>.",
        ),
    ),
}

QUESTIONS = {
    "nearest_average": Question(
        text="Ten average pictures, and each new digit gets the name of the nearest. What share "
        "of the validation images is right?",
        options={
            "about 10 %, it's guessing": "Guessing gives 10 %. But the averages look like digits, "
            "so they know something.",
            "about 50 %": "It does better: the ten averages are quite different from each other.",
            "about 85 %": "Most digits look more like the average of their own kind than like "
            "that of any other. A network has to be judged against this, not against guessing.",
            "about 95 %": "Not that well: within one digit, people's hands differ too much for "
            "one average.",
        },
        answer="C",
    ),
    "one_epoch": Question(
        text="The network sees each training image <b>once</b>, 430 steps in all. How many of the "
        "validation images does it then read right?",
        options={
            "about 50 %": "XOR needed hundreds of steps to get going at all. Its initial weights "
            "and its sigmoids made it slow; notebooks 04 and 05 look into that.",
            "about 75 %": "That is less than the nearest average manages without any training.",
            "about 95 %": "430 steps, each from 128 images, go a long way. The last few per cent "
            "are what takes the time.",
            "more than 99 %": "None in this notebook gets there; notebook 11 does, with other "
            "means.",
        },
        answer="C",
    ),
    "two_seeds": Question(
        text="Two of these networks are about equally good: 98.1 % each. On how many of the "
        "10,000 test images is one of them right and the other wrong?",
        options={
            "none or nearly none": "Each ends in other weights, so the doubtful images fall this "
            "way or that.",
            "about 10": "The totals are that close. But different images can add up to the same "
            "number.",
            "more than 100": "The totals hardly differ, the mistakes do: each network gets about "
            "190 wrong, and about a third of these are images that the other one reads. So a "
            "difference of ten images between two methods says nothing.",
        },
        answer="C",
    ),
}
