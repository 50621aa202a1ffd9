"""The training of a figure as a script for scikit-learn or PyTorch, from the table in code.py.

A `Recipe` says what is trained, on which batches and how. The scripts draw initial weights and
batches from NumPy's generator as the figure does, and print the same loss after the same steps, up
to what rounding grows to: in float64 more than six digits, in float32 (MNIST) five to six, fewer
where a training explodes. What a library can't do, one line of comment says instead of a script.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from textwrap import indent

from nbhelpers.playgrounds.engine.code import ACTIVATION_CODE, LOSS_CODE, OPTIMIZER_CODE, insert

LIBRARIES = ("NumPy", "scikit-learn", "PyTorch")
LOSS_OF = {"linear": "half_squared_error", "softmax": "softmax_cross_entropy"}  # in scikit-learn
IN_WORDS = {"leaky_relu": "leaky ReLU", "elu": "ELU"}
OWN_LOSS = "it trains its own models, it has no gradient descent for a loss of your own"
NOT_FINITE = "it stops with an error when weights leave the range of floating point"
AT_A_TIME = 200  # examples that scikit-learn puts into a batch at most, unless it is told otherwise


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """What a script for another library needs to know of a network and its training.

    Attributes
    ----------
    data : str
        NumPy's lines that make `X`, the targets `Y` (n, 1) or the classes `y` (n,), and `rng`.
    sizes, activation, output, loss, bias, dropout, l2
        As those of `MLP`; only a network with one hidden layer may have dropout.
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
    bias: Sequence = (True,)
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


def in_other_libraries(recipe):
    """The scripts for a recipe: {"scikit-learn": ..., "PyTorch": ...}."""
    return {"scikit-learn": scikit_learn(recipe), "PyTorch": pytorch(recipe)}


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


# ---------------------------------------------------------------- PyTorch
PYTORCH = """\
import numpy as np
import torch

{data}
{dtype}{tensors}

model = torch.nn.Sequential(
{layers}
)
with torch.no_grad():  # the figure's initial weights; PyTorch has them transposed
    for layer in model[::2]:
        n_out, n_in = layer.weight.shape
        W = {weights}
        layer.weight.copy_(torch.from_numpy(W).T)
{biases}optimizer = {optimizer}

{loop}
{shown}"""
PAPERS_EPSILON = """\
# the figure's Adam adds epsilon to the root of v, PyTorch's to that of the corrected v
optimizer.param_groups[0]["eps"] = 1e-8 / (1 - 0.999 ** (step + 1)) ** 0.5
"""
DECAY = """\
if (step + 1) % {every} == 0:
    optimizer.param_groups[0]["lr"] *= {factor!r}
"""
IN_STEPS = """\
    for state in optimizer.state.values():  # old steps keep their length, as in the figure
        state["momentum_buffer"] /= {factor!r}
"""
MASK = """\
mask = rng.random((len(rows), {units}), dtype=np.float32) >= {dropout!r}  # dropout
A = model[:2]({X}) * torch.from_numpy(mask) / (1 - {dropout!r})
"""


def pytorch(recipe):
    """A recipe as a script for PyTorch."""
    r = recipe
    names = ["X", r.targets, *(r.look_at or ())]
    if len(names) == 2:
        tensors = ", ".join(f"torch.from_numpy({name})" for name in names)
    else:
        tensors = f"map(torch.from_numpy, ({', '.join(names)}))"
    inputs, targets = r.look_at or names
    return PYTORCH.format(
        dtype="torch.set_default_dtype(torch.float64)\n" if r.dtype == "float64" else "",
        data=r.data.rstrip("\n"),
        tensors=f"{', '.join(names)} = {tensors}",
        layers="\n".join(layers(r)),
        weights=r.weights,
        biases=torch_biases(r),
        optimizer=torch_optimizer(r),
        loop=loop(r, torch_step(r)),
        shown=torch_shown(r, inputs, targets),
    )


def layers(r):
    """A line for each layer: the weights, and what is applied to their result."""
    names = [*[r.activation] * (len(r.sizes) - 2), r.output]
    bias = list(r.bias) * (1 if len(r.bias) == len(names) else len(names))
    for (n_in, n_out), name, has_bias in zip(pairwise(r.sizes), names, bias, strict=False):
        layer = f"    torch.nn.Linear({n_in}, {n_out}{'' if has_bias else ', bias=False'}),"
        linear = name in ("linear", "softmax")  # the loss takes the scores of a softmax
        yield layer if linear else f"{layer} {ACTIVATION_CODE[name].torch},"


def torch_biases(r):
    start = "layer.bias.zero_()" if r.biases == "0" else f"layer.bias.fill_({r.biases})"
    if all(r.bias):
        return f"        {start}\n"
    condition = "        if layer.bias is not None:\n"
    return f"{condition}            {start}\n" if any(r.bias) else ""


def torch_optimizer(r):
    text = insert(
        OPTIMIZER_CODE[r.optimizer].torch,
        params="model.parameters()",
        rate=repr(r.learning_rate),
        mu=repr(r.momentum),
    )
    return f"{text[:-1]}, weight_decay={r.weight_decay!r})" if r.weight_decay else text


