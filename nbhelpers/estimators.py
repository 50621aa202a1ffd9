"""The network of this series with scikit-learn's manners: a classifier and a regressor.

They take scikit-learn's names and keep its rules, so a `Pipeline`, `cross_val_score` and
`GridSearchCV` can work with them; inside are the same `MLP`, optimizers and `fit` as everywhere
in this package. This is the only module that imports scikit-learn's base classes.

Used in notebook 12.
"""

import copy
import warnings
from functools import wraps

import numpy as np
from scipy.sparse import issparse
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import r2_score
from sklearn.model_selection import train_test_split
from sklearn.utils import check_random_state, column_or_1d
from sklearn.utils.multiclass import check_classification_targets, type_of_target, unique_labels
from sklearn.utils.validation import check_is_fitted, validate_data

from nbhelpers.activations import ACTIVATIONS
from nbhelpers.initializers import SUITED
from nbhelpers.network import MLP
from nbhelpers.optimizers import SGD, Adam
from nbhelpers.training import fit
from nbhelpers.validation import (
    above_zero,
    at_least_one,
    at_least_zero,
    below_one,
    choose,
    is_whole,
    true_or_false,
)

FLOATS = [np.float64, np.float32]  # examples of these types are taken as they are
THEIR_NAMES = {"identity": "linear", "logistic": "sigmoid"}  # scikit-learn's name -> ours
ACTIVATION_NAMES = {name: name for name in ACTIVATIONS} | THEIR_NAMES


# solver -> optimizer, and which of its settings are which of ours
SOLVERS = {
    "adam": (Adam, {"lr": "learning_rate_init"}),
    "sgd": (
        SGD,
        {"lr": "learning_rate_init", "momentum": "momentum", "nesterov": "nesterovs_momentum"},
    ),
}
CHECKS = {
    at_least_one: ["max_iter"],
    above_zero: ["learning_rate_init", "validation_fraction"],
    at_least_zero: ["alpha", "tol", "momentum"],
    below_one: ["momentum", "validation_fraction"],
    true_or_false: ["shuffle", "warm_start", "nesterovs_momentum", "early_stopping"],
}


class PenalizedMLP(MLP):
    """An `MLP` with scikit-learn's penalty, alpha / (2 · examples in the batch) · Σ w²."""

    alpha = 0.0

    def loss(self, A, y, check=True):
        value = super().loss(A, y, check)
        weights = self.params[: self.n_weights]
        return value + 0.5 * self.alpha / len(A[0]) * float(weights @ weights)

    def backward(self, A, y, check=True):
        super().backward(A, y, check)
        weights = self.params[: self.n_weights]
        self.grads[: self.n_weights] += self.alpha / len(A[0]) * weights


def all_or_nothing(call):
    """Let a method change its estimator; if anything ends the call early, nothing changes."""

    @wraps(call)
    def wrapper(self, *args, **options):
        before = dict(vars(self))
        parts = [before.get(name) for name in ("net_", "_optimizer", "_rng", "random_state")]
        put_back = [restorer(part) for part in parts]
        try:
            return call(self, *args, **options)
        except BaseException:
            vars(self).clear()
            vars(self).update(before)
            for restore in put_back:
                restore()
            raise

    return wrapper


