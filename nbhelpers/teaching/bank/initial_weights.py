"""Exercises and questions of notebook 05, "Start from good weights"."""

import numpy as np

from nbhelpers.teaching.exercise import Exercise, Question

_rng = np.random.default_rng(0)
_SHAPES = (30, 50), (20, 10), (1, 5)  # fan_in, fan_out


def _layers(seed, layers, width, scale, rows=40):
    """Inputs (rows, width) and the weights of all layers, (layers, width, width)."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((rows, width))
    return X, scale * rng.standard_normal((layers, width, width)) / np.sqrt(width)


def _follow(X, weights):
    sizes, A = [], X
    for W in weights:
        A = np.tanh(A @ W)
        sizes.append(A.std())
    return sizes


def _xavier(G):
    fan_in, fan_out = G.shape
    return G * np.sqrt(2 / (fan_in + fan_out))


def _he_uniform(U):
    return U * np.sqrt(6 / len(U))


def _standardize(X_train, X_test):
    mean, std = X_train.mean(axis=0), X_train.std(axis=0)
    return (X_train - mean) / std, (X_test - mean) / std


def _tables(seed, rows, more):
    rng = np.random.default_rng(seed)
    scale, centre = np.array([1.0, 200.0, 0.05]), np.array([3.0, -50.0, 0.4])
    return tuple(centre + scale * rng.standard_normal((n, 3)) for n in (rows, more))


EXERCISES = {
    "follow": Exercise(
        reference=_follow,
        cases=[_layers(0, 3, 8, 1.0), _layers(1, 2, 5, 3.0, rows=7), _layers(2, 4, 6, 0.2)],
        mistakes={
            "A @ W -> X @ W": "each layer must get what the layer before it gave, not X every time",
            ("np.tanh(A @ W) -> A @ W", "A.std()) -> A.std())\n        A = np.tanh(A)"): "those "
            "are the standard deviations of the sums, before the tanh",
            ("A = np -> before, A = A, np", "(A.std -> (before.std"): "you measure before the "
            "layer, so the list begins with X and lacks the last layer",
            "np.tanh(A @ W) -> A @ W": "the tanh is missing",
            "std() -> var()": "those are variances; .std() is their square root",
            "std() -> std(axis=0)": "A.std(axis=0) is one number for each unit; A.std() is one "
            "for the whole layer",
            "std -> mean": "those are means; .std() is the standard deviation",
        },
        hints=(
            "Begin with <code>A = X</code>. In a loop over <code>weights</code>, replace "
            "<code>A</code> by the activations of the next layer.",
            "In the loop: <code>A = np.tanh(A @ W)</code>, then append <code>A.std()</code>.",
        ),
    ),
    "xavier": Exercise(
        reference=_xavier,
        cases=[(_rng.standard_normal(shape),) for shape in _SHAPES],
        mistakes={
            "np.sqrt -> ": "2 / (fan_in + fan_out) is the variance; what the numbers are "
            "multiplied by is the standard deviation, its square root",
            "2 / (fan_in + fan_out) -> 1 / fan_in": "that is the variance 1 / fan_in, good for "
            "the way forward alone",
            "2 / (fan_in + fan_out) -> 1 / fan_out": "that is the variance 1 / fan_out, good for "
            "the way back alone",
            "(fan_in + fan_out) -> fan_in": "that is the variance 2 / fan_in: fan_out is missing",
            "(fan_in + fan_out) -> fan_out": "that is the variance 2 / fan_out: fan_in is missing",
            "2 -> 1": "the 2 is missing: the mean of fan_in and fan_out is (fan_in + fan_out) / 2",
            "(fan_in + fan_out) -> fan_in + fan_out": "brackets are missing: 2 / fan_in + fan_out "
            "is (2 / fan_in) + fan_out",
            "* -> /": "dividing by the square root of 2 / (fan_in + fan_out) makes the weights "
            "large; multiply",
            (lambda G: G): "those are still the standard normal numbers; the scale is missing",
            "G *  -> ": "that is the factor alone; G has to be multiplied by it",
            "2 -> 6": "6 / (fan_in + fan_out) belongs to uniform numbers; these are normal",
        },
        hints=(
            "The numbers in <code>G</code> have variance 1. Multiplied by <code>s</code>, they "
            "have variance <code>s²</code>.",
            "The variance shall be <code>2 / (fan_in + fan_out)</code>. So what is <code>s</code>?",
        ),
    ),
    "he_uniform": Exercise(
        reference=_he_uniform,
        cases=[(_rng.uniform(-1, 1, shape),) for shape in _SHAPES],
        mistakes={
            "6 -> 2": "sqrt(2 / fan_in) is the standard deviation that is wanted; as the bound of "
            "uniform numbers it gives only a third of the variance",
            "6 -> 3": "that is the bound for a variance of 1 / fan_in: the 2 for ReLU is missing",
            "np.sqrt -> ": "6 / fan_in is the bound's square; the square root is missing",
            "len(U) -> sum(U.shape)": "that is Xavier's bound; He's looks at fan_in alone",
            "len(U) -> U.shape[1]": "that is 6 / fan_out; count the numbers that flow into a "
            "unit: fan_in",
            "np.sqrt(6 -> 3 * np.sqrt(2": "the variance of uniform numbers is r²/3, so the bound "
            "grows by √3, not by 3",
            "U * -> ": "that is the bound alone; U has to be multiplied by it",
            "6 / len(U)) -> 6) / len(U)": "that is sqrt(6) / fan_in; fan_in belongs under the "
            "root, too",
            (lambda U: U): "those are still the numbers from −1 to 1; the bound is missing",
        },
        hints=(
            "Numbers that are uniform between <code>-r</code> and <code>r</code> have variance "
            "<code>r²/3</code>. Which <code>r</code> makes it <code>2 / fan_in</code>?",
            "The numbers in <code>U</code> go from −1 to 1; multiply them by that <code>r</code>.",
        ),
    ),
    "standardize": Exercise(
        reference=_standardize,
        cases=[_tables(0, 20, 8), _tables(1, 50, 3), _tables(2, 5, 2)],
        outputs=("X_train", "X_test"),
        mistakes={
            "X_test - mean) / std -> X_test - X_test.mean(axis=0)) / X_test.std(axis=0)": "the "
            "test set was standardized with its own mean and standard deviation; it must be "
            "treated exactly as the training set",
            (
                lambda *tables: tuple(_standardize(np.concatenate(tables), X)[1] for X in tables)
            ): "the statistics come from both sets together, so the test set has leaked into the "
            "training",
            ("mean(axis=0) -> mean()", "std(axis=0) -> std()"): "that is one mean and one "
            "standard deviation for the whole table; each column has its own: axis=0",
            (lambda *tables: tuple(_standardize(X.T, X.T)[0].T for X in tables)): "axis=1 goes "
            "along the rows; each column is to have mean 0: axis=0",
            "X_train.std -> X_train.var": "you divide by the variance; it is the standard "
            "deviation that makes the spread 1",
            ("mean) / std, ( -> mean), (", "mean) / std -> mean)"): "the division by the standard "
            "deviation is missing",
            "X_train.mean(axis=0) -> 0": "the mean is not subtracted",
            ("(X_train - mean) -> X_train - mean", "(X_test - mean) -> X_test - mean"): "brackets "
            "are missing: X - mean / std divides only the mean",
            ("X_train.mean -> X_test.mean", "X_train.std -> X_test.std"): "the statistics come "
            "from the test set; they must be those of X_train",
            "(X_test - mean) / std -> X_test": "the test set has been left as it was. (If you did "
            "transform it: had X_train been replaced already? Then its mean was 0, and its "
            "standard deviation 1.)",
        },
        hints=(
            "Compute <code>mean</code> and <code>std</code> once, from <code>X_train</code>, one "
            "number for each column: <code>axis=0</code>.",
            "Then the same line for both: <code>(X - mean) / std</code>.",
        ),
    ),
    "leaky_factor": Exercise(
        reference=2 / 1.04,
        tolerance=0.005,
        mistakes={
            2.0: "that is ReLU's: with a leak, a little more of the signal comes through",
            0.52: "that is the part of the signal that is kept; the weights must make up for it",
            (2 / 1.04) ** 0.5: "that is the factor for the standard deviation; asked is that for "
            "the variance",
            2 / 1.2: "the slope has to be squared: the negative half keeps 0.2² of its square",
            1 / 1.04: "each half of the sums holds only half of the mean square; the ½ is missing",
        },
        hints=(
            "How much of the mean square of <code>z</code> is left after the activation? Try "
            "<code>np.mean(f(z)**2)</code> for a million standard normal numbers <code>z</code>.",
            "The weights' variance times <code>fan_in</code> must be 1 over that part.",
        ),
    ),
}

QUESTIONS = {
    "symmetry": Question(
        text="All weights start at 0.5, all biases at 0. Five hidden units, 3,000 epochs of "
        "training. What does the network become?",
        options={
            "As good as from random weights: training moves the weights anyway": "The weights do "
            "move. But what could make two of them move differently?",
            "As good as a network with a single hidden unit": "The five units see the same inputs "
            "through the same weights, so they say the same, get the same blame and take the same "
            "step. They do move, but together: five units that are one.",
            "It doesn't change at all": "Even if all of them are 0, the output's bias still "
            "learns, though nothing else. From 0.5 the weights do move, only together.",
        },
        answer="B",
    ),
    "saturated": Question(
        text="Ten layers of 200 tanh units, weights standard normal. What do most activations of "
        "the <b>tenth</b> layer look like?",
        options={
            "close to 0": "That is what weights of standard deviation 0.01 do.",
            "spread evenly from −1 to 1": "For that, the sums would have to be around ±1. How "
            "large is a sum of 200 products of standard normal numbers?",
            "close to −1 or to 1": "Each unit adds up 200 products, so its sum is around ±14, "
            "where tanh is ±1 to the eye. It happens in the first layer already, and in each one "
            "after it. The tanh has almost no slope there.",
        },
        answer="C",
    ),
    "sixteen": Question(
        text="Sixteen layers of ReLU, each scheme with the learning rate that suits it best. "
        "Xavier's weights are only a factor √2 smaller than He's. Does that matter?",
        options={
            "Hardly: a larger learning rate makes up for it": "It would have to be larger by that "
            "factor. The last bias, whose gradient is as large as ever, can't bear that; and once "
            "the weights had grown, nor could they.",
            "Xavier's train too, but take about twice as many steps": "That would be so if the "
            "factor came in once. It comes in at each layer.",
            "Yes: at no rate of the grid do Xavier's get going": "√2 a layer is 2⁸ = 256 after "
            "sixteen layers. What comes into a weight has passed the layers before it, its blame "
            "those after it: together all the others. So in every layer the gradient is nearly "
            "that much too small.",
        },
        answer="C",
    ),
    "which_change": Question(
        text="Program 05 differs from program 04 in three ways. Which one, <b>alone</b>, brings "
        "the most, if each variant may choose its own learning rate from the same list?",
        options={
            "standardized inputs": "With standardized inputs alone the median error falls to "
            "about a quarter; with Xavier's weights alone it falls by about a third, and with the "
            "larger rate alone hardly or not at all.",
            "Xavier's weights": "In a network of one hidden layer there is little that could grow "
            "or shrink. In sixteen layers it would be another matter.",
            "the larger learning rate, with nothing else changed": "Raw inputs don't gain from a "
            "larger rate: their bowl is too long and narrow.",
        },
        answer="A",
    ),
}
