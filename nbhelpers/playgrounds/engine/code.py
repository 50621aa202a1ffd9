"""Functions as code: how *Show code* writes an activation, a loss, initial weights, a step.

Each function of the package has its text in NumPy here, and its names in scikit-learn and PyTorch
beside it. A test evaluates every text against the function itself. To add an activation, add it
to `nbhelpers.activations.ACTIVATIONS` and to the table here: the menus and scripts follow.
"""

import re
from dataclasses import dataclass

from nbhelpers.activations import ACTIVATIONS


@dataclass(frozen=True)
class Code:
    """A function as code.

    Attributes
    ----------
    numpy : str
        An expression in `Z` (activation), in `A` and the targets `Y` or classes `y` (loss), in
        `fan_in`, `fan_out` and `rng` (initial weights); the lines of a step (optimizer).
    slope : str
        Of an activation: f'(Z), in its output `A`. Of a loss: its `delta`, in `A` and `Y`.
    before : str
        Of an optimizer: what stands before the loop of the steps.
    sklearn : str or None
        The value of the parameter in `MLPClassifier` or `MLPRegressor` (activation, loss), or the
        parameters themselves, in the momentum `mu` (optimizer); None: it has none.
    torch : str or None
        A module (activation); an expression in `A`, the scores before a softmax, and the targets
        `Y` or classes `y` (loss); what fills a tensor `W` (initial weights); an expression in
        `params`, `rate` and `mu` (optimizer).
    """

    numpy: str
    slope: str = ""
    before: str = ""
    sklearn: str | None = None
    torch: str | None = None


ACTIVATION_CODE = {
    "linear": Code("Z", "1", sklearn="identity", torch="torch.nn.Identity()"),
    "sigmoid": Code(
        "np.exp(np.minimum(Z, 0)) / (1 + np.exp(-np.abs(Z)))",  # nothing overflows
        "A * (1 - A)",
        sklearn="logistic",
        torch="torch.nn.Sigmoid()",
    ),
    "tanh": Code("np.tanh(Z)", "1 - A * A", sklearn="tanh", torch="torch.nn.Tanh()"),
    "relu": Code("np.maximum(Z, 0)", "A > 0", sklearn="relu", torch="torch.nn.ReLU()"),
    "leaky_relu": Code(
        "np.maximum(Z, 0.01 * Z)",
        "np.where(A > 0, 1, 0.01).astype(A.dtype)",
        torch="torch.nn.LeakyReLU(0.01)",
    ),
    "elu": Code(
        "np.maximum(Z, 0) + np.expm1(np.minimum(Z, 0))",
        "np.minimum(A, 0) + 1",
        torch="torch.nn.ELU()",
    ),
}
HIDDEN = [name for name in ACTIVATIONS if name != "linear"]  # a menu for hidden layers
COMMON = [name for name in HIDDEN if ACTIVATION_CODE[name].sklearn]  # those in every library

LOSS_CODE = {
    "mean_squared_error": Code(
        "np.mean((A - Y) ** 2)",
        "2 * (A - Y) / A.size",
        torch="torch.nn.functional.mse_loss(A, Y)",
    ),
    "half_squared_error": Code(
        "0.5 * np.sum((A - Y) ** 2) / len(A)",
        "(A - Y) / len(A)",
        sklearn="squared_error",
        torch="0.5 * torch.sum((A - Y) ** 2) / len(A)",
    ),
    "binary_cross_entropy": Code(
        "-np.sum(Y * np.log(np.maximum(A, 1e-16))"
        " + (1 - Y) * np.log(np.maximum(1 - A, 1e-16))) / len(A)",
        "(A - Y) / len(A)",
        sklearn="binary_log_loss",
        torch="torch.nn.functional.binary_cross_entropy(A, Y)",
    ),
    "softmax_cross_entropy": Code(
        "0 - np.log(np.maximum(A[np.arange(len(y)), y], np.finfo(A.dtype).tiny)).mean()",
        "(A - Y) / len(A)",
        sklearn="log_loss",
        torch="torch.nn.functional.cross_entropy(A, y)",
    ),
}

INITIALIZER_CODE = {
    "zeros": Code("np.zeros((fan_in, fan_out))", torch="torch.nn.init.zeros_(W)"),
    "uniform": Code("rng.random((fan_in, fan_out))", torch="torch.nn.init.uniform_(W)"),
    "normal": Code(
        "rng.standard_normal((fan_in, fan_out)) / np.sqrt(fan_in)",
        torch="torch.nn.init.normal_(W, std=fan_in**-0.5)",
    ),
    "xavier_normal": Code(
        "rng.standard_normal((fan_in, fan_out)) * np.sqrt(2 / (fan_in + fan_out))",
        torch="torch.nn.init.xavier_normal_(W)",
    ),
    "xavier_uniform": Code(
        "rng.uniform(-1, 1, (fan_in, fan_out)) * np.sqrt(6 / (fan_in + fan_out))",
        torch="torch.nn.init.xavier_uniform_(W)",
    ),
    "he_normal": Code(
        "rng.standard_normal((fan_in, fan_out)) * np.sqrt(2 / fan_in)",
        torch="torch.nn.init.kaiming_normal_(W)",
    ),
    "he_uniform": Code(
        "rng.uniform(-1, 1, (fan_in, fan_out)) * np.sqrt(6 / fan_in)",
        torch="torch.nn.init.kaiming_uniform_(W)",
    ),
}

