"""The training of a figure as a script for scikit-learn or PyTorch, from the table in code.py.

A `Recipe` says what is trained, on which batches and how. The scripts draw initial weights and
batches from NumPy's generator as the figure does, and print the same loss after the same steps, up
to what rounding grows to: in float64 more than six digits, in float32 (MNIST) five to six, fewer
where a training explodes. What a library can't do, one line of comment says instead of a script.
"""

from itertools import pairwise

from nbhelpers.playgrounds.engine.code import ACTIVATION_CODE, LOSS_CODE, OPTIMIZER_CODE, insert
from nbhelpers.playgrounds.engine.recipe import batch_of_images, loop, outputs, told
from nbhelpers.playgrounds.engine.sklearn_scripts import scikit_learn


def in_other_libraries(recipe):
    """The scripts for a recipe: {"scikit-learn": ..., "PyTorch": ...}."""
    return {"scikit-learn": scikit_learn(recipe), "PyTorch": pytorch(recipe)}


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
    for (n_in, n_out), name, has_bias in zip(pairwise(r.sizes), names, r.has_bias, strict=True):
        layer = f"    torch.nn.Linear({n_in}, {n_out}{'' if has_bias else ', bias=False'}),"
        linear = name in ("linear", "softmax")  # the loss takes the scores of a softmax
        yield layer if linear else f"{layer} {ACTIVATION_CODE[name].torch},"


def torch_biases(r):
    start = "layer.bias.zero_()" if r.biases == "0" else f"layer.bias.fill_({r.biases})"
    if all(r.has_bias):
        return f"        {start}\n"
    condition = "        if layer.bias is not None:\n"
    return f"{condition}            {start}\n" if any(r.has_bias) else ""


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