class BaseMLP(BaseEstimator):
    """What the classifier and the regressor share: settings, training, stopping.

    Parameters
    ----------
    hidden_layer_sizes : int or sequence of int, default (100,)
        Units of each hidden layer; () for none.
    activation : str, default "relu"
        "identity", "logistic", "tanh" or "relu", or any name in `ACTIVATIONS`.
    solver : "adam" (default) or "sgd"
        The optimizer.
    alpha : float, default 0.0001
        Strength of the L2 penalty: a batch of n examples adds alpha / (2 n) · Σ w² to the loss.
    batch_size : int or "auto"
        Examples a step, at most all there are; "auto" is 200.
    learning_rate_init : float, default 0.001
        The learning rate. It stays as it is.
    max_iter : int, default 200
        The largest number of epochs.
    shuffle : bool, default True
        Deal the examples into new batches in each epoch.
    random_state : int, RandomState, Generator or None
        Decides the initial weights, the batches and the validation set.
    tol, n_iter_no_change : float, int or inf
        Stop when the training loss (with `early_stopping`, the validation score) has not become
        better by `tol` for more than `n_iter_no_change` epochs in a row.
    verbose : bool or int
        Show a progress bar, unless it is False or 0.
    warm_start : bool
        Let `fit` go on from the weights it finds.
    momentum, nesterovs_momentum : float, bool
        For "sgd" alone.
    early_stopping : bool
        Set a validation set apart, watch its score, keep the weights that did best.
    validation_fraction : float, default 0.1
        The share of the examples in the validation set.

    Attributes
    ----------
    net_ : MLP
        The trained network.
    coefs_, intercepts_ : list of array (n_in, n_out), list of array (n_out,)
        Weights and biases of each layer. Views: change them, and the network changes.
    loss_curve_ : list of float
        The training loss of each epoch, penalty included.
    loss_, best_loss_ : float
        The last and the lowest of them; `best_loss_` is None with `early_stopping`.
    validation_scores_, best_validation_score_ : list of float, float
        Accuracy or R² on the validation set after each epoch; None without `early_stopping`.
    n_iter_, n_layers_, n_outputs_, n_features_in_ : int
        Epochs of the last call; layers, counting the inputs; units of the last layer; features.
    out_activation_ : str
        scikit-learn's name of the last activation: "softmax", "logistic" or "identity".
    classes_ : array
        The classifier's classes, in order.

    Raises
    ------
    ValueError
        Settings or data that do not fit; says what came and what was expected.
    FloatingPointError
        The loss, the weights or the validation score are no longer finite numbers: see
        `nbhelpers.training.fit`.

    Notes
    -----
    Whatever ends `fit` or `partial_fit` early, an interrupt too, the estimator is then what it was
    before the call: settings, weights, optimizer and generator.

    Settings may be changed between two calls of `partial_fit` or of a warm-started `fit`; the next
    call obeys them. Another `solver` begins without memory, another `random_state` decides the
    batches from then on. Another `activation` or `hidden_layer_sizes` is refused: the network is
    made.

    References
    ----------
    scikit-learn's ``sklearn.neural_network`` gives each setting its meaning.
    """

    def __init__(
        self,
        hidden_layer_sizes=(100,),
        activation="relu",
        *,
        solver="adam",
        alpha=0.0001,
        batch_size="auto",
        learning_rate_init=0.001,
        max_iter=200,
        shuffle=True,
        random_state=None,
        tol=1e-4,
        verbose=False,
        warm_start=False,
        momentum=0.9,
        nesterovs_momentum=True,
        early_stopping=False,
        validation_fraction=0.1,
        n_iter_no_change=10,
    ):
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.solver = solver
        self.alpha = alpha
        self.batch_size = batch_size
        self.learning_rate_init = learning_rate_init
        self.max_iter = max_iter
        self.shuffle = shuffle
        self.random_state = random_state
        self.tol = tol
        self.verbose = verbose
        self.warm_start = warm_start
        self.momentum = momentum
        self.nesterovs_momentum = nesterovs_momentum
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change

    @all_or_nothing
    def fit(self, X, y):
        """Train on examples `X` (n, d) and targets `y`, up to `max_iter` epochs; return self."""
        X, Y = self._start(X, y, first=not (self.warm_start and hasattr(self, "net_")))
        self._optimizer = self._new_optimizer()
        validation, self.validation_scores_ = None, None
        if self.early_stopping:
            X, Y, *validation = self._set_apart(X, Y)
            self.validation_scores_ = []
        best, best_params, waited = -np.inf, None, 0

        def watch(net, history):
            nonlocal best, best_params, waited
            score = -history.train_loss[-1]
            if validation:
                score = self._validation_score(*validation, history)
                if not np.isfinite(score):
                    raise FloatingPointError(
                        f"the validation score became {score} in epoch {len(history)}; try a "
                        f"smaller learning rate than {self.learning_rate_init!r}"
                    )
                self.validation_scores_.append(score)
            waited = waited + 1 if score < best + self.tol else 0
            if score > best:
                best, best_params = score, net.params.copy()
            return waited > self.n_iter_no_change

        self._run(X, Y, self.max_iter, validation, watch)
        if validation:
            self.net_.params[...] = best_params
        self.best_validation_score_ = best if validation else None
        self.best_loss_ = None if validation else min(self.loss_curve_)
        self._no_improvement_count = waited  # scikit-learn's name
        if waited <= self.n_iter_no_change:
            warnings.warn(
                f"stopped after max_iter={self.max_iter} epochs, before the training came to "
                f"rest; the last loss is {self.loss_:.4g}",
                ConvergenceWarning,
                stacklevel=3,
            )
        return self

    @all_or_nothing
    def _partial_fit(self, X, y, **classes):
        """Train for one epoch; the first call makes the network."""
        if self.early_stopping:
            raise ValueError(
                "partial_fit does not support early_stopping=True; it has no validation set"
            )
        X, Y = self._start(X, y, first=not hasattr(self, "net_"), **classes)
        optimizer = self._new_optimizer()
        if type(optimizer) is type(getattr(self, "_optimizer", None)):  # it goes on
            for name in SOLVERS[self.solver][1]:
                setattr(self._optimizer, name, getattr(optimizer, name))
        else:
            self._optimizer = optimizer
        self._run(X, Y, epochs=1)
        return self

    def _check_settings(self):
        """Raise a ValueError that names the first setting that cannot be meant."""
        choose("activation", ACTIVATION_NAMES, self.activation)
        choose("solver", SOLVERS, self.solver)
        hidden_sizes(self.hidden_layer_sizes)
        if self.n_iter_no_change != np.inf:
            at_least_one(n_iter_no_change=self.n_iter_no_change)
        if not (isinstance(self.batch_size, str) and self.batch_size == "auto"):
            at_least_one(batch_size=self.batch_size)
        if not is_whole(self.verbose):
            true_or_false(verbose=self.verbose)
        for check, names in CHECKS.items():
            check(**{name: getattr(self, name) for name in names})

    def _start(self, X, y, first, **classes):
        """Check everything; make a network if this is the first call. Return X, Y to train on."""
        self._check_settings()
        if not first:
            self._check_network()
        X, Y = self._checked(X, y, first, **classes)
        if first or self.random_state != self._seed:
            self._seed, self._rng = self.random_state, generator(self.random_state)
        if first:
            self._make_network(X, Y)
        return X, Y

    def _check_network(self):
        """Raise a ValueError if the settings ask for another network than the one there is."""
        hidden = hidden_sizes(self.hidden_layer_sizes)
        names = [ACTIVATION_NAMES[self.activation]] * len(hidden)
        made = [activation.name for activation in self.net_.activations[:-1]]
        if hidden != self.net_.sizes[1:-1] or names != made:
            raise ValueError(
                f"the network is {self.net_}; for hidden_layer_sizes={self.hidden_layer_sizes!r} "
                f"and activation={self.activation!r} take a new estimator"
            )

    def _make_network(self, X, Y):
        """Make a new network of the examples' dtype."""
        activation = ACTIVATION_NAMES[self.activation]
        output, loss = self._output_and_loss(Y)
        self.n_outputs_ = Y.shape[1] if Y.ndim == 2 else len(self.classes_)
        self.net_ = PenalizedMLP(
            [X.shape[1], *hidden_sizes(self.hidden_layer_sizes), self.n_outputs_],
            activation,
            output,
            loss,
            initializer=SUITED[activation],
            rng=self._rng,
            dtype=X.dtype,
        )
        self.n_layers_, self.loss_curve_ = len(self.net_.sizes), []
        self.out_activation_ = {"linear": "identity", "sigmoid": "logistic"}.get(output, output)

    def _new_optimizer(self):
        """Return a new optimizer with the present settings."""
        kind, names = SOLVERS[self.solver]
        return kind(**{name: getattr(self, setting) for name, setting in names.items()})

    def _run(self, X, Y, epochs, validation=None, callback=None):
        """Train the network for some epochs and write down how it went."""
        batch_size = 200 if self.batch_size == "auto" else self.batch_size
        self.net_.alpha = float(self.alpha)
        history = fit(
            self.net_,
            X,
            Y,
            optimizer=self._optimizer,
            epochs=epochs,
            batch_size=min(batch_size, len(X)),
            rng=self._rng,
            validation=validation,
            callback=callback,
            shuffle=bool(self.shuffle),
            verbose=bool(self.verbose),
        )
        self.n_iter_ = len(history)
        self.loss_curve_ = self.loss_curve_ + history.train_loss
        self.loss_ = self.loss_curve_[-1]

    def _set_apart(self, X, Y):
        """Return X, Y to train on and X, Y to validate on."""
        strata = self._strata(Y)
        try:
            X, X_apart, Y, Y_apart = train_test_split(
                X,
                Y,
                test_size=self.validation_fraction,
                stratify=strata,
                random_state=int(self._rng.integers(2**31)),
            )
        except ValueError as error:
            if strata is None:
                raise
            labels = self.classes_[np.ravel(strata).astype(int)].tolist()
            found = {label: labels.count(label) for label in self.classes_.tolist()}
            raise ValueError(f"{error} Examples of each class: {found}") from None
        if len(X_apart) < 2:
            raise ValueError(
                f"The validation set is too small: validation_fraction is "
                f"{self.validation_fraction!r}, which sets {len(X_apart)} example apart; expected "
                "two or more"
            )
        return X, Y, X_apart, Y_apart

    def _activations(self, X):
        """Return the activations of all layers for examples `X` (n, d), with checks."""
        check_is_fitted(self)
        with np.errstate(under="ignore"):  # a probability too small for the format is 0
            return self.net_.forward(validate_data(self, X, reset=False, dtype=FLOATS))

    @property
    def coefs_(self):
        return self.net_.W

    @coefs_.setter
    def coefs_(self, arrays):
        replace("coefs_", self.net_.W, arrays)

    @property
    def intercepts_(self):
        return self.net_.b

    @intercepts_.setter
    def intercepts_(self, arrays):
        replace("intercepts_", self.net_.b, arrays)


