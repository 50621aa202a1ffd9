"""Exercises and questions of notebook 00, and the smallest example of a bank."""

import numpy as np

from nbhelpers.teaching.exercise import Exercise, Question

_rng = np.random.default_rng(0)


def _weighted_sum(x, w):
    return (x * w).sum()


EXERCISES = {
    "weighted_sum": Exercise(
        reference=_weighted_sum,
        cases=[
            (np.array([1.0, 2.0, 3.0]), np.array([0.5, -1.0, 2.0])),
            (_rng.normal(size=5), _rng.normal(size=5)),
            (np.array([3.0]), np.array([-2.0])),
        ],
        mistakes={
            (lambda x, w: x * w): "the products are there, but they are not added up",
            (lambda x, w: x.sum()): "the inputs are added up without their weights",
            (lambda x, w: (x + w).sum()): "inputs and weights are added instead of multiplied",
            (lambda x, w: x + w): "inputs and weights are added instead of multiplied, and nothing "
            "is added up",
            (lambda x, w: x[-1] * w[-1]): "that is the last product alone: a sum that is set to 0 "
            "within the loop begins anew in every round",
            (lambda x, w: x[0] * w[0] + x[1] * w[1]): "those are the first two products; there may "
            "be any number of inputs",
            (lambda x, w: (x * w).mean()): "the products are averaged instead of added up",
            (lambda x, w: x.sum() * w.sum()): "both are added up before they are multiplied; each "
            "input has a weight of its own",
            (lambda x, w: x[0] * w[0]): "that is the first product alone; a return inside the loop "
            "ends it in its first round",
        },
        hints=(
            "Multiply each input by its own weight, then add up the products: one number.",
            "<code>x * w</code> multiplies element by element; <code>.sum()</code> adds up.",
        ),
    )
}

QUESTIONS = {
    "untrained": Question(
        text="A network with random weights, which has not been trained at all, is asked to read "
        "5,000 handwritten digits. How many does it get right?",
        options={
            "none": "To be wrong every time, a network would have to know the right answer.",
            "about 500": "There are ten digits. A guess that knows nothing is right about one "
            "time in ten.",
            "about 2,500": "Half of them would be chance if there were only two digits.",
        },
        answer="B",
    )
}
