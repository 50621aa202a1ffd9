"""What the playgrounds on MNIST have in common: the data, the training, the script.

5,000 of the 60,000 training images are set apart for validation; the test set is not touched.
"""

from functools import lru_cache

import numpy as np

from nbhelpers import datasets
from nbhelpers.playgrounds.engine.code import OPTIMIZER_CODE, functions, initial_weights
from nbhelpers.playgrounds.engine.experiment import Experiment, once_a_step
from nbhelpers.playgrounds.engine.panel import short
from nbhelpers.playgrounds.engine.recipe import Recipe
from nbhelpers.playgrounds.engine.scripts import in_other_libraries
from nbhelpers.training import overflow_allowed, train_step

EPOCH = 55_000  # images to train on; the other 5,000 are for validation
SAMPLE = 1_000  # validation images that are read for every picture


@lru_cache(maxsize=1)
def data():
    """MNIST's training set, loaded once: X and y to train on (55,000), X and y to validate."""
    (X, y), _ = datasets.mnist()
    return X[:EPOCH], y[:EPOCH], X[EPOCH:], y[EPOCH:]


class MnistExperiment(Experiment):
    """A network learns to read digits; a step is one mini-batch, every epoch shuffles anew.

    A subclass's `build` makes `net` and `optimizer`, sets `X`, `y` and `batch_size` if they are
    others, and calls `start`.
    """

    units = "hidden units"  # what those of the first hidden layer are called
    cure = "try another learning rate"  # for a network that hardly learns

    def __init__(self, settings=None):
        self.X, self.y, self.X_validation, self.y_validation = data()
        super().__init__(settings)

    def start(self, first, every):
        """Record what the network makes of the `first` images; later, `every` so many steps."""
        self.every, self.place = every, len(self.X)
        self._since = np.zeros(3)  # images, sum of losses, right answers since the last point
        A, y = self.net.forward(self.X[:first], check=False), self.y[:first]
        self._record(self.net.loss_function.value(A[-1], y), self.net.accuracy(A[-1], y))

    def advance(self):
        if self.place >= len(self.X):
            self.order, self.place = self.rng.permutation(len(self.X)), 0
        rows = self.order[self.place : self.place + self.batch_size]
        X, y, penalty = self.moved(self.X[rows]), self.y[rows], self.penalty()
        with overflow_allowed():
            loss, right = train_step(self.net, X, y, self.optimizer)
        self.place += len(rows)
        self._since += len(rows) * np.array([1, loss - penalty, right])
        if not np.isfinite(loss) or self.steps % self.every == 0:
            count, losses, rights = self._since
            self._since = np.zeros(3)
            self._record(losses / count, rights / count)
        return loss

    def moved(self, X):
        """The images of a mini-batch as the network sees them."""
        return X

    def penalty(self):
        """How much of the training loss is the L2 penalty, which no curve shows."""
        weights = self.net.params[: self.net.n_weights]
        return 0.5 * self.net.l2 * float(weights @ weights) if self.net.l2 else 0.0

    def _record(self, loss, right):
        _, validation, read = self.reading()
        self.record("loss", loss)
        self.record("train_wrong", 1 - right)
        self.record("validation", validation)
        self.record("wrong", 1 - read)

    @once_a_step
    def reading(self):
        """How the network reads the first 1,000 validation images now: (A, loss, share right)."""
        X, y = self.X_validation[:SAMPLE], self.y_validation[:SAMPLE]
        A = self.net.forward(X, check=False)
        loss = self.net.loss_function.value(A[-1], y)  # without the L2 penalty
        return A, loss, self.net.accuracy(A[-1], y)

    def describe(self):
        A, loss, right = self.reading()
        words = f"validation: loss {short(loss)}, {100 * right:.1f} % of {SAMPLE:,} right"
        words += self.best()
        units = A[1].shape[1]
        dead = int((A[1] <= 0).all(axis=0).sum())  # 0 for every one of the 1,000 images
        if self.net.activations[0].name == "relu" and dead > units // 2:
            words += f" · {dead} of {units} {self.units} are dead (always 0): "
            words += "lower the learning rate"
        elif right < 0.2 and self.steps * self.batch_size >= 10_000:
            words += f" · hardly better than guessing: {self.cure}"
        return words

    def best(self):
        """What the summary says of a better network on the way to this one."""
        return ""

    def script(self, rows, optimizer, imports="", moves=()):
        """The script of *Show code*, which gives the very same numbers.

        `rows` says which rows of MNIST's training set `X` and `y` are and may draw from `rng`;
        `optimizer` is a name in `OPTIMIZER_CODE`; `moves` are lines that change `X_batch`.
        """
        net, step = self.net, OPTIMIZER_CODE[optimizer]
        name, numbers = net.activations[0].name, {"l2": net.l2, "dropout": net.dropout[0]}
        if optimizer == "momentum":
            numbers["momentum"] = self.optimizer.momentum
        if net.dropout[0]:
            moves = [*moves, *DROPOUT]
        mask = " * mask" if net.dropout[0] else ""
        return SCRIPT.format(
            read=READ,
            imports=imports,
            data=DATA.format(seed=self.settings.seed, rows=rows),
            learning_rate=self.settings.learning_rate,
            batch_size=self.batch_size,
            steps=self.steps,
            numbers="".join(f"{key} = {value!r}\n" for key, value in numbers.items() if value),
            sizes=net.sizes,
            start=initial_weights(net.activations[0].initializer),
            before=step.before + "\n" if step.before else "",
            functions=functions(name, softmax=False),
            moves="".join(f"{line}\n    " for line in moves),
            mask_argument=", mask=1" if mask else "",
            mask_passed=", mask" if mask else "",
            mask=mask,
            l2=" + l2 * W[l]" if net.l2 else "",
            update=step.numpy.replace("\n", "\n        "),
        )

    def other_scripts(self, rows, optimizer, imports="", moves=()):
        """The scripts for the other libraries, of the same parts."""
        net, imported = self.net, f"{READ}{imports}\n\n"
        recipe = Recipe(
            data=imported + DATA.format(seed=self.settings.seed, rows=rows),
            sizes=net.sizes,
            activation=net.activations[0].name,
            dropout=net.dropout[0],
            l2=net.l2,
            weights=initial_weights(net.activations[0].initializer),
            optimizer=optimizer,
            learning_rate=self.settings.learning_rate,
            momentum=getattr(self.optimizer, "momentum", 0.0),
            n=len(self.X),
            batch=self.batch_size,
            moves=moves,
            steps=self.steps,
            look_at=("X_validation", "y_validation"),
            dtype="float32",
            diverged=self.diverged is not None,
        )
        return in_other_libraries(recipe)


