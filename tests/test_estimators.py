"""The estimators: scikit-learn's rules, its own numbers, and life inside its tools."""

import contextlib
import copy
import doctest
import itertools
import sys
import unittest
import warnings

import numpy as np
import pytest
from sklearn import neural_network as sklearn_mlp
from sklearn.datasets import make_classification, make_multilabel_classification, make_regression
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GridSearchCV, StratifiedKFold
from sklearn.utils.estimator_checks import parametrize_with_checks
from sklearn.utils.multiclass import unique_labels

from nbhelpers import datasets, estimators
from nbhelpers.estimators import ACTIVATION_NAMES, BaseMLP, MLPClassifier, MLPRegressor
from nbhelpers.network import MLP
from nbhelpers.optimizers import SGD, Adam

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

# ------------------------------------------------------------------ scikit-learn's own checks


@parametrize_with_checks(
    [
        MLPClassifier(),
        MLPRegressor(),
        MLPClassifier((20, 10), activation="tanh", solver="sgd", learning_rate_init=0.05),
        MLPRegressor((20, 10), activation="tanh", solver="sgd"),
    ]
)
def test_scikit_learns_rules(estimator, check, monkeypatch):
    """No check may fail, and none may be skipped for want of a setting or a package."""
    monkeypatch.setenv("SCIPY_ARRAY_API", "1")
    try:
        check(estimator)
    except unittest.SkipTest as skipped:
        pytest.fail(f"scikit-learn skipped the check: {skipped}")


# ------------------------------------------------------------------ scikit-learn's own numbers

PROBLEMS = {
    "three classes": (
        MLPClassifier,
        make_classification(90, 6, n_informative=4, n_classes=3, random_state=0),
    ),
    "two classes": (MLPClassifier, make_classification(90, 6, random_state=1)),
    "several labels": (
        MLPClassifier,
        make_multilabel_classification(90, 6, n_classes=4, random_state=2),
    ),
    "one number": (MLPRegressor, make_regression(90, 6, random_state=3)),
    "three numbers": (MLPRegressor, make_regression(90, 6, n_targets=3, random_state=4)),
}
SOLVERS = {
    "sgd": {"solver": "sgd", "learning_rate_init": 0.05, "momentum": 0},
    "momentum": {
        "solver": "sgd",
        "learning_rate_init": 0.02,
        "momentum": 0.9,
        "nesterovs_momentum": False,
    },
    "nesterov": {"solver": "sgd", "learning_rate_init": 0.02, "momentum": 0.9},
    "adam": {"solver": "adam", "learning_rate_init": 0.02},
}


def problem(name):
    """Return our class, scikit-learn's class, standardized examples, targets of moderate size."""
    ours, (X, y) = PROBLEMS[name]
    X = (X - X.mean(axis=0)) / X.std(axis=0)
    if ours is MLPRegressor:
        y = (y - y.mean(axis=0)) / y.std(axis=0)
    return ours, getattr(sklearn_mlp, ours.__name__), X, y


def side_by_side(name, activation="relu", max_iter=1, batch_size=90, **settings):
    """Train both estimators from the same weights on the same batches; return them, and X, y."""
    ours, theirs, X, y = problem(name)
    settings |= {
        "hidden_layer_sizes": (5, 4),
        "activation": activation,
        "alpha": 0.3,
        "batch_size": batch_size,
        "max_iter": 1,
        "tol": 0,
        "shuffle": False,
        "warm_start": True,
        "random_state": 0,
    }
    pair = ours(**settings).fit(X, y), theirs(**settings).fit(X, y)
    for estimator in pair:
        # fresh weights for both, far from zero gradients and with biases that are not zero
        rng = np.random.default_rng(7)
        estimator.coefs_ = [rng.normal(scale=0.5, size=W.shape) for W in estimator.coefs_]
        estimator.intercepts_ = [rng.normal(scale=0.5, size=b.shape) for b in estimator.intercepts_]
        estimator.set_params(max_iter=max_iter)
    start = [W.copy() for W in pair[0].coefs_]
    for estimator in pair:
        estimator.fit(X, y)
    for W, before in zip(pair[0].coefs_, start, strict=True):
        assert np.abs(W - before).max() > 1e-4  # it did move
    return *pair, X, y


