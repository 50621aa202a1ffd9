"""Exercises and questions of notebook 12, "Hand over to the libraries"."""

import itertools

import numpy as np
from sklearn.model_selection import GridSearchCV
from sklearn.neural_network import MLPClassifier as Theirs
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from nbhelpers.datasets import clouds
from nbhelpers.estimators import MLPClassifier
from nbhelpers.teaching.exercise import Exercise, Question


class _Learner(Theirs):
    """A network of scikit-learn that goes on learning after it has answered: in place."""

    def __repr__(self):
        return "a network of scikit-learn"

    def predict_proba(self, X):
        P = super().predict_proba(X)
        for p in self.coefs_ + self.intercepts_:
            p += 1
        return P


def _handed(seed, sizes, n):
    """Weights, biases, a learner of these sizes with weights of its own, and examples."""
    rng = np.random.default_rng(seed)
    X, classes = rng.standard_normal((n, sizes[0])), np.arange(sizes[-1])
    model = _Learner(hidden_layer_sizes=sizes[1:-1], activation="tanh", random_state=seed)
    model.partial_fit(rng.standard_normal((len(classes), sizes[0])), classes, classes=classes)
    W = [rng.standard_normal(shape) for shape in itertools.pairwise(sizes)]
    return W, [rng.standard_normal(m) for m in sizes[1:]], model, X


# Layers of equal size first, where everything fits and each mistake gives values of its own.
_HANDED = [_handed(0, (3, 3, 3, 3), 5), _handed(1, (3, 5, 4, 3), 1), _handed(2, (2, 4, 3), 7)]


def _hand_over(W, b, model, X):
    model.coefs_ = [w.copy() for w in W]
    model.intercepts_ = [v.copy() for v in b]
    return model.predict_proba(X)


def _adam_step(p, g, m, v, t, lr):
    m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g**2
    m_hat, v_hat = m / (1 - 0.9**t), v / (1 - 0.999**t)
    return p - lr * m_hat / (np.sqrt(v_hat) + 1e-8), m, v


def _stepped(seed, shape, t):
    """Parameters, a gradient of sizes from 1e-9 to 1, and the averages after t - 1 steps."""
    rng = np.random.default_rng(seed)
    size, signs = 10 ** rng.uniform(-9, 0, shape), rng.choice([-1.0, 1.0], (t, *shape))
    m, v = np.zeros(shape), np.zeros(shape)
    for i, sign in enumerate(signs[:-1], 1):
        _, m, v = _adam_step(0, sign * size, m, v, i, 0)
    return 0.1 * rng.standard_normal(shape), signs[-1] * size, m, v, t, 0.05


def _pipe():
    return make_pipeline(StandardScaler(), MLPClassifier(max_iter=4, batch_size=10, random_state=0))


def _points(seed, n):
    """Clouds far from the origin on axes of different length: the scaler matters."""
    X, y = clouds(n, rng=np.random.default_rng(seed), dtype=np.float64)
    return X * [10, 0.1] + [30, 0], y


_FOUND = {}  # what has been searched for -> results


def _search(pipe, grid, folds, X, y):
    key = repr(grid), folds, X.tobytes()
    if key not in _FOUND:
        _FOUND[key] = GridSearchCV(pipe, grid, cv=folds).fit(X, y).cv_results_
    return _FOUND[key]


def _scores(pipe, X, y):
    grid = {"hidden_layer_sizes": [(2,), (8,)], "learning_rate_init": [0.003, 0.03]}
    grid = {"mlpclassifier__" + name: values for name, values in grid.items()}
    return _search(pipe, grid, 3, X, y)["mean_test_score"]