# The lines of step number `step` (from 1) for the i-th array `p` of `params` with its gradient `g`.
VELOCITY = "velocity = [np.zeros_like(p) for p in params]"
FADED = """\
if step % 64 == 0:  # has faded to nothing; such numbers only take time
    {0}[np.abs({0}) < 1e-30] = 0
"""
MOMENTUM = """\
v = velocity[i]
{faded}v *= {momentum}
v -= learning_rate * g
""".format(faded=FADED.format("v"), momentum="momentum")
OPTIMIZER_CODE = {
    "SGD": Code(
        "p -= learning_rate * g",
        sklearn='solver="sgd", momentum=0',
        torch="torch.optim.SGD(params, lr=rate)",
    ),
    "momentum": Code(
        MOMENTUM + "p += v",
        before=VELOCITY,
        sklearn='solver="sgd", momentum=mu, nesterovs_momentum=False',
        torch="torch.optim.SGD(params, lr=rate, momentum=mu)",
    ),
    "Nesterov": Code(
        MOMENTUM + "p += momentum * v - learning_rate * g",
        before=VELOCITY,
        sklearn='solver="sgd", momentum=mu',
        torch="torch.optim.SGD(params, lr=rate, momentum=mu, nesterov=True)",
    ),
    "Adam": Code(
        "lr = learning_rate * (1 - 0.999**step) ** 0.5 / (1 - 0.9**step)\n"
        + FADED.format("M[i]")
        + """\
M[i] *= 0.9
M[i] += g
V[i] *= 0.999
V[i] += g * g
p -= (lr * (1 - 0.9) / scale) * (M[i] / (np.sqrt(V[i]) + 1e-8 / scale))""",
        before="""\
# Adam's averages are m = (1 - 0.9) M and v = (1 - 0.999) V; its step is lr m / (sqrt(v) + 1e-8).
# The factors are the same for all parameters, so they are taken into lr and 1e-8.
M = [np.zeros_like(p) for p in params]
V = [np.zeros_like(p) for p in params]
scale = (1 - 0.999) ** 0.5""",
        sklearn='solver="adam"',
        torch="torch.optim.Adam(params, lr=rate)",
    ),
}

SOFTMAX = """\
def softmax(Z):
    E = np.exp(Z - Z.max(axis=1, keepdims=True))
    return E / E.sum(axis=1, keepdims=True)
"""


# ---------------------------------------------------------------- put into a script
def insert(text, **names):
    """The text with other expressions in the place of names.

    >>> insert("A * (1 - A)", A="A1")
    'A1 * (1 - A1)'
    """
    return re.sub(r"\b[A-Za-z_]\w*\b", lambda m: names.get(m[0], m[0]), text)


def is_short(name):
    """Whether an activation can be written on the spot: its text has `Z` only once."""
    return len(re.findall(r"\bZ\b", ACTIVATION_CODE[name].numpy)) == 1


def apply(name, Z):
    """The activation of an expression, "np.tanh(X @ W1)"; "sigmoid(X @ W1)" if it needs a name."""
    return insert(ACTIVATION_CODE[name].numpy, Z=Z) if is_short(name) else f"{name}({Z})"


def define(*names):
    """The functions that `apply` calls by name, each once: "" or "def sigmoid(Z): ..."."""
    long = dict.fromkeys(name for name in names if not is_short(name))
    return "\n\n".join(
        f"def {name}(Z):\n    return {ACTIVATION_CODE[name].numpy}\n" for name in long
    )


def times_slope(name, A):
    """The factor " * (A1 > 0)" that a delta goes back through; "" where it is 1."""
    slope = ACTIVATION_CODE[name].slope
    return "" if slope == "1" else f" * ({insert(slope, A=A)})"


def functions(name, softmax=True):
    """The definitions of f(Z) and slope(A) for an activation, and of softmax(Z)."""
    code = ACTIVATION_CODE[name]
    text = f"""\
def f(Z):
    return {code.numpy}


def slope(A):  # of f, from its output
    return {code.slope}
"""
    return text + "\n\n" + SOFTMAX if softmax else text


def initial_weights(name, fan_in="n_in", fan_out="n_out"):
    """The expression for initial weights, with these names or numbers for their sizes."""
    return insert(INITIALIZER_CODE[name].numpy, fan_in=str(fan_in), fan_out=str(fan_out))