def assert_same(mine, theirs):
    for a, b in zip(mine, theirs, strict=True):
        assert a.dtype == np.float64
        np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("name", PROBLEMS)
def test_one_step_equals_scikit_learns(name, solver):
    mine, theirs, X, _ = side_by_side(name, **SOLVERS[solver])
    assert_same(mine.coefs_, theirs.coefs_)
    assert_same(mine.intercepts_, theirs.intercepts_)
    for method in ("predict", "predict_proba", "predict_log_proba"):
        if hasattr(theirs, method):
            a, b = getattr(mine, method)(X), getattr(theirs, method)(X)
            assert (a.shape, a.dtype) == (b.shape, b.dtype)
            np.testing.assert_allclose(a, b, rtol=1e-9)
    for attribute in ("out_activation_", "n_outputs_", "n_layers_", "n_features_in_"):
        assert getattr(mine, attribute) == getattr(theirs, attribute)


@pytest.mark.parametrize("activation", ["identity", "logistic", "tanh", "relu"])
@pytest.mark.parametrize("solver", SOLVERS)
def test_five_epochs_of_uneven_batches_equal_scikit_learns(solver, activation):
    mine, theirs, X, y = side_by_side(
        "three classes", activation, max_iter=5, batch_size=40, **SOLVERS[solver]
    )
    assert_same(mine.coefs_, theirs.coefs_)
    assert_same(mine.intercepts_, theirs.intercepts_)
    # the first number is that of the fit from other weights
    np.testing.assert_allclose(mine.loss_curve_[1:], theirs.loss_curve_[1:], rtol=1e-12)
    assert mine.n_iter_ == theirs.n_iter_ == 5
    assert mine.score(X, y) == theirs.score(X, y)


def test_the_loss_of_several_numbers_is_summed_over_the_outputs():
    mine, _, X, y = side_by_side("three numbers", **SOLVERS["sgd"])
    before = copy.deepcopy(mine)
    mine.fit(X, y)
    squares = ((before.predict(X) - y) ** 2).sum() / (2 * len(X))
    penalty = 0.3 / (2 * len(X)) * sum((W**2).sum() for W in before.coefs_)
    assert mine.loss_ == pytest.approx(squares + penalty, rel=1e-12)


# ------------------------------------------------------------------ learning


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("solver", ["sgd", "adam"])
@pytest.mark.parametrize("name", PROBLEMS)
def test_the_type_of_the_examples_is_the_type_of_everything(name, solver, dtype):
    ours, _, X, y = problem(name)
    settings = {"alpha": np.float64(0.1), "learning_rate_init": np.float64(0.01), "max_iter": 2}
    mlp = ours((4,), solver=solver, momentum=np.float64(0.5), **settings).fit(X.astype(dtype), y)
    state = vars(mlp._optimizer).values()
    arrays = [*mlp.coefs_, *mlp.intercepts_, mlp.net_.grads]
    arrays += [array for array in state if isinstance(array, np.ndarray)]
    assert {array.dtype for array in arrays} == {np.dtype(dtype)}
    outputs = mlp.predict_proba(X) if hasattr(mlp, "predict_proba") else mlp.predict(X)
    assert outputs.dtype == dtype


@pytest.mark.parametrize("activation", ACTIVATION_NAMES)
def test_every_activation_learns(activation):
    X, y = datasets.moons(100, rng=np.random.default_rng(0))
    mlp = MLPClassifier((10,), activation, learning_rate_init=0.03, max_iter=100, random_state=0)
    assert mlp.fit(X, y).score(X, y) > 0.82


