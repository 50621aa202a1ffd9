"""Exercises and questions of notebook 01, "Teach twenty lines of NumPy to compute XOR"."""

import numpy as np

from nbhelpers.activations import sigmoid
from nbhelpers.teaching.exercise import Exercise, Question

_X = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
_Y = np.array([[0], [1], [1], [0]])
_OUTPUTS = [  # A2 and Y
    (np.array([[0.7], [0.8], [0.6], [0.9]]), _Y),
    (np.random.default_rng(2).random((6, 1)), np.array([[0], [1], [1], [0], [1], [0]])),
    (np.array([[0.25]]), np.array([[1]])),
]


def _weights(seed, hidden):
    rng = np.random.default_rng(seed)
    return rng.normal(0, 2, (2, hidden)), rng.normal(0, 2, (hidden, 1))


def _examples(rows):
    """The four examples, over and over: X of shape (rows, 2) and Y of shape (rows, 1)."""
    return np.resize(_X, (rows, 2)), np.resize(_Y, (rows, 1))


def _activations(seed, rows, hidden):
    X, Y = _examples(rows)
    W1, W2 = _weights(seed, hidden)
    A1 = sigmoid(X @ W1)
    A2 = sigmoid(A1 @ W2)
    return _output_delta(A2, Y), W2, A1


def _deltas(seed, rows, hidden):
    delta2, W2, A1 = _activations(seed, rows, hidden)
    return _examples(rows)[0], A1, _hidden_delta(delta2, W2, A1), delta2


def _neuron(X, w):
    return sigmoid(X @ w)


def _loss(A2, Y):
    return 0.5 * np.sum((A2 - Y) ** 2)


def _output_delta(A2, Y):
    return (A2 - Y) * A2 * (1 - A2)


def _hidden_delta(delta2, W2, A1):
    return delta2 @ W2.T * A1 * (1 - A1)


def _gradients(X, A1, delta1, delta2):
    return X.T @ delta1, A1.T @ delta2


def _one_step(X, Y, W1, W2, lr):
    A1 = sigmoid(X @ W1)
    A2 = sigmoid(A1 @ W2)
    delta2 = (A2 - Y) * A2 * (1 - A2)
    delta1 = delta2 @ W2.T * A1 * (1 - A1)
    return W1 - lr * X.T @ delta1, W2 - lr * A1.T @ delta2


