"""A recipe as a script for scikit-learn, or the line that says what it can't do."""

from nbhelpers.playgrounds.engine.code import ACTIVATION_CODE, LOSS_CODE, OPTIMIZER_CODE, insert
from nbhelpers.playgrounds.engine.recipe import (
    NOT_FINITE,
    batch_of_images,
    cannot,
    loop,
    outputs,
    told,
)

LOSS_OF = {"linear": "half_squared_error", "softmax": "softmax_cross_entropy"}  # in scikit-learn
IN_WORDS = {"leaky_relu": "leaky ReLU", "elu": "ELU"}
AT_A_TIME = 200  # examples that scikit-learn puts into a batch at most, unless it is told otherwise
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
    if not all(r.has_bias):
        reasons.append("its networks always have a bias")
    if not ACTIVATION_CODE[r.activation].sklearn:
        reasons.append(f"it has no {IN_WORDS.get(r.activation, r.activation)}")
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