# ---------------------------------------------------------------- the plain script of Show code
DROPOUT = (
    "mask = rng.random((len(rows), sizes[1]), dtype=np.float32) >= dropout  # anew in each step",
    "mask = mask * np.float32(1 / (1 - dropout))",
)
READ = "from nbhelpers.datasets import mnist  # only reads the files"
DATA = """\
(X, y), _ = mnist()  # X: (60000, 784) from 0 to 1; y: digits
X_validation, y_validation = X[55_000:56_000], y[55_000:56_000]
rng = np.random.default_rng({seed})
rows = {rows}  # the images to learn from
X, y = X[rows], y[rows]
"""
SCRIPT = """import numpy as np
from threadpoolctl import threadpool_limits

{read}{imports}

threadpool_limits(1, "blas")  # in one thread, as in the panel: sums are added up in one order

{data}
learning_rate, batch_size, steps = {learning_rate!r}, {batch_size}, {steps}
{numbers}sizes = {sizes}
W, b = [], []
for n_in, n_out in zip(sizes[:-1], sizes[1:]):
    W.append(({start}).astype(np.float32))
    b.append(np.zeros(n_out, np.float32))
params = W + b
{before}

{functions}

def forward(X{mask_argument}):
    A = [X]
    for l in range(len(W)):
        Z = A[l] @ W[l] + b[l]
        if l < len(W) - 1:
            A.append(f(Z){mask})
        else:  # softmax
            E = np.exp(Z - Z.max(axis=1, keepdims=True))
            A.append(E / E.sum(axis=1, keepdims=True))
    return A


place = len(X)
for step in range(1, steps + 1):
    if place >= len(X):  # a new epoch: shuffle
        order, place = rng.permutation(len(X)), 0
    rows = order[place : place + batch_size]
    place += len(rows)

    X_batch = X[rows]
    {moves}A = forward(X_batch{mask_passed})
    delta = A[-1].copy()
    delta[np.arange(len(rows)), y[rows]] -= 1
    delta /= len(rows)
    dW, db = [None] * len(W), [None] * len(W)
    for l in reversed(range(len(W))):
        dW[l], db[l] = A[l].T @ delta{l2}, delta.sum(axis=0)
        if l > 0:
            delta = (delta @ W[l].T) * slope(A[l]){mask}

    for i, (p, g) in enumerate(zip(params, dW + db)):
        {update}

P = forward(X_validation)[-1]
p = np.maximum(P[np.arange(len(P)), y_validation], np.finfo(np.float32).tiny)
loss = -np.log(p).sum() / len(p)
right = np.mean(P.argmax(axis=1) == y_validation)
print(f"step {{steps:,}}, validation: loss {{loss:.3g}}, {{100 * right:.1f}} % of 1,000 right")
"""