EXERCISES = {
    "neuron": Exercise(
        reference=_neuron,
        cases=[
            (_X, np.array([[2.0], [-1.0]])),
            (np.random.default_rng(1).normal(size=(6, 3)), np.array([[0.5], [-2.0], [1.0]])),
            (np.array([[3.0, -1.0]]), np.array([[1.0], [1.0]])),
            (np.random.default_rng(2).normal(size=(5, 3)), np.array([[1, -2], [2, 1], [-1, 3]])),
        ],
        remarks={
            3: "right for one column; with several columns in w (a layer), each row of X meets "
            "each of them, and each gives a column of answers"
        },
        mistakes={
            (lambda X, w: X @ w): "the squash is missing: that is the sum z, not yet the "
            "activation",
            (lambda X, w: X * w): "X * w goes number by number, and adds nothing up; a matrix "
            "product does both",
            "X @ w -> X * w.T": "X * w.T multiplies, but adds nothing up; a matrix product does "
            "both",
            (lambda X, w: w @ X): "w @ X is the wrong way round: each row of the first meets each "
            "column of the second",
            "X @ w -> sigmoid(X @ w)": "each sum is squashed twice; once is enough",
            (lambda X, w: sigmoid(X) @ w): "the inputs are squashed; first come the sums, then the "
            "squash",
            (lambda X, w: sigmoid(X) @ sigmoid(w)): "inputs and weights are squashed, each by "
            "itself; first come the sums, then the squash",
            **dict.fromkeys(
                (
                    ("X @ w -> X[:, :2] @ w[:2]",),
                    ("X @ w -> X[:, :2] @ w[:2, :1]",),
                    lambda X, w: np.array([sigmoid(x1 * w[0] + x2 * w[1]) for x1, x2 in X]),
                ),
                "it reads two inputs; where X has three columns, there is a third, with a weight "
                "of its own",
            ),
            (lambda X, w: np.sigmoid(X @ w)): "sigmoid is the notebook's own function, without np.",
            (lambda X, w: X @ w > 0): "that is the neuron that jumps; the squash takes the place "
            "of its threshold",
            (lambda X, w: 1 / 1 + np.exp(-X @ w)): "brackets are missing: 1 / 1 + exp(-z) is "
            "(1 / 1) + exp(-z)",
            "X @ w -> -(X @ w)": "the sign inside the sigmoid is turned around: it is 1 / (1 + "
            "exp(-z))",
        },
        hints=(
            "Two things happen: one matrix product gives the sums of all rows, then each sum is "
            "squashed. Which of them do you have?",
            "Python's matrix product is <code>@</code>. <code>sigmoid</code> takes a whole array, "
            "and squashes each number in it.",
        ),
    ),
    "loss": Exercise(
        reference=_loss,
        cases=_OUTPUTS,
        mistakes={
            "0.5 * -> ": "the ½ in front is missing",
            (lambda A2, Y: 0.5 * np.sum(A2 - Y)): "too much and too little cancel: square each "
            "difference",
            (lambda A2, Y: 0.5 * np.sum(A2 - Y) ** 2): "square each difference first, then add up",
            (lambda A2, Y: 0.5 * np.sum(np.abs(A2 - Y))): "those are the differences without their "
            "signs; here they are squared",
            "(A2 - Y) ** 2 -> A2**2 - Y**2": "square the difference, not each of the two",
            "np.sum -> np.mean": "the squares are averaged; here they are added up",
            (
                lambda A2, Y: np.mean((A2 - Y) ** 2)
            ): "that is the mean of the squares; here they are added up, and halved",
            (lambda A2, Y: 0.5 * (A2 - Y) ** 2): "that is one number a row; add them up",
            (
                lambda A2, Y: 0.5 * sum((A2 - Y) ** 2)
            ): "Python's own sum adds up the rows and leaves "
            "an array; np.sum adds up all numbers and gives one",
            (lambda A2, Y: sum((A2 - Y) ** 2)): "Python's own sum leaves an array, where np.sum "
            "gives one number; and the ½ is missing",
            (lambda A2, Y: (A2 - Y).T @ (A2 - Y)): "that adds up the squares, but in an array of "
            "shape (1, 1), where np.sum gives one number; and the ½ is missing",
            (lambda A2, Y: (A2 - Y) ** 2): "that is one number a row; add them up, then halve",
        },
        hints=(
            "From the inside out: a difference, its square, the sum, the half.",
            "<code>np.sum</code> of an array adds up all its numbers.",
        ),
    ),
    "output_delta": Exercise(
        reference=_output_delta,
        cases=_OUTPUTS,
        mistakes={
            "A2 - Y -> Y - A2": "look at the sign: the error is the answer minus the target",
            " * A2 * (1 - A2) -> ": "that is the error; the slope of the squash is missing",
            "(A2 - Y) * -> ": "that is the slope of the squash; the error is missing",
            " * (1 - A2) -> ": "the slope of the squash has two factors; yours is A2 alone",
            " * A2 * (1 - A2) -> * (1 - A2)": "the slope of the squash has two factors; yours is "
            "1 - A2 alone",
            "(A2 - Y) * A2 * (1 - A2) -> A2 - Y * A2 * (1 - A2)": "brackets are missing: "
            "A2 - Y * A2 takes Y times the rest from A2",
            " * (1 - A2) -> * 1 - A2": "brackets are missing: ... * 1 - A2 takes A2 from the rest",
            "A2 * (1 - A2) -> sigmoid(A2) * (1 - sigmoid(A2))": "A2 comes out of the sigmoid, and "
            "the slope is known from that; yours squashes A2 a second time",
            "(A2 - Y) -> (A2 - Y) ** 2": "the square belongs to the loss; its slope is A2 - Y",
            "(A2 - Y) -> 0.5 * (A2 - Y) ** 2": "that multiplies the loss itself; the slope of the "
            "loss is A2 - Y",
            "(A2 - Y) -> 2 * (A2 - Y)": "a factor 2 is left: the ½ of the loss cancels it",
            "1 - A2 -> 1 + A2": "that is A2 * (1 + A2): look at the sign",
            (lambda A2, Y: 0.5 * (A2 - Y) ** 2): "that is the loss of each row; asked is its slope",
            (lambda A2, Y: np.sum((A2 - Y) * A2 * (1 - A2))): "that adds up the blame of all "
            "rows; each row has its own",
        },
        hints=(
            "Two things are multiplied in the figure: the error, and the slope of the squash.",
            "The slope of the squash is the answer times one minus the answer. All of it goes "
            "number by number: <code>*</code>.",
        ),
    ),
    "hidden_delta": Exercise(
        reference=_hidden_delta,
        cases=[
            (np.array([[-0.0475]]), np.array([[0.544]]), np.array([[0.51]])),  # as in the box
            _activations(0, 4, 3),
            _activations(1, 6, 5),
            _activations(2, 1, 2),
        ],
        remarks={
            1: "right for one example and one hidden unit. With several, the column delta2 has to "
            "meet the weights lying on their side, W2.T, so that each example meets each unit"
        },
        mistakes={
            " * A1 * (1 - A1) -> ": "the slope of the hidden units' sigmoid is missing",
            " * (1 - A1) -> ": "the slope of the sigmoid has two factors; yours is A1 alone",
            "A1 * (1 - A1) -> (1 - A1)": "the slope of the sigmoid has two factors; yours is 1 - "
            "A1 alone",
            "A1 * (1 - A1) -> sigmoid(A1) * (1 - sigmoid(A1))": "A1 comes out of the sigmoid, and "
            "the slope is known from that; yours squashes A1 a second time",
            "(1 - A1) -> 1 - A1": "brackets are missing: A1 * 1 - A1 is (A1 * 1) - A1",
            "delta2 @ W2.T * A1 * (1 - A1) -> A1 * 1 - A1 * (delta2 @ W2.T)": "brackets are "
            "missing: A1 * 1 - A1 takes A1 times the rest from A1",
            "A1 * (1 - A1) -> (A1 * 1 - A1)": "brackets are missing: A1 * 1 - A1 is 0 whatever A1 "
            "is",
            "delta2 @ W2.T * A1 * (1 - A1) -> delta2 @ W2.T @ (A1 * (1 - A1))": "the first product "
            "is the matrix product that is needed; what follows goes number by number, *",
            "delta2 @ W2.T * A1 * (1 - A1) -> delta2 @ (W2.T * A1 * (1 - A1))": "the matrix "
            "product comes first: the brackets make it come last",
            (lambda delta2, W2, A1: -0.0475 * 0.544 * 0.51 * (1 - 0.51)): "those are the numbers "
            "of the box; take what comes in, by name",
            "delta2 @ W2.T -> W2.T @ delta2": "W2.T @ delta2 is the wrong way round",
            "delta2 @ W2.T * A1 * (1 - A1) -> A1 * (1 - A1) * delta2 @ W2.T": "A1 * (1 - A1) * "
            "delta2 is multiplied first; put brackets around the matrix product",
            "1 - A1 -> 1 + A1": "that is A1 * (1 + A1): look at the sign",
            " @ W2.T -> ": "the weights between the hidden units and the output are missing",
        },
        hints=(
            "Three factors: the blame that arrives through the weights, <code>A1</code>, and "
            "<code>1 - A1</code>. Which of them do you have?",
            "A column of four and a row of three have a matrix product of shape (4, 3), one number "
            "for each example and hidden unit. What follows goes number by number.",
        ),
    ),
    "gradients": Exercise(
        reference=_gradients,
        cases=[_deltas(0, 4, 3), _deltas(1, 6, 5), _deltas(2, 3, 1)],
        outputs=("dW1", "dW2"),
        mistakes={
            "return X.T @ delta1, A1.T @ delta2 -> return A1.T @ delta2, X.T @ delta1": "the two "
            "are in the wrong order: first dW1, then dW2",
            (
                "X.T @ delta1 -> X.T @ delta1 / len(X)",
                "A1.T @ delta2 -> A1.T @ delta2 / len(X)",
            ): "the products of the examples are averaged; here they are added up",
            (
                "X.T @ delta1 -> X.T @ delta1 / 4",
                "A1.T @ delta2 -> A1.T @ delta2 / 4",
            ): "the products of the four examples are averaged; here they are added up",
            ("X.T @ delta1 -> -X.T @ delta1", "A1.T @ delta2 -> -A1.T @ delta2"): "look at the "
            "sign: slopes, not steps downhill",
            "X.T -> X": "X has to lie on its side, so that the product adds up over the rows",
            "A1.T -> A1": "A1 has to lie on its side, so that the product adds up over the rows",
            **dict.fromkeys(
                ("X.T @ delta1 -> X.T * delta1", "X.T @ delta1 -> X * delta1"),
                "* goes number by number, and adds nothing up; a matrix product adds up over the "
                "examples",
            ),
            "X.T @ delta1 -> delta1 @ X.T": "delta1 @ X.T is the wrong way round: what meets in "
            "the middle has to be the examples, over which the product adds up",
            "A1.T @ delta2 -> delta2 @ A1.T": "delta2 @ A1.T is the wrong way round: what meets in "
            "the middle has to be the examples, over which the product adds up",
            "X.T @ delta1 -> X.T @ delta2": "the blame at the other end of W1 is delta1",
            "A1.T @ delta2 -> X.T @ delta2": "what came in at W2 is A1, not X",
            "return X.T @ delta1, A1.T @ delta2 -> return X.T @ delta2, A1.T @ delta1": "the two "
            "blames are swapped: X came in at W1, whose other end has delta1",
            "A1.T @ delta2 -> (A1 * (1 - A1)).T @ delta2": "what came in at W2 is A1 itself, "
            "without a slope",
        },
        hints=(
            "A slope is what came in times the blame: at <code>W2</code>, <code>A1</code> came in, "
            "and the blame is <code>delta2</code>.",
            "The shape of <code>dW2</code> is that of <code>W2</code>, (3, 1), made of (4, 3) and "
            "(4, 1): the fours, the examples, have to meet in the middle.",
        ),
    ),
    "one_step": Exercise(
        reference=_one_step,
        cases=[
            (_X, _Y, *_weights(3, 3), 0.5),
            (_X, _Y, *_weights(4, 2), 2.0),
            (_X[1:2], _Y[1:2], *_weights(5, 1), 0.1),
        ],
        outputs=("W1", "W2"),
        mistakes={
            ("W1 - lr -> W1 + lr", "W2 - lr -> W2 + lr"): "you walk uphill: the step is minus lr "
            "times the gradient, and delta2 begins with A2 - Y",
            ("W1 - lr * -> W1 -", "W2 - lr * -> W2 -"): "the learning rate is missing",
            ("W1 - lr * -> ", "W2 - lr * -> "): "you return the gradients; asked are the new "
            "weights, W - lr * dW",
            ("W1 - lr * X.T @ delta1 -> W1", "W2 - lr * A1.T @ delta2 -> W2"): "these are the "
            "weights as they came in; asked are those after the step, W - lr * dW",
            ("X.T @ delta1 -> X.T @ delta1 / len(X)", "A1.T @ delta2 -> A1.T @ delta2 / len(X)"): (
                "the slopes of the examples are averaged; here they are added up"
            ),
            "A2 - Y -> 2 * (A2 - Y)": "a factor 2 is left: the ½ of the loss cancels it",
            ("W1 - lr -> lr", "W2 - lr -> lr"): "you return the updates, lr * dW; asked are the "
            "new weights, W - lr * dW",
            ("W1 - lr -> -lr", "W2 - lr -> -lr"): "you return the updates, -lr * dW; asked are "
            "the new weights, W - lr * dW",
            "W2.T -> W2": "W2 has to lie on its side where the blame goes back",
            "W2.T -> (W2 - lr * A1.T @ delta2).T": "W2 was updated before the blame was sent back "
            "through it: compute delta1 first",
            " * A2 * (1 - A2) -> ": "the slope of the output's sigmoid, A2 * (1 - A2), is missing "
            "in delta2",
            " * A1 * (1 - A1) -> ": "the slope of the hidden units, A1 * (1 - A1), is missing in "
            "delta1",
        },
        hints=(
            "Forward first: <code>A1</code> and <code>A2</code>. Then <code>delta2</code>, "
            "<code>delta1</code>. Then both updates.",
            "<code>gradients(...)</code> gives <code>dW1</code> and <code>dW2</code>; what is "
            "returned is <code>W1 - lr * dW1</code> and <code>W2 - lr * dW2</code>.",
        ),
    ),
    "learnable": Exercise(
        reference=14,
        mistakes={
            4: "that is the number of rows: <code>says_yes</code> has a row for each point, and a "
            "column for each line",
            56: "that counts the numbers of all columns that differ, four in each",
            100_000: "that is how many lines were drawn; many of them answer alike",
            14 / 16: "that is a share of the sixteen; asked is how many",
            15: "XOR is not the only one: what about its opposite, “both the same”?",
            16: "all sixteen would include XOR",
            2: "that is how many values an answer can have, True and False; asked is how many "
            "columns differ",
        },
        hints=(
            "Each column of <code>says_yes</code> is what one line answers to the four points. How "
            "many <i>different</i> columns are there?",
            "<code>np.unique(says_yes, axis=1)</code> keeps one of each.",
        ),
    ),
}

