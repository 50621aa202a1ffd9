"""The texts of *Show code* against the functions that they stand for."""

import contextlib
import importlib.util
import io
import os
import re

import numpy as np
import pytest
from scripts import output_of

from nbhelpers.activations import ACTIVATIONS
from nbhelpers.initializers import INITIALIZERS
from nbhelpers.losses import LOSSES
from nbhelpers.network import OUTPUTS
from nbhelpers.optimizers import SGD, Adam
from nbhelpers.playgrounds import PLAYGROUNDS
from nbhelpers.playgrounds.curve import SgdSettings
from nbhelpers.playgrounds.engine import code
from nbhelpers.playgrounds.engine.recipe import LIBRARIES, NOT_FINITE, OWN_LOSS
from nbhelpers.playgrounds.engine.scripts import PAPERS_EPSILON

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


OPTIMIZERS = {
    "SGD": lambda: SGD(0.1),
    "momentum": lambda: SGD(0.1, momentum=0.9),
    "Nesterov": lambda: SGD(0.1, momentum=0.9, nesterov=True),
    "Adam": lambda: Adam(0.1),
}


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_steps(name):
    optimizer, rng = OPTIMIZERS[name](), np.random.default_rng(0)
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


# -- other libraries -------------------------------------------------------------------------------
needs_torch = pytest.mark.skipif(
    importlib.util.find_spec("torch") is None and not os.environ.get("REQUIRE_TORCH"),
    reason="PyTorch is optional: pip install -e '.[torch]'; REQUIRE_TORCH=1 demands it",
)


@pytest.fixture
def torch():
    """PyTorch in float64, for as long as a test lasts."""
    torch = importlib.import_module("torch")
    torch.set_default_dtype(torch.float64)
    yield torch
    torch.set_default_dtype(torch.float32)


def test_names_in_scikit_learn():
    from sklearn.neural_network import MLPClassifier, _base

    names = {name: entry.sklearn for name, entry in code.ACTIVATION_CODE.items() if entry.sklearn}
    for ours, theirs in names.items():
        A = Z.copy()
        _base.ACTIVATIONS[theirs](A)
        assert np.allclose(A, ACTIVATIONS[ours].f(Z))
    assert {entry.sklearn for entry in code.LOSS_CODE.values()} - {None} <= set(
        _base.LOSS_FUNCTIONS
    )
    for entry in code.OPTIMIZER_CODE.values():
        eval(f"MLPClassifier({entry.sklearn})", {"MLPClassifier": MLPClassifier, "mu": 0.5})
    assert code.COMMON == ["sigmoid", "tanh", "relu"]


@needs_torch
@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activations_in_pytorch(name, torch):
    """The same values, and through autograd the same slopes where there is one."""
    z = torch.tensor(Z[Z != 0], requires_grad=True)
    A = eval(code.ACTIVATION_CODE[name].torch, {"torch": torch})(z)
    A.sum().backward()
    ours = ACTIVATIONS[name].f(Z[Z != 0])
    np.testing.assert_allclose(A.detach().numpy(), ours, rtol=1e-14, atol=1e-300)
    slopes = ACTIVATIONS[name].derivative(ours) * np.ones_like(ours)
    np.testing.assert_allclose(z.grad.numpy(), slopes, rtol=1e-12, atol=1e-15)


@needs_torch
@pytest.mark.parametrize("name", LOSSES)
def test_losses_in_pytorch(name, torch):
    """The same loss, and through autograd the same delta (of a fused loss: at the scores)."""
    loss, rng = LOSSES[name], np.random.default_rng(0)
    y = rng.integers(3, size=7)
    scores, Y = torch.tensor(rng.standard_normal((7, 3)), requires_grad=True), np.eye(3)[y]
    classes = loss.fused_with == "softmax"
    A = OUTPUTS[loss.fused_with or "linear"].f(scores.detach().numpy())
    outputs = torch.sigmoid(scores) if loss.fused_with == "sigmoid" else scores
    names = {"A": outputs, "Y": torch.tensor(Y), "y": torch.tensor(y), "torch": torch}
    theirs = eval(code.LOSS_CODE[name].torch, names)
    theirs.backward()
    n_outputs = 3 if name == "binary_cross_entropy" else 1  # PyTorch averages over outputs, too
    ours = loss.value(A, y if classes else Y)
    assert theirs.item() * n_outputs == pytest.approx(ours, rel=1e-14)
    np.testing.assert_allclose(scores.grad * n_outputs, loss.delta(A, Y), rtol=1e-12, atol=1e-16)


@needs_torch
@pytest.mark.parametrize("name", INITIALIZERS)
def test_initial_weights_in_pytorch(name, torch):
    """PyTorch draws other numbers from the same distribution; its arrays are (fan_out, fan_in)."""
    torch.manual_seed(0)
    W = torch.empty(300, 500)
    eval(code.INITIALIZER_CODE[name].torch, {"torch": torch, "W": W, "fan_in": 500})
    ours = INITIALIZERS[name](500, 300, np.random.default_rng(0))
    assert W.std().item() == pytest.approx(ours.std(), rel=0.01)
    assert W.mean().item() == pytest.approx(ours.mean(), abs=0.01 * ours.std())
    if "uniform" in name:
        assert W.max().item() == pytest.approx(ours.max(), rel=1e-3)