class MLPClassifier(ClassifierMixin, BaseMLP):
    """A multilayer perceptron that chooses among classes.

    It ends in softmax for three classes or more, in a single sigmoid for two, and in a sigmoid an
    output where `y` is a table of zeros and ones: several labels an example. The loss is the
    cross-entropy. Settings and attributes: `BaseMLP`.

    Examples
    --------
    >>> from nbhelpers.datasets import digits
    >>> X, y = digits()
    >>> mlp = MLPClassifier((32,), learning_rate_init=5e-3, random_state=0).fit(X[:1500], y[:1500])
    >>> mlp.score(X[1500:], y[1500:]) > 0.9
    True
    """

    def partial_fit(self, X, y, classes=None):
        """Train for one epoch; the first call needs `classes`, all that will ever come."""
        if classes is None and not hasattr(self, "net_"):
            raise ValueError("the first call of partial_fit needs classes, all that will come")
        return self._partial_fit(X, y, classes=classes)

    def predict(self, X):
        """Return the class of each row of `X` (n, d), or its labels (n, n_outputs_)."""
        A = self._activations(X)[-1]
        answers = self.net_.classes(A)
        return answers if self._multilabel else self.classes_[answers]

    def predict_proba(self, X):
        """Return the probability of each class, or of each label, for each row: (n, classes)."""
        A = self._activations(X)[-1]
        return A if A.shape[1] > 1 else np.hstack([1 - A, A])

    def predict_log_proba(self, X):
        """Return the logarithms of `predict_proba`."""
        with np.errstate(divide="ignore"):  # log 0 is -inf
            return np.log(self.predict_proba(X))

    def decision_function(self, X):
        """Return the last layer's pre-activations: (n,) for two classes, else (n, classes)."""
        Z = self._activations(X)[-2] @ self.coefs_[-1] + self.intercepts_[-1]
        return Z if Z.shape[1] > 1 else Z[:, 0]

    def _checked(self, X, y, first, classes=None):
        """Return checked examples, and targets as the network wants them."""
        X, y = validate_data(self, X, y, reset=first, dtype=FLOATS, multi_output=True)
        check_classification_targets(y)
        y = y.toarray() if issparse(y) else y
        multilabel = type_of_target(y) == "multilabel-indicator"
        if not multilabel:
            y = column_or_1d(y, warn=True)
        if first:
            self.classes_ = unique_labels(y if classes is None else classes)
            self._multilabel = multilabel
        elif classes is not None and not np.array_equal(unique_labels(classes), self.classes_):
            raise ValueError(f"classes is {classes}; expected {self.classes_}, as before")
        if len(self.classes_) < 2:
            found = "y has one class only," if classes is None else "classes is"
            raise ValueError(f"{found} {self.classes_.tolist()}; expected two or more")
        unknown = np.setdiff1d(unique_labels(y), self.classes_)
        if multilabel != self._multilabel or len(unknown):
            raise ValueError(
                f"y has the classes {unique_labels(y)}; expected some of {self.classes_}"
            )
        if multilabel:
            return X, y.astype(X.dtype)
        answers = np.searchsorted(self.classes_, y)
        return X, answers if len(self.classes_) > 2 else answers[:, None].astype(X.dtype)

    def _output_and_loss(self, Y):
        return ("softmax" if Y.ndim == 1 else "sigmoid"), None

    def _strata(self, Y):
        if self._multilabel:
            return None
        return Y if Y.ndim == 1 else Y.astype(bool)  # as scikit-learn does it

    def _validation_score(self, X, Y, history):
        return float(history.validation_accuracy[-1])

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags


class MLPRegressor(RegressorMixin, BaseMLP):
    """A multilayer perceptron that predicts numbers.

    It ends in a linear layer; the loss is half the squared error, summed over the outputs. `y`
    holds one number an example, (n,), or several, (n, n_outputs_). Settings and attributes:
    `BaseMLP`.

    Examples
    --------
    >>> from nbhelpers.datasets import sine
    >>> X, Y = sine(200)
    >>> mlp = MLPRegressor((20,), "tanh", learning_rate_init=0.02, batch_size=20, random_state=0)
    >>> mlp.fit(X, Y[:, 0]).score(X, Y[:, 0]) > 0.9
    True
    """

    def partial_fit(self, X, y):
        """Train for one epoch."""
        return self._partial_fit(X, y)

    def predict(self, X):
        """Return the predicted number for each row of `X`, (n,), or numbers (n, n_outputs_)."""
        A = self._activations(X)[-1]
        return A if A.shape[1] > 1 else A[:, 0]

    def _checked(self, X, y, first):
        """Return checked examples, and targets as the network wants them."""
        X, Y = validate_data(
            self, X, y, reset=first, dtype=FLOATS, multi_output=True, y_numeric=True
        )
        if Y.ndim == 1 or Y.shape[1] == 1:
            Y = column_or_1d(Y, warn=True)[:, None]
        return X, Y.astype(X.dtype)

    def _output_and_loss(self, Y):
        return "linear", "half_squared_error"

    def _strata(self, Y):
        return None

    def _validation_score(self, X, Y, history):
        # as float64, where even the squares of the largest float32 numbers are finite
        Y, predicted = Y.astype(np.float64), self.net_.predict(X).astype(np.float64)
        with np.errstate(all="ignore"):  # `watch` looks at the result
            return float(r2_score(Y, predicted))

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags


def restorer(part):
    """Return a function that puts a network, an optimizer or a generator back as it is now."""
    if isinstance(part, MLP):
        params, grads, alpha = part.params.copy(), part.grads.copy(), part.alpha

        def restore():
            part.params[...], part.grads[...], part.alpha = params, grads, alpha

        return restore
    if isinstance(part, (SGD, Adam)):
        state = copy.deepcopy(vars(part))
        return lambda: vars(part).update(state)
    if isinstance(part, np.random.Generator):
        state = part.bit_generator.state
        return lambda: setattr(part.bit_generator, "state", state)
    if isinstance(part, np.random.RandomState):
        state = part.get_state()
        return lambda: part.set_state(state)
    return lambda: None


def replace(name, arrays, new):
    """Copy `new` into the arrays of a network, or raise a ValueError before anything changes."""
    expected, new = [a.shape for a in arrays], [np.asarray(a, arrays[0].dtype) for a in new]
    found = [a.shape for a in new]
    if found != expected:
        raise ValueError(f"{name}: arrays of shapes {found}; expected {expected}")
    for array, values in zip(arrays, new, strict=True):
        array[...] = values


def hidden_sizes(value):
    """Return the list of layer sizes that `hidden_layer_sizes` means: an int, or several."""
    sizes = value.tolist() if isinstance(value, np.ndarray) else value
    sizes = [sizes] if is_whole(sizes) else sizes
    if not (isinstance(sizes, (list, tuple)) and all(is_whole(n) and n >= 1 for n in sizes)):
        raise ValueError(
            f"hidden_layer_sizes is {value!r}; expected an integer of 1 or more, or a list or "
            "tuple of such"
        )
    return list(sizes)


def generator(random_state):
    """Return a NumPy Generator for scikit-learn's `random_state`: int, RandomState or None."""
    if isinstance(random_state, np.random.Generator):
        return random_state
    return np.random.default_rng(check_random_state(random_state).randint(2**31 - 1))