QUESTIONS = {
    "delta": Question(
        text="The output's blame is δ<sub>2</sub> = −0.0475. From hidden unit 3, whose activation "
        "is 0.51, a weight of 0.544 leads there. What is the blame of hidden unit 3?",
        options={
            "−0.0475 · 0.544 = −0.0258": "That is the blame of its <i>activation</i>. Its sum has "
            "to go through the sigmoid first, whose slope is 0.51 · (1 − 0.51).",
            "−0.0475 · 0.544 · 0.51 · (1 − 0.51) = −0.00645": "Back along the weight, then through "
            "the slope of its own sigmoid.",
            "−0.0475 · 0.51 = −0.0242": "That is the slope of the <i>weight</i> between them: what "
            "came in, times the blame at its other end.",
        },
        answer="B",
    ),
    "rate": Question(
        text="At the learning rate 10, eight steps take the dot to the bottom. And eight steps at "
        "the rate 100?",
        options={
            "They are there after one or two, and stay": "The first one does land near the bottom. "
            "But the slope isn't 0 there, and a hundred times it throws the dot up the other side.",
            "They jump across the valley and don't settle": "Each step is a hundred times the "
            "slope: too long for a valley that is only a few units wide.",
            "They end at the same place, ten times as fast": "A rate is no speed along the curve: "
            "each step goes straight on, by its rate times the slope where it begins.",
        },
        answer="B",
    ),
    "ten_thousand": Question(
        text="Ten thousand steps of your function are about to be shown. How does the loss go?",
        options={
            "Down with every step, evenly": "The slope isn't the same everywhere. Where all "
            "answers are about ½, two rows ask for more and two for less, and they nearly cancel.",
            "Hardly at all for hundreds of steps, then it falls": "For some 300 steps it rests on "
            "a <b>plateau</b> at 0.5: the network answers about ½ to everything. Around step 400 "
            "the fourth answer turns right.",
            "Quickly at first, then ever more slowly": "So it goes in the end, and with equal "
            "steps on the axis that is most of what one sees. But before, hundreds of steps change "
            "next to nothing.",
        },
        answer="B",
    ),
    "hidden_units": Question(
        text="Fifty random starts for each size, 5,000 steps. What is the <b>smallest</b> number "
        "of hidden units with which more than half of the starts learn XOR?",
        options={
            "1": "One hidden unit passes on one number, and that number grows or falls along one "
            "direction of the plane. That can't bend anything.",
            "2": "Two units are enough to move the points so that one line separates them. One of "
            "our fifty starts with two gets stuck; none with three. (They all start with positive "
            "weights; below, try others.)",
            "3": "Three is what makes it reliable; most starts already learn with two.",
            "6": "Six work, of course. It needs far fewer.",
        },
        answer="B",
    ),
}