def test_no_hidden_layer_and_a_bare_number():
    X, y = datasets.clouds(100, rng=np.random.default_rng(0))
    straight = MLPClassifier((), learning_rate_init=0.05, max_iter=50, random_state=0).fit(X, y)
    assert [W.shape for W in straight.coefs_] == [(2, 3)]
    assert straight.score(X, y) > 0.9
    assert [W.shape for W in MLPClassifier(7, max_iter=1).fit(X, y).coefs_] == [(2, 7), (7, 3)]


# ------------------------------------------------------------------ when to stop


def test_training_stops_when_the_loss_rests():
    X, y = datasets.clouds(100, rng=np.random.default_rng(0))
    mlp = MLPClassifier((5,), learning_rate_init=0.1, tol=1e-2, n_iter_no_change=3, random_state=0)
    mlp.fit(X, y)
    losses = mlp.loss_curve_
    assert 5 < mlp.n_iter_ < 200
    best = np.minimum.accumulate(losses)
    waits = [losses[i] > best[i - 1] - 1e-2 for i in range(1, len(losses))]
    assert all(waits[-4:])  # more than three epochs in a row
    assert not any(all(waits[i : i + 4]) for i in range(len(waits) - 4))
    assert (mlp.loss_, mlp.best_loss_) == (losses[-1], min(losses))
    assert mlp.validation_scores_ is mlp.best_validation_score_ is None


@pytest.mark.parametrize(
    ("ours", "data"),
    [
        (MLPClassifier, make_classification(300, 6, flip_y=0.2, random_state=0)),
        (MLPClassifier, make_multilabel_classification(300, 6, random_state=0)),
        (MLPRegressor, make_regression(300, 6, noise=20, random_state=0)),
    ],
    ids=["classes", "labels", "numbers"],
)
def test_early_stopping_keeps_the_best_weights(ours, data):
    X, y = data
    mlp = ours(early_stopping=True, learning_rate_init=0.01, validation_fraction=0.2)
    mlp.set_params(n_iter_no_change=5, random_state=0)
    apart = {}
    real = mlp._set_apart
    mlp._set_apart = lambda X, Y: apart.setdefault("parts", real(X, Y))
    mlp.fit(X, y)
    X_train, _, X_apart, Y_apart = apart["parts"]
    assert (len(X_train), len(X_apart)) == (240, 60)
    scores = mlp.validation_scores_
    assert len(scores) == mlp.n_iter_ < 200
    assert mlp.best_validation_score_ == max(scores) > scores[-1]
    assert mlp.best_loss_ is None
    targets = Y_apart[:, 0] if Y_apart.shape[1:] == (1,) else Y_apart
    assert mlp.score(X_apart, targets) == pytest.approx(max(scores), abs=1e-12)


# ------------------------------------------------------------------ going on


@pytest.mark.parametrize("name", PROBLEMS)
def test_partial_fit_goes_on_where_it_was(name):
    ours, _, X, y = problem(name)
    classes = {"classes": unique_labels(y)} if ours is MLPClassifier else {}
    step = ours((5,), learning_rate_init=0.01, random_state=0)
    step.partial_fit(X, y, **classes)
    assert len(step.loss_curve_) == 1
    for _ in range(9):
        step.partial_fit(X, y)
    whole = ours((5,), learning_rate_init=0.01, random_state=0, max_iter=10).fit(X, y)
    np.testing.assert_allclose(step.loss_curve_, whole.loss_curve_)
    for a, b in zip(step.coefs_, whole.coefs_, strict=True):
        np.testing.assert_allclose(a, b)