@needs_torch
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_steps_in_pytorch(name, torch):
    optimizer, rng = OPTIMIZERS[name](), np.random.default_rng(0)
    ours = rng.normal(size=5)
    p = torch.tensor(ours.copy(), requires_grad=True)
    names = {"torch": torch, "params": [p], "rate": 0.1, "mu": 0.9}
    theirs = eval(code.OPTIMIZER_CODE[name].torch, names)
    for step in range(20):
        grads = rng.normal(size=5)
        optimizer.step(ours, grads)
        p.grad = torch.tensor(grads)
        if name == "Adam":
            exec(PAPERS_EPSILON, {"optimizer": theirs, "step": step})
        theirs.step()
    np.testing.assert_allclose(p.detach().numpy(), ours, rtol=1e-12)


# -- scripts for other libraries -------------------------------------------------------------------
# Playground and settings; whether scikit-learn and PyTorch have a script for them.
SCRIPTS = [
    ("glass_box", "first=2,steps=163,learning_rate=3", False, True),
    ("glass_box", "seed=4,steps=79", False, True),
    ("xor", "steps=300", False, True),
    ("xor", "output=linear,weights=normal,activation=tanh,learning_rate=0.1", False, True),
    ("xor", "activation=relu,hidden=5,seed=3,learning_rate=0.2", False, True),
    ("bias", "steps=200", False, True),
    ("bias", "hidden=0,task=off the origin", False, True),
    ("bias", "hidden_bias=off,activation=tanh,task=AND", False, True),
    ("bias", "output_bias=off", False, True),
    ("curve_bias", "steps=300", True, True),
    ("curve_bias", "hidden_bias=off,function=two waves", False, True),
    ("curve_bias", "output_bias=off,function=corner", False, True),
    ("bowl", "steps=100", False, True),
    ("bowl", "surface=stretched bowl,learning_rate=0.09,seed=3", False, True),
    ("bowl", "surface=neuron: 16 points a step", True, True),
    ("bowl", "surface=neuron: 4 points a step,seed=2,steps=50", True, True),
    ("bowl", "surface=neuron: 1 point a step,learning_rate=0.3", True, True),
    ("sgd", "steps=40", True, True),
    ("sgd", "batch_size=32,domain=centred,function=damped wave", True, True),
    ("sgd", "batch_size=1,shuffle=off,learning_rate=0.03", True, True),
    ("activations", "depth=3", True, True),
    ("activations", "activation=relu,depth=2,domain=centred", True, True),
    ("activations", "activation=elu", False, True),
    ("activations", "activation=leaky_relu,depth=3,learning_rate=0.02", False, True),
    ("signals", "depth=3,width=16", True, True),
    ("signals", "scheme=uniform sqrt(2/fan_in),scale=2,depth=2,activation=relu,seed=4", True, True),
    ("signals", "scheme=He normal,activation=leaky_relu,width=16,depth=4", False, True),
    ("softmax", "steps=30", False, True),
    ("softmax", "seed=3,error=squared error,target=mix 60:30:10,temperature=2.5", False, True),
    ("regions", "steps=150", True, True),
    ("regions", "layers=3,activation=relu,data=spirals,classes=4,batch_size=all", True, True),
    ("regions", "activation=sigmoid,batch_size=8,points=4:1:1;3:-2:0.25,seed=5", True, True),
    ("regions", "data=moons", False, True),
    ("regions", "activation=elu,batch_size=128", False, True),
    ("regions", "activation=relu,learning_rate=30,batch_size=8,steps=2", True, True),
    ("regions", "data=own points,points=0:1:1;2:1:-2;1:0:3", True, True),
    ("regions", "data=own points", False, False),
    ("bugs", "bug=none,layers=3", True, True),
    ("bugs", "bug=no bias gradient", False, True),
    ("bugs", "bug=no 1/m,learning_rate=0.005", True, True),
    ("bugs", "bug=no mask", False, False),
    ("bugs", "bug=slope of the wrong variable", False, False),
    ("bugs", "bug=double softmax", False, False),
    ("bugs", "bug=update first", False, False),
    ("digits", "steps=100", False, True),
    ("digits", "weight_decay=0,rate_decay=1,momentum=0.8,steps=70", True, True),
    ("digits", "weight_decay=0,rate_decay=1,momentum=0,activation=relu", True, True),
    ("digits", "momentum=0,activation=elu,training_digits=100,steps=70", False, True),
    ("optimizers", "steps=60", False, True),
    ("optimizers", "task=noisy ravine,schedule=cosine,seed=2", False, True),
    ("optimizers", "task=turned ravine,momentum=0,schedule=step,steps=200", False, True),
    ("optimizers", "momentum=1,learning_rate=5,steps=300", False, True),
    ("optimizers", "task=digits", True, True),
    ("optimizers", "task=digits,schedule=warmup_linear,steps=40", False, True),
    ("mnist", "steps=20", True, True),
    ("mnist", "optimizer=momentum,learning_rate=0.05,activation=tanh,batch_size=64", True, True),
    ("mnist", "optimizer=SGD,learning_rate=0.5,hidden2=32,activation=sigmoid", True, True),
    ("mnist", "batch_size=512,steps=110", True, True),
    ("mnist", "activation=elu", False, True),
    ("remedies", "steps=20", True, True),
    ("remedies", "l2=0.01", True, True),
    ("remedies", "shift=2,warp=1", True, True),
    ("remedies", "dropout=0.5,l2=0.003", False, True),
]
REASONS = "|".join(
    (
        re.escape(OWN_LOSS),
        re.escape(NOT_FINITE),
        "its networks always have a bias",
        "it has no (leaky ReLU|ELU|dropout)",
        "it has no squared error for a sigmoid output",
        "it gives two classes one sigmoid output, not a softmax",
        "it shrinks weights only, not biases",
        r"it can't multiply the learning rate by [\d.]+ now and then",
        "it has no schedule like (cosine|step|warmup_linear)",
        "it computes the gradients itself, without this bug",
        "its models learn from examples, here the scores themselves are trained",
        "there are no points yet",
    )
)