def torch_loss(r, A, Y):
    """Two lines: the outputs, given as an expression, and their loss."""
    loss = LOSS_CODE[r.loss].torch
    if r.total:
        loss = loss.removesuffix(" / len(A)")
    name = "Z" if r.output == "softmax" else "A"
    return f"{name} = {A}\nloss = {insert(loss, A=name, Y=Y, y=Y)}\n"


def torch_shown(r, X, Y):
    """The lines that print the loss; a cross-entropy has a largest value in the figure."""
    if r.output != "softmax":
        return torch_loss(r, f"model({X})", Y) + told(r, "loss.item()")
    shown = f"torch.softmax(model({X}), dim=1).detach().numpy()"
    return f"{outputs(r, shown, Y)}\nloss = {LOSS_CODE[r.loss].numpy}\n{told(r, 'loss')}"


def torch_step(r):
    """The lines of a step."""
    lines, X = batch_of_images(r, "X[rows].numpy()")
    X = "torch.from_numpy(X_batch)" if r.moves else X
    A = f"model({X})"
    if r.dropout:
        lines += MASK.format(units=r.sizes[1], dropout=r.dropout, X=X)
        A = "model[2](A)"
    lines += torch_loss(r, A, r.targets + r.rows)
    if r.l2:
        lines += f"loss += {r.l2 / 2!r} * sum((layer.weight**2).sum() for layer in model[::2])\n"
    lines += "optimizer.zero_grad()\nloss.backward()\n"
    lines += PAPERS_EPSILON if r.optimizer == "Adam" else ""
    lines += "optimizer.step()\n"
    if r.decay:
        factor, every = r.decay
        lines += DECAY.format(every=every, factor=factor)
        lines += IN_STEPS.format(factor=factor) if r.momentum else ""
    return lines


# ---------------------------------------------------------------- scikit-learn
SCIKIT_LEARN = """\
import numpy as np
from sklearn.neural_network import {kind}

{data}

model = {kind}(
    hidden_layer_sizes={hidden}, activation="{activation}", alpha={alpha!r}, shuffle=False,
    {optimizer}, learning_rate_init={learning_rate!r},
)
model.partial_fit(X[:1], {Y}[:1]{classes})  # makes the arrays for the figure's initial weights
for W, b in zip(model.coefs_, model.intercepts_):
    n_in, n_out = W.shape
    W[...], b[...] = {weights}, {biases}
{forget}
{loop}
{A}
loss = {loss}
{told}"""
FORGET = "del model._optimizer  # what it remembers of that step; it has no public name\n"


def scikit_learn(recipe):
    """A recipe as a script for scikit-learn, or why there is none."""
    r, reasons = recipe, why_not(recipe)
    if reasons:
        return cannot("scikit-learn", *reasons)
    regression = r.targets == "Y"
    lines, X = batch_of_images(r, "X[rows]")
    if (r.batch or r.n) > AT_A_TIME:
        size = "len(rows)" if r.batch else "len(X)"
        lines += f"model.batch_size = {size}  # else it makes batches of {AT_A_TIME}\n"
    inputs, targets = r.look_at or ("X", r.targets)
    shown = f"model.{'predict' if regression else 'predict_proba'}({inputs})"
    return SCIKIT_LEARN.format(
        kind="MLPRegressor" if regression else "MLPClassifier",
        data=r.data.rstrip("\n") + "\nY = Y[:, 0]" * regression,
        hidden=tuple(r.sizes[1:-1]),
        activation=ACTIVATION_CODE[r.activation].sklearn,
        alpha=r.l2 * r.batch if r.l2 else 0,  # divided by the examples of the batch there
        optimizer=insert(OPTIMIZER_CODE[r.optimizer].sklearn, mu=repr(r.momentum)),
        learning_rate=r.learning_rate,
        Y=r.targets,
        classes="" if regression else f", classes=range({r.sizes[-1]})",
        weights=r.weights,
        biases=r.biases,
        forget="" if r.optimizer == "SGD" else FORGET,
        loop=loop(r, f"{lines}model.partial_fit({X}, {r.targets}{r.rows})\n"),
        A=outputs(r, shown, targets),
        loss=LOSS_CODE[r.loss].numpy,
        told=told(r, "loss"),
    )


def why_not(r):
    """What scikit-learn lacks for a recipe, in words."""
    reasons = []
    if not all(r.bias):
        reasons.append("its networks always have a bias")
    if not ACTIVATION_CODE[r.activation].sklearn:
        reasons.append(f"it has no {IN_WORDS[r.activation]}")
    if LOSS_OF.get(r.output) != r.loss:
        reasons.append(f"it has no squared error for a {r.output} output")
    if r.output == "softmax" and r.sizes[-1] == 2:
        reasons.append("it gives two classes one sigmoid output, not a softmax")
    if r.dropout:
        reasons.append("it has no dropout")
    if r.weight_decay:
        reasons.append("it shrinks weights only, not biases")
    if r.decay:
        reasons.append(f"it can't multiply the learning rate by {r.decay[0]!r} now and then")
    if r.diverged:
        reasons.append(NOT_FINITE)
    return reasons