@pytest.mark.parametrize("method", ["fit", "partial_fit"])
@pytest.mark.parametrize("ours", [MLPClassifier, MLPRegressor])
def test_settings_changed_between_two_calls_are_obeyed(ours, method, capsys):
    X, y = datasets.moons(50, rng=np.random.default_rng(0))
    first = ours((6,), "logistic", max_iter=1, warm_start=True, random_state=0, solver="sgd")
    first.fit(X, y).partial_fit(X, y)

    def again(**settings):
        mlp = copy.deepcopy(first).set_params(**settings)
        return getattr(mlp, method)(X, y)

    def moved(mlp):
        return np.abs(mlp.coefs_[0] - first.coefs_[0]).max()

    at_rest = {"learning_rate_init": 1e-9, "momentum": 0.0}  # momentum remembers larger steps
    assert moved(again(**at_rest)) < 1e-8 < 1e-5 < moved(again())
    assert again(alpha=100.0).loss_ > again().loss_ + 1
    optimizer = again(momentum=0.5, nesterovs_momentum=False, learning_rate_init=0.25)._optimizer
    assert (optimizer.lr, optimizer.momentum, optimizer.nesterov) == (0.25, 0.5, False)
    begun = first._optimizer.t if method == "partial_fit" else 0  # a fit begins at rest
    assert again(batch_size=10)._optimizer.t == begun + 10
    assert isinstance(again(solver="adam")._optimizer, Adam)
    assert again(solver="adam")._optimizer.t == 1
    assert state(again(shuffle=False)._rng) == state(first._rng) != state(again()._rng)
    assert state(again(random_state=5)._rng) != state(again()._rng)
    capsys.readouterr()
    again(verbose=True)
    assert "loss" in capsys.readouterr().err
    assert moved(again(activation="sigmoid", hidden_layer_sizes=6)) == moved(again())
    for settings in ({"activation": "tanh"}, {"hidden_layer_sizes": (6, 6)}):
        with pytest.raises(ValueError, match=r"the network is <MLP 2-6-1 .* take a new estimator"):
            again(**settings)
    if method == "fit":
        assert again(max_iter=3).n_iter_ == 3
        assert again(early_stopping=True).validation_scores_ is not None


def test_what_is_reported_is_of_pythons_own_types():
    X, y = datasets.moons(50, rng=np.random.default_rng(0))
    for ours in (MLPClassifier, MLPRegressor):
        mlp = ours(early_stopping=True, max_iter=np.int64(3), tol=np.float32(0)).fit(X, y)
        numbers = [mlp.loss_, mlp.best_validation_score_, mlp.score(X, y)]
        numbers += [
            *mlp.loss_curve_,
            *mlp.validation_scores_,
            ours(max_iter=2).fit(X, y).best_loss_,
        ]
        assert {type(number) for number in numbers} == {float}
        counts = [mlp.n_iter_, mlp.n_layers_, mlp.n_outputs_, mlp.n_features_in_]
        assert {type(count) for count in counts} == {int}


@pytest.mark.parametrize("ours", [MLPClassifier, MLPRegressor])
def test_no_setting_of_numpys_errors_disturbs(ours):
    X, y = datasets.moons(50, rng=np.random.default_rng(0))
    methods = ["predict", "predict_proba", "predict_log_proba", "decision_function"]
    for early_stopping in (False, True):
        mlp = ours(max_iter=20, learning_rate_init=0.05, early_stopping=early_stopping)
        with np.errstate(all="raise"):
            mlp.fit(X, y).score(X, y)
            found = [getattr(mlp, name)(5000 * X) for name in methods if hasattr(mlp, name)]
        assert len(found) == (4 if ours is MLPClassifier else 1)
        assert not any(np.isnan(array).any() for array in found)


def test_weights_can_be_set():
    X, y = datasets.moons(50, rng=np.random.default_rng(0))
    a = MLPClassifier((6,), max_iter=5, random_state=0).fit(X, y)
    b = MLPClassifier((6,), max_iter=1, random_state=1).fit(X, y)
    b.coefs_, b.intercepts_ = a.coefs_, a.intercepts_
    assert np.array_equal(a.predict_proba(X), b.predict_proba(X))
    b.coefs_[0][...] = 0  # a view
    assert not np.array_equal(a.predict_proba(X), b.predict_proba(X))
    assert np.ptp(b.predict_proba(X)[:, 0]) == 0
    before = b.predict_proba(X)
    for wrong in ([np.ones((2, 6))], [np.ones((2, 6)), 3]):
        with pytest.raises(ValueError, match=r"coefs_: .* expected \[\(2, 6\), \(6, 1\)\]"):
            b.coefs_ = wrong
    with pytest.raises(ValueError, match="could not convert"):
        b.coefs_ = [np.ones((2, 6)), np.full((6, 1), "x")]
    assert np.array_equal(b.predict_proba(X), before)