def same_loss(name, settings, library, there):
    """Train a playground, run its script for a library, compare; or look at the reason."""
    kind = PLAYGROUNDS[name].experiment
    chosen, steps = kind.Settings.parse(settings, kind.most_steps)
    experiment = kind(chosen)
    experiment.step(steps or 25)
    text = experiment.code_in(library)
    assert text.isascii()
    if not there:
        said = re.fullmatch(rf"# {library} can't do this: (.*)\.\n", text)
        assert said, text
        assert all(re.fullmatch(REASONS, reason) for reason in said[1].split("; ")), text
        return
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(text, {})
    where = f"{experiment.unit} {experiment.steps:,}"
    if name == "glass_box":  # the libraries make whole steps, the last of eight stages
        where = f"step {(experiment.steps + 1) // 8:,}"
    said = re.search(rf"{where}, .*?loss (\S+)", printed.getvalue())
    loss = experiment.reading()[1] if "validation:" in text else experiment.loss
    # six digits are printed; the float32 of MNIST rounds differently from processor to processor,
    # and 110 steps of Adam have made 3e-5 of that
    long = name == "mnist" and experiment.steps > 100
    assert float(said[1]) == pytest.approx(loss, rel=1e-4 if long else 1e-5)


@pytest.mark.parametrize(("name", "settings", "there"), [s[:3] for s in SCRIPTS])
def test_scikit_learn_ends_with_the_same_loss(name, settings, there):
    same_loss(name, settings, "scikit-learn", there)


@needs_torch
@pytest.mark.parametrize(("name", "settings", "there"), [(*s[:2], s[3]) for s in SCRIPTS])
def test_pytorch_ends_with_the_same_loss(name, settings, there, torch):
    torch.set_default_dtype(torch.float32)  # as a fresh Python has it
    same_loss(name, settings, "PyTorch", there)


def test_every_playground_is_among_them():
    assert {name for name, *_ in SCRIPTS} == set(PLAYGROUNDS)


def test_a_diverged_run_has_a_reason():
    """NumPy and PyTorch go on with infinite numbers, scikit-learn does not."""
    experiment = PLAYGROUNDS["sgd"].experiment(SgdSettings(learning_rate=3.0, hidden=12))
    experiment.step(200)
    assert experiment.diverged is not None
    assert NOT_FINITE in experiment.code_in("scikit-learn")
    assert "loss.backward()" in experiment.code_in("PyTorch")


@pytest.mark.parametrize(
    ("library", "name"),
    [("scikit-learn", "curve_bias"), pytest.param("PyTorch", "xor", marks=needs_torch)],
)
def test_scripts_run_alone_without_a_warning(library, name, tmp_path):
    panel = PLAYGROUNDS[name](steps=20)
    printed = output_of(panel.code_in(library), tmp_path, "-W", "error")
    assert printed == f"step 20, loss {panel.experiment.loss:.6g}\n"
    panel.close()


def test_libraries_have_a_menu():
    panel = PLAYGROUNDS["xor"](steps=5)
    menu, before = panel.library, panel.settings
    assert menu.description == "library"
    assert menu.options == LIBRARIES == ("NumPy", "scikit-learn", "PyTorch")
    assert menu.layout.display == "none", "nothing to choose before the script is shown"
    panel.buttons["code"].click()
    assert menu.layout.display is None
    for library in reversed(LIBRARIES):
        menu.value = library
        assert panel.script.value == panel.code_in(library)
    assert panel.script.value == panel.code
    menu.value = "PyTorch"
    panel.step(1)
    assert panel.script.value == panel.code_in("PyTorch")
    assert "range(6)" in panel.script.value
    panel.reset()
    panel.step(5)
    assert panel.settings == before
    panel.buttons["code"].click()
    assert menu.layout.display == "none"
    with pytest.raises(ValueError, match="one of NumPy, scikit-learn, PyTorch, got 'Keras'"):
        panel.code_in("Keras")
    panel.close()
