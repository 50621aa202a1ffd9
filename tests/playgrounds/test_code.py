"""The texts of *Show code* against the functions that they stand for."""

import importlib.util

import numpy as np
import pytest

from nbhelpers.activations import ACTIVATIONS
from nbhelpers.initializers import INITIALIZERS
from nbhelpers.losses import LOSSES
from nbhelpers.optimizers import SGD, Adam
from nbhelpers.playgrounds.engine import code

Z = np.concatenate([[-800.0, -1.0, -1e-9, 0.0, 1e-9, 1.0, 800.0], np.linspace(-3, 3, 25)])


def value(text, **names):
    return eval(text, {"np": np, **names})


def test_every_function_has_its_text():
    assert list(code.ACTIVATION_CODE) == list(ACTIVATIONS)
    assert list(code.LOSS_CODE) == list(LOSSES)
    assert list(code.INITIALIZER_CODE) == list(INITIALIZERS)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activations(name, dtype):
    """The very same numbers, and a delta that goes through the slope keeps its dtype."""
    activation, text = ACTIVATIONS[name], code.ACTIVATION_CODE[name]
    z = Z.astype(dtype)
    A = activation.f(z)
    with np.errstate(over="raise", invalid="raise"):
        shown = value(text.numpy, Z=z)
    assert shown.dtype == dtype
    assert np.array_equal(shown, A)
    slope = A * value(text.slope, A=A)
    assert slope.dtype == dtype
    assert np.array_equal(slope, A * activation.derivative(A))


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activations_within_a_script(name):
    X, W = np.random.default_rng(0).normal(size=(2, 4, 4))
    defined = {"np": np}
    exec(code.define(name, name) + "\n\n" + code.functions(name), defined)
    A = ACTIVATIONS[name].f(X @ W)
    assert np.array_equal(value(code.apply(name, "X @ W"), X=X, W=W, **defined), A)
    assert np.array_equal(defined["f"](X @ W), A)
    slope = X * ACTIVATIONS[name].derivative(A)
    assert np.array_equal(value("X" + code.times_slope(name, "A1"), X=X, A1=A), slope)
    assert np.array_equal(X * defined["slope"](A), slope)
    assert np.allclose(defined["softmax"](X).sum(axis=1), 1)


@pytest.mark.parametrize("name", LOSSES)
def test_losses(name):
    loss, text = LOSSES[name], code.LOSS_CODE[name]
    rng = np.random.default_rng(0)
    y = rng.integers(3, size=7)
    A, Y = rng.dirichlet(np.ones(3), 7), np.eye(3)[y]
    targets = y if "y]" in text.numpy else Y
    assert value(text.numpy, A=A, Y=Y, y=y) == pytest.approx(loss.value(A, targets), rel=1e-14)
    assert np.allclose(value(text.slope, A=A, Y=Y), loss.delta(A, Y), rtol=1e-14, atol=0)
    if loss.fused_with:  # outputs that are 0 and 1 exactly
        A = Y[:, ::-1].copy()
        assert value(text.numpy, A=A, Y=Y, y=y) == pytest.approx(loss.value(A, targets), rel=0.01)


@pytest.mark.parametrize("name", INITIALIZERS)
def test_initial_weights(name):
    text = code.initial_weights(name)
    shown = value(text, n_in=6, n_out=4, rng=np.random.default_rng(3))
    made = INITIALIZERS[name](6, 4, np.random.default_rng(3))
    assert np.allclose(shown, made, rtol=1e-14, atol=1e-15)


@pytest.mark.parametrize(
    ("name", "optimizer"),
    [
        ("SGD", SGD(0.1)),
        ("momentum", SGD(0.1, momentum=0.9)),
        ("Nesterov", SGD(0.1, momentum=0.9, nesterov=True)),
        ("Adam", Adam(0.1)),
    ],
)
def test_steps(name, optimizer):
    rng = np.random.default_rng(0)
    params = rng.normal(size=5)
    shown = {"np": np, "params": [params.copy()], "learning_rate": 0.1, "momentum": 0.9, "i": 0}
    exec(code.OPTIMIZER_CODE[name].before, shown)
    for step in range(1, 130):
        grads = rng.normal(size=5) * (step < 60)  # none later on: what is remembered fades
        optimizer.step(params, grads)
        exec(
            code.OPTIMIZER_CODE[name].numpy,
            shown | {"step": step, "p": shown["params"][0], "g": grads},
        )
    assert np.allclose(shown["params"][0], params, rtol=1e-12)


def test_names_elsewhere():
    """scikit-learn has the names; PyTorch, where it is installed, can evaluate the expressions."""
    from sklearn.neural_network import _base

    names = {name: entry.sklearn for name, entry in code.ACTIVATION_CODE.items() if entry.sklearn}
    for ours, theirs in names.items():
        A = Z.copy()
        _base.ACTIVATIONS[theirs](A)
        assert np.allclose(A, ACTIVATIONS[ours].f(Z))
    assert {entry.sklearn for entry in code.LOSS_CODE.values()} - {None} <= set(
        _base.LOSS_FUNCTIONS
    )
    assert code.COMMON == ["sigmoid", "tanh", "relu"]
    if importlib.util.find_spec("torch"):
        import torch

        for name, entry in code.ACTIVATION_CODE.items():
            theirs = eval(entry.torch, {"torch": torch})(torch.from_numpy(Z)).numpy()
            assert np.allclose(theirs, ACTIVATIONS[name].f(Z)), name
        W, params = torch.empty(40, 30), [torch.zeros(3, requires_grad=True)]
        for entry in (*code.LOSS_CODE.values(), *code.INITIALIZER_CODE.values()):
            if entry.torch:
                eval(entry.torch, {"torch": torch, "W": W, "fan_in": 30})
        for entry in code.OPTIMIZER_CODE.values():
            eval(entry.torch, {"torch": torch, "params": params, "lr": 0.1, "momentum": 0.9})