# ------------------------------------------------------------------ randomness


@pytest.mark.parametrize("make", [lambda s: s, np.random.RandomState, np.random.default_rng])
def test_random_state_decides_everything(make):
    X, y = datasets.moons(100, rng=np.random.default_rng(0))

    def weights(seed):
        mlp = MLPClassifier((6,), max_iter=3, batch_size=20, random_state=make(seed))
        return mlp.fit(X, y).coefs_[0]

    assert np.array_equal(weights(3), weights(3))
    assert not np.array_equal(weights(3), weights(4))
    assert not np.array_equal(weights(None), weights(None))


# ------------------------------------------------------------------ scikit-learn's tools


def test_grid_search_with_two_processes(monkeypatch):
    monkeypatch.setenv("PYTHONWARNINGS", "ignore")  # the other processes do not know our filters
    X, y = datasets.moons(100, rng=np.random.default_rng(0))
    folds = StratifiedKFold(3, shuffle=True, random_state=0)
    grid = {"hidden_layer_sizes": [(1,), (16,)], "alpha": np.logspace(-4, 1, 2)}
    mlp = MLPClassifier(learning_rate_init=0.03, max_iter=100, random_state=0)
    search = GridSearchCV(mlp, grid, cv=folds, n_jobs=2, error_score="raise").fit(X, y)
    assert search.best_params_ == {"hidden_layer_sizes": (16,), "alpha": grid["alpha"][0]}
    assert search.best_score_ > 0.93


# ------------------------------------------------------------------ errors


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"activation": "step"}, "unknown activation 'step'; choose one of .*'logistic'"),
        ({"solver": "lbfgs"}, "unknown solver 'lbfgs'; choose one of 'adam', 'sgd'"),
        ({"activation": ["relu"]}, r"activation \['relu'\]"),
        ({"hidden_layer_sizes": (5, 0)}, r"hidden_layer_sizes is \(5, 0\); expected"),
        ({"hidden_layer_sizes": 5.0}, "hidden_layer_sizes is 5.0; expected"),
        ({"hidden_layer_sizes": [True, 5]}, r"hidden_layer_sizes is \[True, 5\]; expected"),
        ({"hidden_layer_sizes": [[5]]}, r"hidden_layer_sizes is \[\[5\]\]; expected"),
        ({"alpha": -1}, "alpha is -1; expected"),
        ({"learning_rate_init": 0}, "learning_rate_init is 0; expected"),
        ({"momentum": 1.5, "solver": "sgd"}, "momentum is 1.5; expected"),
        ({"nesterovs_momentum": None}, "nesterovs_momentum is None; expected"),
        ({"batch_size": 0}, "batch_size is 0; expected"),
        ({"batch_size": "all"}, "batch_size is 'all'; expected"),
        ({"max_iter": 0}, "max_iter is 0; expected"),
        ({"tol": -1}, "tol is -1; expected"),
        ({"n_iter_no_change": 0}, "n_iter_no_change is 0; expected"),
        ({"early_stopping": 0}, "early_stopping is 0; expected"),
        ({"warm_start": 1}, "warm_start is 1; expected"),
        ({"shuffle": "yes"}, "shuffle is 'yes'; expected"),
        ({"verbose": "no"}, "verbose is 'no'; expected"),
        ({"validation_fraction": 2.0}, "validation_fraction is 2.0; expected"),
        ({"random_state": "seed"}, "'seed' cannot be used to seed"),
    ],
)
def test_settings_that_cannot_be_say_so(settings, words):
    X, y = datasets.moons(50, rng=np.random.default_rng(0))
    for ours in (MLPClassifier, MLPRegressor):
        mlp = ours(**settings)
        with pytest.raises(ValueError, match=words):
            mlp.fit(X, y)
        assert not hasattr(mlp, "net_")
    with pytest.raises(ValueError, match=words):
        MLPRegressor(**settings).partial_fit(X, y)


