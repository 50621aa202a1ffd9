"""The race of the four optimizers as a script for PyTorch or scikit-learn (see scripts.py)."""

from nbhelpers.playgrounds.engine.code import LOSS_CODE, OPTIMIZER_CODE, insert

TENSORS = "steepness, turn = torch.from_numpy(steepness), torch.from_numpy(turn)"
LOSS = """\
def loss(params):
    (p,) = params
    return torch.sum(steepness * (p @ turn) ** 2)
"""
TENSORS_OF_DIGITS = "X, y, X_val, y_val = map(torch.from_numpy, (X, y, X_val, y_val))\norder = []"
LOSS_OF_DIGITS = """\
def loss(params, X, y):
    W1, W2, b1, b2 = params
    Z2 = torch.tanh(X @ W1 + b1) @ W2 + b2
    return torch.nn.functional.cross_entropy(Z2, y)
"""
NOISE = "    noise = torch.from_numpy(rng.normal(scale={}, size=2))\n"
SCHEDULE = """\
        group = optimizer.param_groups[0]
        before, group["lr"] = group["lr"], rates[name] * factor((step - 0.5) / {race})
        for state in optimizer.state.values():  # old steps keep their length, as in the figure
            if "momentum_buffer" in state:
                state["momentum_buffer"] *= before / group["lr"]
"""
PYTORCH = """\
import numpy as np
import torch

{data}
{tensors}


{loss}
{factor}
rates, steps = {rates}, {steps}
params = {{name: [torch.tensor(p, requires_grad=True) for p in start] for name in rates}}
optimizers = {{
{optimizers}}}

for step in range(1, steps + 1):
{draw}    for name, optimizer in optimizers.items():
{schedule}        optimizer.zero_grad()
        {slope}.backward()
        if name == "Adam":  # the figure's adds epsilon to the root of v, not of the corrected v
            optimizer.param_groups[0]["eps"] = 1e-8 / (1 - 0.999**step) ** 0.5
        optimizer.step()

losses = {{name: loss(params[name]{shown}).item() for name in rates}}
{told}"""
TOLD = """\
print(f"step {steps:,}, loss {{np.nanmin(list(losses.values())):.6g}}")
for name in losses:
    print(name, f"{{losses[name]:.6g}}")
"""
SCIKIT_LEARN = """\
import numpy as np
from sklearn.neural_network import MLPClassifier

{data}
options = {{"hidden_layer_sizes": (48,), "activation": "tanh", "alpha": 0, "shuffle": False}}
models = {{
{models}}}
for model in models.values():
    model.partial_fit(X[:1], y[:1], classes=range(10))  # makes the arrays for the initial weights
    for p, first in zip(model.coefs_ + model.intercepts_, start):
        p[...] = first
    del model._optimizer  # what it remembers of that step; it has no public name

order = []
for step in range({steps}):
{draw}    for model in models.values():
        model.partial_fit(X[rows], y[rows])


def loss(model, y):
    A = model.predict_proba(X_val)
    return {loss}


losses = {{name: loss(model, y_val) for name, model in models.items()}}
{told}"""


def pytorch(data, rates, momentum, steps, draw="", noise=0.0, factor="", race=0):
    """The script for PyTorch.

    Parameters
    ----------
    data : str
        The lines that make the task and the `start` of all.
    rates : dict of str to float
        The learning rate of each, by its name in `OPTIMIZER_CODE`.
    momentum : float
    steps : int
    draw : str
        The lines that deal a mini-batch of digits; without them the task is a ravine.
    noise : float
        The standard deviation of what is added to the slopes of a ravine.
    factor : str
        The function of the schedule; "" for a constant rate.
    race : int
        The steps that the schedule is spread over.
    """
    slope = f"loss(params[name]{', X[rows], y[rows]' if draw else ''})"
    return PYTORCH.format(
        data=data.lstrip("\n"),
        tensors=TENSORS_OF_DIGITS if draw else TENSORS,
        loss=LOSS_OF_DIGITS if draw else LOSS,
        factor=f"\n{factor}\n" if factor else "",
        rates=rates,
        steps=steps,
        optimizers="".join(
            f'    "{name}": {torch_optimizer(name, rates[name], momentum)},\n' for name in rates
        ),
        draw=draw or (NOISE.format(noise) if noise else ""),
        schedule=SCHEDULE.format(race=race) if factor else "",
        slope=f"({slope} + noise @ params[name][0])" if noise else slope,
        shown=", X_val, y_val" if draw else "",
        told=TOLD.format(steps=steps),
    )


def torch_optimizer(name, rate, momentum):
    """An optimizer as PyTorch makes it; it takes no Nesterov without momentum."""
    text = OPTIMIZER_CODE[name if momentum or name == "Adam" else "SGD"].torch
    return insert(text, params=f'params["{name}"]', rate=repr(rate), mu=repr(momentum))


def scikit_learn(data, rates, momentum, steps, draw):
    """The script for scikit-learn, on digits and with constant rates; parameters as above."""
    return SCIKIT_LEARN.format(
        data=data,
        models="".join(
            f'    "{name}": MLPClassifier(\n'
            f"        {insert(OPTIMIZER_CODE[name].sklearn, mu=repr(momentum))}, "
            f"learning_rate_init={rate!r}, **options\n"
            "    ),\n"
            for name, rate in rates.items()
        ),
        steps=steps,
        draw=draw,
        loss=LOSS_CODE["softmax_cross_entropy"].numpy,
        told=TOLD.format(steps=steps),
    )
