"""What the scripts for other libraries are made of: a `Recipe`, and the lines that they share."""

from collections.abc import Sequence
from dataclasses import dataclass
from textwrap import indent

LIBRARIES = ("NumPy", "scikit-learn", "PyTorch")
OWN_LOSS = "it trains its own models, it has no gradient descent for a loss of your own"
NOT_FINITE = "it stops with an error when weights leave the range of floating point"


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """What a script for another library needs to know of a network and its training.

    Attributes
    ----------
    data : str
        NumPy's lines that make `X`, the targets `Y` (n, 1) or the classes `y` (n,), and `rng`.
    sizes, activation, output, loss, dropout, l2
        As those of `MLP`; only a network with one hidden layer may have dropout.
    bias : sequence of bool
        Which layers have one; () for all.
    weights : str
        A layer's initial weights, in `n_in`, `n_out` and `rng`.
    biases : str
        A layer's initial biases, a number.
    learning_rate : float
    optimizer : str
        A name in `OPTIMIZER_CODE`.
    momentum : float
        For those that have one.
    weight_decay : float
        Part of the gradient; biases are shrunk, too.
    decay : (float, int), optional
        What the learning rate is multiplied by, and after how many steps each time.
    total : bool
        The loss is added up over the examples, not averaged.
    n, batch : int
        Examples, and how many of them a step sees.
    shuffle : bool
        Whether every epoch draws a new order.
    moves : sequence of str
        Lines that change `X_batch`, an array.
    steps : int
        How many were made; in epochs if `unit` says so.
    unit : str
        "step" or "epoch".
    look_at : (str, str), optional
        The names of the inputs and targets whose loss is printed, if they are not the training's.
    dtype : str
    diverged : bool
        Whether the loss has left the range of floating point.
    """

    data: str
    sizes: Sequence
    activation: str
    weights: str
    learning_rate: float
    n: int
    steps: int
    output: str = "softmax"
    loss: str = "softmax_cross_entropy"
    bias: Sequence = ()
    dropout: float = 0.0
    l2: float = 0.0
    biases: str = "0"
    optimizer: str = "SGD"
    momentum: float = 0.0
    weight_decay: float = 0.0
    decay: tuple | None = None
    total: bool = False
    batch: int | None = None
    shuffle: bool = True
    moves: Sequence = ()
    unit: str = "step"
    look_at: tuple | None = None
    dtype: str = "float64"
    diverged: bool = False

    @property
    def has_bias(self):
        """Whether a layer has a bias, one answer for each."""
        return list(self.bias) or [True] * (len(self.sizes) - 1)

    @property
    def targets(self):
        """The name of the targets: "y" for classes, else "Y"."""
        return "y" if self.loss == "softmax_cross_entropy" else "Y"

    @property
    def rows(self):
        """What picks a batch: "[rows]", or "" where every step sees all examples in their order."""
        return "" if self.batch is None else "[rows]"


def cannot(library, *reasons):
    """The one line that stands in the place of a script."""
    return f"# {library} can't do this: {'; '.join(reasons)}.\n"


def loop(recipe, body):
    """The lines of the training: every step does what the body says, with a batch `rows`."""
    r = recipe
    if r.batch is None:
        return f"for {r.unit} in range({r.steps}):\n{indent(body, ' ' * 4)}"
    order = "rng.permutation(len(X))" if r.shuffle else "np.arange(len(X))"
    if r.unit == "epoch":
        return f"""\
for epoch in range({r.steps}):
    order = {order}
    for start in range(0, len(X), {r.batch}):
        rows = order[start : start + {r.batch}]
{indent(body, " " * 8)}"""
    return f"""\
for step in range({r.steps}):
    start = step % {-(-r.n // r.batch)} * {r.batch}
    if start == 0:  # a new epoch: the examples in a new order
        order = {order}
    rows = order[start : start + {r.batch}]
{indent(body, " " * 4)}"""


def batch_of_images(recipe, X):
    """The lines that change a batch, and what its inputs are called then."""
    if not recipe.moves:
        return "", f"X{recipe.rows}"
    return "\n".join([f"X_batch = {X}", *recipe.moves, ""]), "X_batch"


def outputs(recipe, A, targets):
    """The line that keeps the outputs to be judged, and their targets where they are others."""
    return f"A, {recipe.targets} = {A}, {targets}" if recipe.look_at else f"A = {A}"


def told(recipe, loss):
    """The line that prints the loss, given as an expression."""
    what = "validation: " if recipe.look_at else ""
    return f'print(f"{recipe.unit} {recipe.steps:,}, {what}loss {{{loss}:.6g}}")\n'