def test_settings_may_be_numpys_numbers():
    X, y = datasets.moons(50, rng=np.random.default_rng(0))
    settings = {"early_stopping": np.bool_(True), "batch_size": np.int64(20), "verbose": 0}
    settings |= {"alpha": np.float32(0.1), "max_iter": np.int64(2)}
    for sizes in (np.int64(5), np.array(5), np.array([5]), [5], (np.int32(5),)):
        mlp = MLPClassifier(sizes, **settings).fit(X, y)
        assert mlp.net_.sizes == [2, 5, 1]
        assert all(type(size) is int for size in mlp.net_.sizes)


def test_data_that_cannot_be_say_so():
    X, y = datasets.moons(50, rng=np.random.default_rng(0))
    mlp = MLPClassifier(max_iter=1)
    with pytest.raises(ValueError, match=r"y has one class only, .*1.*; expected two or more"):
        mlp.fit(X[50:], y[50:])
    with pytest.raises(ValueError, match="first call of partial_fit needs classes"):
        mlp.partial_fit(X, y)
    with pytest.raises(ValueError, match=r"classes is \[1\]; expected two or more"):
        mlp.partial_fit(X[50:], y[50:], classes=[1])
    mlp.partial_fit(X, y, classes=[0, 1, 2])
    with pytest.raises(ValueError, match=r"y has the classes \[0 1 2 3\]; expected some of"):
        mlp.partial_fit(X[:4], [0, 1, 2, 3])
    with pytest.raises(ValueError, match=r"classes is \[0, 1\]; expected \[0 1 2\], as before"):
        mlp.partial_fit(X, y, classes=[0, 1])
    pets = np.array(["cat", "dog"])[[0, 0, 0, 1]]
    with pytest.raises(ValueError, match=r"only 1 member.*: \{'cat': 3, 'dog': 1\}"):
        MLPClassifier(early_stopping=True).fit(X[:4], pets)
    with pytest.raises(ValueError, match="does not support early_stopping=True"):
        MLPRegressor(early_stopping=True).partial_fit(X, y)
    with pytest.raises(ValueError, match=r"too small: .* sets 1 example apart"):
        MLPRegressor(early_stopping=True).fit(X[:8], y[:8])


def state(thing):
    """All that is in an estimator, in a form that can be compared: to the last bit."""
    if isinstance(thing, (BaseMLP, MLP, SGD, Adam)):
        return {name: state(value) for name, value in vars(thing).items()}
    if isinstance(thing, (list, tuple)):
        return [state(item) for item in thing]
    if isinstance(thing, np.ndarray):
        return thing.dtype, thing.shape, thing.tobytes()
    return repr(thing.bit_generator.state if isinstance(thing, np.random.Generator) else thing)


OUTSIDE = ("wrapper", "restore", "<lambda>")  # what puts things back
SEVEN = {"max_iter": 7, "warm_start": True, "random_state": np.random.default_rng(3)}
FAILURES = {  # settings and targets that end a call
    "one class": ({}, lambda y: 0 * y),
    "no table of labels": ({}, lambda y: np.stack([y, 3 * y], axis=1)),
    "no validation set": ({"early_stopping": True, "validation_fraction": 0.01}, np.copy),
    "another network": ({"hidden_layer_sizes": (4,)}, np.copy),
    "steps too large": ({"learning_rate_init": 1e300}, np.copy),
    "steps too large at last": ({"solver": "sgd", "learning_rate_init": 1e10}, np.copy),
    "a warning": ({}, np.copy),
}