EXERCISES = {
    "hand_over": Exercise(
        reference=_hand_over,
        cases=_HANDED,
        mistakes={
            ("w.copy() -> w", "v.copy() -> v"): "the arrays are shared, not copied (W.copy() "
            "copies only the list): W and b go on changing with the model",
            "model.intercepts_ -> unused": "the biases are missing: model.intercepts_",
            "model.coefs_ -> unused": "the weights are missing: model.coefs_",
            "w.copy() -> w.T.copy()": "scikit-learn keeps weights as we do, (n_in, n_out); "
            "nothing has to be laid on its side",
            ("in W -> in W[::-1]", "in b -> in b[::-1]"): "the layers are in reverse order; both "
            "lists begin at the inputs",
            ("model.coefs_ -> unused", "model.intercepts_ -> unused"): "the model has answered "
            "with the weights that it came with",
        },
        hints=(
            "<code>model.coefs_</code> is a list of arrays as <code>W</code> is one, and "
            "<code>model.intercepts_</code> is what <code>b</code> is.",
            "A list of copies: <code>[w.copy() for w in W]</code>. With <code>W</code> itself, "
            "both own the same arrays, and when the model goes on learning, yours change.",
            "Return <code>model.predict_proba(X)</code> at the end.",
        ),
    ),
    "adam_step": Exercise(
        reference=_adam_step,
        cases=[_stepped(0, (4, 3), 1), _stepped(1, (7,), 5), _stepped(2, (1, 9), 40)],
        outputs=("p", "m", "v"),
        mistakes={
            "1e-8 -> 1e-8 / np.sqrt(1 - 0.999**t)": "that is scikit-learn's place for ε: it is "
            "added to √v; here it is added to √v̂, after the correction",
            "(np.sqrt(v_hat) + 1e-8) -> np.sqrt(v_hat + 1e-8)": "ε stands under the root; add it "
            "to the root",
            " + 1e-8 -> ": "ε is missing under the fraction, or the brackets are: / (√v̂ + ε)",
            "p, g, m, v, t -> p, m, v, g, t": "the arguments come in another order than in "
            "notebook 09: p, g, m, v, t, lr",
            ("m / (1 - 0.9**t) -> m", "v / (1 - 0.999**t) -> v"): "m and v have to be corrected "
            "for the step: m / (1 - 0.9**t), v / (1 - 0.999**t)",
            "1e-8), m, v -> 1e-8), m_hat, v_hat": "return m and v as they are; the correction is "
            "for this step's use alone",
            "np.sqrt(v_hat) -> v_hat": "the root is missing: divide by √v̂ + ε",
            "p - lr -> p + lr": "the step goes uphill: p - lr * ...",
            (
                "    m, v ->     old_m, old_v = m, v\n    m, v",
                "= m / -> = old_m / ",
                ", v / -> , old_v / ",
            ): "m and v take in the new gradient first, then they are used",
            "lr * m_hat -> lr * g": "the step follows the average m, not the gradient itself",
            (
                "0.9 * m + 0.1 -> 0.999 * m + 0.001",
                "0.999 * v + 0.001 -> 0.9 * v + 0.1",
                "0.9**t -> 0.999 **t",
                "0.999**t -> 0.9**t",
            ): "0.9 belongs to m and 0.999 to v; yours are swapped",
            "g**2 -> g": "v averages the squares, g**2",
            ("0.9 * m + 0.1 -> 0.1 * m + 0.9", "0.999 * v + 0.001 -> 0.001 * v + 0.999"): "the "
            "average keeps 0.9 of itself and takes in 0.1 of the new (0.999 and 0.001 for v); "
            "yours is the other way round",
            "v / (1 - 0.999**t) -> v / (1 - 0.999**t) ** 2": "correct v first, then take the root",
        },
        hints=(
            "First the averages: <code>m = 0.9 * m + 0.1 * g</code>, and <code>v</code> likewise, "
            "with 0.999, 0.001 and <code>g**2</code>.",
            "Then what they are corrected to: <code>m / (1 - 0.9**t)</code> and "
            "<code>v / (1 - 0.999**t)</code>. Give these new names: <code>m</code> and "
            "<code>v</code> themselves are returned.",
            "The step is <code>lr</code> times the first, divided by the root of the second plus "
            "<code>1e-8</code>.",
        ),
    ),
    "grid": Exercise(
        reference=_scores,
        cases=[(_pipe(), *_points(0, 20)), (_pipe(), *_points(1, 12))],
        mistakes={
            '"mlpclassifier__" -> ""': "the names need the step of the pipeline in front: "
            "mlpclassifier__hidden_layer_sizes",
            "__ -> _": "two underscores stand between the step and its setting",
            "mean_test -> std_test": "these are spreads; asked are the means",
            "mean_test -> rank_test": "these are ranks; asked are the mean scores",
            "grid, 3 -> grid, 5": "three folds are asked for, cv=3; without it there are five",
            'score"] -> score"][[0, 3]]': "these are two settings; a grid tries each size with "
            "each rate",
            'score"] -> score"][[1, 0, 3, 2]]': "the order: sizes first, rates second, as the "
            "question names them, and each list in its own order",
            'score"] -> score"].max()': "that is the best score alone; asked are all four",
        },
        hints=(
            "A grid is a dictionary: name of the setting → list of its values.",
            "<code>pipe.steps</code> shows the two steps and their names, "
            "<code>standardscaler</code> and <code>mlpclassifier</code>. A setting of the second "
            "one is called "
            "<code>mlpclassifier__learning_rate_init</code>, with two underscores.",
            "<code>GridSearchCV(pipe, grid, cv=3).fit(X, y).cv_results_['mean_test_score']</code>.",
        ),
    ),
    "networks": Exercise(
        reference=301,
        mistakes={
            300: "one is missing: in the end the best setting is trained on all examples "
            "(refit=True)",
            60: "that is one network for each line of the grid, but each is trained once for each "
            "fold",
            61: "the refit is there, but each line of the grid is trained once for each fold",
            12: "that adds up the lengths of the lists; a grid tries each value with each other",
        },
        hints=(
            "How many lines has the grid: each size with each learning rate with each seed?",
            "Each line is trained once for each fold.",
            "And <code>refit=True</code> trains one more.",
        ),
    ),
}