@pytest.mark.parametrize("method", ["fit", "partial_fit"])
@pytest.mark.parametrize("ours", [MLPClassifier, MLPRegressor])
@pytest.mark.parametrize(("settings", "targets"), FAILURES.values(), ids=FAILURES)
def test_whatever_ends_a_call_the_estimator_is_as_before(settings, targets, ours, method):
    X, y = datasets.moons(50, rng=np.random.default_rng(0))
    mlp = ours((6,), **copy.deepcopy(SEVEN)).fit(X, y)
    mlp.set_params(**settings)
    before, weights = state(mlp), mlp.coefs_[0]  # a view
    with (
        warnings.catch_warnings(action="error"),  # seven epochs are too few: a ConvergenceWarning
        contextlib.suppress(ValueError, FloatingPointError, ConvergenceWarning),
    ):
        getattr(mlp, method)(X, targets(y))
        assert method == "partial_fit"  # some of these do not disturb it
        return
    assert state(mlp) == before
    assert np.array_equal(mlp.coefs_[0], weights)


@pytest.mark.parametrize("settings", [{}, {"early_stopping": True, "solver": "sgd"}])
@pytest.mark.parametrize("method", ["fit", "partial_fit"])
@pytest.mark.parametrize("calls_before", [0, 1])
def test_an_interrupt_at_any_line_leaves_the_estimator_as_before(calls_before, method, settings):
    X, y = datasets.moons(20, rng=np.random.default_rng(0))
    new = MLPRegressor((2,), max_iter=2, warm_start=True, random_state=np.random.default_rng(3))
    for _ in range(calls_before):
        new.fit(X, y)
    new.set_params(**settings if method == "fit" else {})
    before = state(new)

    def interrupt(frame, event, _):
        """Raise KeyboardInterrupt when so many lines of fit or partial_fit have been run."""
        nonlocal left
        inside = frame.f_code.co_filename == estimators.__file__
        if not inside or frame.f_code.co_name in OUTSIDE:
            return None
        left -= event == "line"
        if not left:
            raise KeyboardInterrupt
        return interrupt

    for lines in itertools.count(1):
        mlp, left, tracer = copy.deepcopy(new), lines, sys.gettrace()
        sys.settrace(interrupt)
        try:
            getattr(mlp, method)(X, y)
            break
        except KeyboardInterrupt:
            pass
        finally:
            sys.settrace(tracer)
        assert state(mlp) == before
    assert lines > 60


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("settings", [{}, {"early_stopping": True}, {"max_iter": 1}])
@pytest.mark.parametrize("lr", [1e4, 1e6, 1e15, 1e30])
def test_numbers_without_bounds_end_in_words(lr, settings, dtype):
    X, y = datasets.moons(50, rng=np.random.default_rng(0))
    mlp = MLPRegressor(solver="sgd", learning_rate_init=lr, batch_size=5, random_state=0)
    with pytest.raises(FloatingPointError, match="smaller learning rate"):
        mlp.set_params(**settings).fit(X.astype(dtype), y)


@pytest.mark.parametrize("early_stopping", [False, True])
def test_a_last_step_without_bounds_ends_in_words(early_stopping):
    """One step in all: only a look at the weights or at the validation data can notice."""
    X, y = np.linspace(1e5, 2e5, 40, dtype=np.float32)[:, None], np.arange(40)
    mlp = MLPRegressor((), solver="sgd", max_iter=1, random_state=0, early_stopping=early_stopping)
    # the step is some 1e10 times the rate: weights that are finite, but squares that are not
    mlp.set_params(learning_rate_init=1e10 if early_stopping else 1e30)
    with pytest.raises(FloatingPointError, match="smaller learning rate"):
        mlp.fit(X, y)


def test_a_validation_score_without_bounds_ends_in_words(monkeypatch):
    X, y = datasets.moons(50, rng=np.random.default_rng(0))
    mlp = MLPRegressor(early_stopping=True, learning_rate_init=0.5)
    monkeypatch.setattr(mlp, "_validation_score", lambda *_: -np.inf)
    with pytest.raises(FloatingPointError, match=r"score became -inf in epoch 1; .* than 0.5"):
        mlp.fit(X, y)


# ------------------------------------------------------------------ examples, imports


def test_the_examples_in_the_docstrings_hold():
    result = doctest.testmod(estimators)
    assert result.failed == 0
    assert result.attempted >= 8