QUESTIONS = {
    "same_settings": Question(
        text="Our network and scikit-learn's with the <b>same</b> settings, the same examples and "
        "<code>random_state=0</code> in both. On how many of the 449 fresh digits do their "
        "answers differ?",
        options={
            "on none": "That would need the same initial weights and the same batches, and no "
            "setting says what these are.",
            "on a handful, up to about 20": "A seed is a seed of one program's random numbers. "
            "Each library draws other initial weights from it and deals the examples into other "
            "batches, so it is as if the seed were another one.",
            "on 50 or more": "They'd have to be wrong that often: where both are right, they "
            "agree.",
        },
        answer="B",
    ),
    "adam_eps": Question(
        text="Two libraries have Adam with learning rate 0.002 and ε = 10<sup>−8</sup>. Same "
        "weights, same gradient, float64. How far apart is their <b>first</b> step, at the weight "
        "where it differs most?",
        options={
            "by rounding, about 10<sup>−16</sup>": "So it would be for the same formula. There "
            "are two formulas by this name.",
            "by about 10<sup>−8</sup>, the size of ε": "ε is added to a size of a gradient, and "
            "the step is a quotient: where the gradient is as small as ε, it counts as much.",
            "by more than half of a step": "They add ε in different places: one to √v, which is "
            "32 times smaller than the gradient at the first step, the other after that has been "
            "corrected. So in the first, ε is in effect 32 times as large, and it brakes every "
            "weight whose gradient isn't far above it.",
        },
        answer="C",
    ),
    "noise": Question(
        text="100 examples of 5,000 random numbers each, and classes by tossing a coin: nothing "
        "can be learned. We keep the 50 columns that go best with the classes, then judge a "
        "network by five-fold cross-validation on these. Its accuracy?",
        options={
            "about 50 %": "That is the truth about this data, and the pipeline will tell it.",
            "about 60 %": "The accident is larger: with 5,000 columns to choose from, 50 "
            "excellent ones can be found in any noise.",
            "about 90 %": "Among 5,000 columns, 50 go with the coin by accident, and they were "
            "chosen with <i>all</i> examples in sight, those of the later test folds included. In "
            "a pipeline, every fold chooses anew from its training part, and the accident is over.",
        },
        answer="C",
    ),
    "which_model": Question(
        text="The small digits, five folds. Which of these is right most often?",
        options={
            "logistic regression: one layer, no hidden units": "It is quick and close, but a "
            "straight border between two digits isn't enough.",
            "a network with 64 hidden units": "It is better than one layer. But it has to make up "
            "for few examples.",
            "the nearest neighbour: the digit that looks most alike, no training at all": "On a "
            "small set of small, well-centred pictures, the most similar known picture is hard to "
            "beat. Networks earn their keep where there is more data than one can compare with, "
            "and where looking alike means little.",
        },
        answer="C",
    ),
    "small_tasks": Question(
        text="200 tasks of one millisecond each, one after the other on one core, or handed out "
        "one by one to two workers by Dask. What is quicker?",
        options={
            "Dask, about twice as fast": "Two workers, half the time: so it is for long tasks. "
            "For these, the way there is longer than the work.",
            "about the same": "The gain of two workers and the price of the way there would have "
            "to cancel.",
            "one core": "A task has to be packed, sent, noted, unpacked and answered, which takes "
            "longer than a millisecond. A cluster pays when the work of a task is large against "
            "that.",
        },
        answer="C",
    ),
}
