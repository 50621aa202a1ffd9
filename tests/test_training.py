"""Optimizers, schedules, the training loop and the warps."""

import contextlib
import copy
import inspect
import time

import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from nbhelpers import bars, training, warps
from nbhelpers.network import MLP
from nbhelpers.optimizers import PIECE, SGD, Adam, adam
from nbhelpers.schedules import SCHEDULES
from nbhelpers.training import evaluate, fit, minibatches


def blobs(rng, n=300):
    """Three clouds that a small network separates."""
    y = rng.integers(0, 3, n)
    return rng.standard_normal((n, 2)) + 4 * np.array([[0, 1], [1, -1], [-1, -1]])[y], y


# ---------------------------------------------------------------- optimizers


def test_sgd_follows_its_formulas():
    g1, g2, p = np.array([1.0, -2.0]), np.array([0.5, 1.0]), np.array([1.0, 1.0])
    plain, heavy, ahead = p.copy(), p.copy(), p.copy()
    SGD(0.1).step(plain, g1)
    np.testing.assert_allclose(plain, p - 0.1 * g1)
    momentum, nesterov = SGD(0.1, momentum=0.9), SGD(0.1, momentum=0.9, nesterov=True)
    for g in (g1, g2):
        momentum.step(heavy, g)
        nesterov.step(ahead, g)
    v1 = -0.1 * g1
    v2 = 0.9 * v1 - 0.1 * g2
    np.testing.assert_allclose(heavy, p + v1 + v2)
    np.testing.assert_allclose(ahead, p + (0.9 * v1 - 0.1 * g1) + (0.9 * v2 - 0.1 * g2))


def test_adam_follows_its_formula_and_its_first_step_is_the_learning_rate():
    p = np.array([1.0, -3.0, 0.0])
    g = np.array([1e-3, -50.0, 0.0])
    optimizer = Adam(0.01)
    optimizer.step(p, g)
    np.testing.assert_allclose(p, [1 - 0.01, -3 + 0.01, 0], rtol=1e-3)
    m, v = 0.1 * g, 0.001 * g**2
    m, v = 0.9 * m + 0.1 * 2 * g, 0.999 * v + 0.001 * (2 * g) ** 2
    expected = p - 0.01 * (m / (1 - 0.9**2)) / (np.sqrt(v / (1 - 0.999**2)) + 1e-30)
    optimizer.step(p, 2 * g)
    np.testing.assert_allclose(p[:2], expected[:2], rtol=1e-5)


@pytest.mark.parametrize("make", [SGD, Adam])
def test_weight_decay_is_decoupled_from_the_gradient(make):
    p = np.array([2.0, -4.0])
    make(0.1, weight_decay=0.5).step(p, np.zeros(2))
    np.testing.assert_allclose(p, [2 * 0.95, -4 * 0.95])


def test_l2_and_decoupled_decay_agree_for_plain_sgd_on_the_weights(rng):
    X, y = blobs(rng)
    nets = [
        MLP([2, 4, 3], l2=l2, bias=False, rng=np.random.default_rng(1), dtype=np.float64)
        for l2 in (0.1, 0.0)
    ]
    for net, optimizer in zip(nets, [SGD(0.2), SGD(0.2, weight_decay=0.1)], strict=True):
        for _ in range(5):
            net.backward(net.forward(X), y)
            optimizer.step(net.params, net.grads)
    np.testing.assert_allclose(nets[0].params, nets[1].params)


@pytest.mark.parametrize("average", ["velocity", "M"])
def test_faded_averages_become_nothing_and_no_result_changes(average, rng):
    optimizer = SGD(1.0, momentum=0.1) if average == "velocity" else Adam(0.01, beta1=0.1)
    p = np.ones(3)
    optimizer.step(p, np.ones(3))
    for t in range(2, 65):
        assert (getattr(optimizer, average) != 0).all(), t
        optimizer.step(p, np.array([0, 0, 1e-9]))
    faded = getattr(optimizer, average)
    np.testing.assert_array_equal(faded[:2], 0)
    assert faded[2] != 0


@pytest.mark.parametrize("settings", [{}, {"beta1": 0.5, "beta2": 0.99, "eps": 1e-3}])
@pytest.mark.parametrize(("dtype", "rtol"), [(np.float64, 1e-12), (np.float32, 1e-5)])
def test_the_fast_adam_is_the_plain_one(dtype, rtol, settings, rng):
    n = PIECE + 17  # the sums are of all sizes down to 1e-25: small, and still not nothing
    sizes = 10 ** -rng.uniform(0, 24 if dtype == np.float64 else 15, n)
    optimizer, p = Adam(0.01, **settings), np.zeros(n, dtype)
    q, m, v = np.zeros((3, n), dtype)
    beta1, beta2 = optimizer.beta1, optimizer.beta2
    assert optimizer.m is None
    for t in range(1, 101):
        g = (sizes * rng.standard_normal(n)).astype(dtype)
        optimizer.step(p, g)
        lr = 0.01 * (1 - beta2**t) ** 0.5 / (1 - beta1**t)
        adam(q, g, m, v, lr, beta1, beta2, optimizer.eps)
    np.testing.assert_allclose(p, q, rtol=rtol, atol=rtol)
    for ours, plain in ((optimizer.m, m), (optimizer.v, v)):
        assert ours.dtype == dtype
        np.testing.assert_allclose(ours, plain, rtol=rtol, atol=rtol * np.abs(plain).max() ** 2)


def test_many_steps_of_momentum_are_those_of_a_plain_loop(rng):
    optimizer, heavy, p, v = SGD(0.1, momentum=0.9), np.zeros(5), np.zeros(5), np.zeros(5)
    for g in np.array([1, 1e-4, 1e-9, 1e-16, 1e-24]) * rng.standard_normal((200, 5)):
        optimizer.step(heavy, g)
        v = 0.9 * v - 0.1 * g
        p = p + v
    np.testing.assert_allclose(optimizer.velocity, v, rtol=1e-12)
    np.testing.assert_allclose(heavy, p, rtol=1e-12)


class Watched(np.ndarray):
    """An array that notes the dtype of every array that arithmetic with it makes."""

    seen: set = set()  # noqa: RUF012

    def __array_ufunc__(self, ufunc, method, *inputs, out=None, **more):
        plain = [np.asarray(a) if isinstance(a, Watched) else a for a in inputs]
        if out is not None:
            more["out"] = tuple(np.asarray(a) for a in out)
        result = getattr(ufunc, method)(*plain, **more)
        if isinstance(result, np.ndarray) and result.dtype != bool:
            self.seen.update([result.dtype, np.result_type(*plain)])
        return out[0] if out is not None else result


@pytest.mark.parametrize("schedule", [*SCHEDULES, lambda progress: np.float64(0.5)])
@pytest.mark.parametrize(
    "make",
    [
        lambda number: SGD(number(0.1), weight_decay=number(0.01)),
        lambda number: SGD(number(0.1), number(0.9), True, number(0.01)),
        lambda number: Adam(*map(number, (0.1, 0.9, 0.999, 1e-8, 0.01))),
    ],
)
def test_no_float64_leaks_into_a_float32_step(make, schedule, rng):
    class Spy:
        lr = property(lambda self: self.made.lr, lambda self, lr: setattr(self.made, "lr", lr))

        def __init__(self):
            self.made = make(np.float64)

        def step(self, params, grads):
            self.made.step(params.view(Watched), grads.view(Watched))

    X, y = blobs(rng, 40)
    net = MLP([2, 3], l2=np.float64(0.1), rng=rng)
    Watched.seen.clear()
    spy = Spy()
    fit(net, X, y, optimizer=spy, epochs=2, batch_size=8, rng=rng, schedule=schedule)
    kept = [a for a in vars(spy.made).values() if isinstance(a, np.ndarray)]
    assert {*Watched.seen, *(a.dtype for a in kept)} == {np.dtype(np.float32)}
    assert type(net.l2) is float


@pytest.mark.parametrize("number", [np.float64, np.float32])
def test_settings_may_be_numpy_numbers(number):
    a, b = np.ones(3, np.float32), np.ones(3, np.float32)
    g = np.array([0.1, 0.2, 0.3], np.float32)
    for lr in (0.1, number(0.1)):
        assert type(SGD(lr).lr) is type(Adam(lr).lr) is float
    SGD(number(0.1)).step(a, g)
    SGD(float(number(0.1))).step(b, g)
    np.testing.assert_array_equal(a, b)


def test_momentum_may_be_set_later():
    p, optimizer = np.zeros(2), SGD(0.1)
    optimizer.step(p, np.ones(2))
    optimizer.momentum = 0.5
    for _ in range(2):
        optimizer.step(p, np.ones(2))
    np.testing.assert_allclose(p, -0.1 - 0.1 - 0.15)


@pytest.mark.parametrize("make", [lambda: SGD(0.1, momentum=0.9, weight_decay=0.1), Adam])
def test_an_optimizer_stays_with_its_network(make):
    optimizer = make()
    optimizer.step(np.ones(3), np.ones(3))
    for other in (np.ones(1), np.ones(4), np.ones(3, np.float32)):
        with pytest.raises(ValueError, match="a new optimizer for each network"):
            optimizer.step(other, np.ones_like(other))
        np.testing.assert_array_equal(other, 1)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: SGD(-1), "lr is -1; expected a finite number, 0 or more"),
        (lambda: SGD(np.nan), "lr is nan"),
        (lambda: SGD("a"), "lr is 'a'"),
        (lambda: SGD(True), "lr is True"),
        (lambda: SGD(np.ones(2)), "lr is array"),
        (lambda: SGD(0.1, nesterov="yes"), "nesterov is 'yes'; expected True or False"),
        (lambda: Adam(eps=0), "eps is 0; expected a finite number above 0"),
        (lambda: Adam(beta1=None), "beta1 is None"),
        (lambda: SGD(0.1, momentum=1), "momentum is 1; expected a number less than 1"),
        (lambda: Adam(beta2=1.0), "beta2 is 1.0; expected a number less than 1"),
        (lambda: Adam(weight_decay=-0.1), "weight_decay"),
    ],
)
def test_bad_optimizers_are_refused_in_words(make, words):
    with pytest.raises(ValueError, match=words):
        make()


def test_schedules_start_end_and_turn_where_they_say():
    assert [SCHEDULES["constant"](p) for p in (0, 0.5, 1)] == [1, 1, 1]
    assert [SCHEDULES["step"](p) for p in (0, 0.5, 0.75)] == pytest.approx([1, 0.1, 0.01])
    assert [SCHEDULES["cosine"](p) for p in (0, 0.5, 1)] == pytest.approx([1, 0.5, 0])
    assert {type(f(x)) for f in SCHEDULES.values() for x in (0.05, np.float64(0.3))} == {float}
    warm = SCHEDULES["warmup_linear"]
    assert [warm(p) for p in (0, 0.05, 0.1, 0.55, 1)] == pytest.approx([0, 0.5, 1, 0.5, 0])


# ---------------------------------------------------------------- fit


def test_minibatches_deal_every_example_once_and_shuffle_the_examples(rng):
    epochs = [[set(rows) for rows in minibatches(10, 4, rng)] for _ in range(2)]
    for batches in epochs:
        assert [len(b) for b in batches] == [4, 4, 2]
        assert set.union(*batches) == set(range(10))
    assert epochs[0] != epochs[1]  # other rows share a batch, not other batches the same rows
    in_order = list(minibatches(5, 2, rng, shuffle=False))
    assert [list(rows) for rows in in_order] == [[0, 1], [2, 3], [4]]


def test_fit_learns_and_keeps_a_complete_history(rng):
    X, y = blobs(rng)
    apart = blobs(rng)
    net = MLP([2, 8, 3], rng=rng)
    history = fit(
        net, X, y, optimizer=Adam(0.02), epochs=15, batch_size=32, rng=rng, validation=apart
    )
    assert len(history) == 15
    assert len(history.validation_loss) == len(history.validation_accuracy) == 15
    assert history.train_loss[-1] < history.train_loss[0] / 2
    assert history.validation_accuracy[-1] > 0.97
    assert 0 < history.seconds[0] < history.seconds[-1] < 60
    assert history.seconds == sorted(history.seconds)
    assert (history.validation_loss[-1], history.validation_accuracy[-1]) == evaluate(net, *apart)
    assert history.words().startswith(f"train loss {history.train_loss[-1]:.4g}, validation loss")
    assert history.words() in repr(history)
    assert "15 epochs" in repr(history)


def test_eight_examples_can_be_learned_by_heart(rng):
    X, y = rng.standard_normal((8, 5)), rng.integers(0, 3, 8)
    net = MLP([5, 32, 3], rng=rng)
    fit(net, X, y, optimizer=Adam(0.01), epochs=300, batch_size=8, rng=rng)
    assert evaluate(net, X, y)[0] < 1e-2
    assert evaluate(net, X, y)[1] == 1


def test_fit_is_repeatable(rng):
    X, y = blobs(rng)
    results = []
    for _ in range(2):
        net = MLP([2, 4, 3], rng=np.random.default_rng(5))
        settings = {"optimizer": SGD(0.1, momentum=0.9), "schedule": "cosine"}
        fit(net, X, y, epochs=3, batch_size=16, rng=np.random.default_rng(6), **settings)
        results.append(net.params.copy())
    np.testing.assert_array_equal(*results)


class Stop(Exception):
    """What a test raises in the middle of a training."""


ENDINGS = {  # what is raised, and where
    "all epochs": (None, None),
    "a callback that returns True": ("callback", True),
    "an error in a callback": ("callback", Stop),
    "an error in augment": ("augment", Stop),
    "an interrupt in augment": ("augment", KeyboardInterrupt),
    "an interrupt in a step": ("step", KeyboardInterrupt),
    "an error of NumPy in a step": ("step", FloatingPointError),
    "a schedule that returns NaN": ("schedule", ValueError),
    "divergence": ("parameters", FloatingPointError),
    "divergence in the evaluation": ("validation", FloatingPointError),
}


@pytest.mark.parametrize("patience", [None, 2, 100])
@pytest.mark.parametrize("ending", ENDINGS)
def test_however_a_training_ends_it_leaves_everything_in_order(ending, patience, rng, monkeypatch):
    """In its eleventh step, the third of epoch 3, or at the end of that epoch."""
    where, what = ENDINGS[ending]
    X, y = blobs(rng, 64)
    noise = X, rng.integers(0, 3, 64)  # so that the best epoch is not always the last
    net, steps, epochs, bars = MLP([2, 8, 3], rng=rng), [], [], []

    def here(place):
        if place == where and len(steps) == 10:
            raise what

    class Watched(SGD):
        def step(self, params, grads):
            here("step")
            super().step(params, grads)
            if where == "parameters" and len(steps) == 10:
                params[0] = np.inf
            if where == "validation" and len(steps) == 11:
                params[...] = 1e30
            steps.append(params.copy())

    def augment(X_batch, rng):
        here("augment")
        return X_batch

    def schedule(progress):
        return np.nan if where == "schedule" and len(steps) == 10 else 1 - progress

    def callback(net, history):
        epochs.append(net.params.copy())
        assert len(history) == len(epochs)
        if where == "callback" and len(history) == 3:
            if what is True:
                return True
            raise what

    class Bar:
        closed = False

        def __enter__(self):
            bars.append(self)
            return self

        def __exit__(self, *error):
            self.closed = True

        def set_postfix_str(self, words, refresh):
            assert words.startswith("train loss")

        def update(self):
            pass

    monkeypatch.setattr(training, "progress_bar", lambda epochs, verbose: Bar())
    optimizer = Watched(3.0, momentum=0.9)
    settings = {"optimizer": optimizer, "epochs": 6, "batch_size": 16, "rng": rng, "verbose": True}
    settings |= {"augment": augment, "schedule": schedule, "callback": callback}
    settings |= {"validation": noise, "patience": patience}
    raised = isinstance(what, type)
    with threadpool_limits(2, "blas"):
        before = threadpool_info()
        with pytest.raises(what) if raised else contextlib.nullcontext():
            history = fit(net, X, y, **settings)
        assert threadpool_info() == before
    assert optimizer.lr == 3.0
    assert [bar.closed for bar in bars] == [True]
    if patience is None:
        np.testing.assert_array_equal(net.params, steps[-1])
    else:
        losses, other = [], copy.deepcopy(net)
        for params in epochs:
            other.params[...] = params
            losses.append(evaluate(other, *noise)[0])
        np.testing.assert_array_equal(net.params, epochs[int(np.argmin(losses))])
    if where == "callback":
        assert len(epochs) == 3
    if not raised:
        assert len(history) == len(epochs)


def test_schedule_scales_the_steps(rng):
    X, y = blobs(rng, 64)
    seen = []

    class Spy(SGD):
        def step(self, params, grads):
            seen.append(self.lr)
            super().step(params, grads)

    net = MLP([2, 3], rng=rng)
    fit(net, X, y, optimizer=Spy(0.5), epochs=4, batch_size=16, rng=rng, schedule="warmup_linear")
    expected = [0.5 * SCHEDULES["warmup_linear"]((i + 0.5) / 16) for i in range(16)]
    assert seen == pytest.approx(expected)
    before, optimizer = net.params.copy(), Spy(0.5)
    for share in (np.nan, -1, None, "1", np.ones(2)):
        settings = {"optimizer": optimizer, "schedule": lambda progress, share=share: share}
        with pytest.raises(ValueError, match="the schedule's factor is"):
            fit(net, X, y, epochs=1, batch_size=16, rng=rng, **settings)
    assert optimizer.lr == 0.5
    np.testing.assert_array_equal(net.params, before)


@pytest.mark.parametrize("make", [SGD, Adam])
def test_a_step_with_what_does_not_fit_changes_nothing(make):
    good, optimizer = np.ones(3), make(0.1, weight_decay=0.1)
    fixed = good.copy()
    fixed.flags.writeable = False
    wrong = [(good, np.ones(n)) for n in (1, 4, (3, 3))]
    wrong += [(good, [1.0, 1, 1]), (good, None), ([1.0, 1, 1], good), (np.arange(3), good)]
    for params, grads in [*wrong, (fixed, good)]:
        with pytest.raises(ValueError, match="params and grads must be arrays of floats"):
            optimizer.step(params, grads)
    assert optimizer.t == 0
    np.testing.assert_array_equal(good, 1)


def test_early_stopping_restores_the_best_weights(rng):
    X, y = blobs(rng, 40)
    noise = rng.standard_normal((40, 2)), rng.integers(0, 3, 40)  # nothing to learn here
    net = MLP([2, 64, 3], rng=rng, dtype=np.float64)
    history = fit(
        net, X, y, optimizer=Adam(0.05), epochs=200, batch_size=8, rng=rng,
        validation=noise, patience=5,
    )  # fmt: skip
    assert len(history) == history.best_epoch + 5 < 200
    assert history.best_epoch == 1 + int(np.argmin(history.validation_loss))
    assert evaluate(net, *noise)[0] == pytest.approx(min(history.validation_loss))


def test_early_stopping_keeps_the_first_of_equal_epochs(rng):
    X, y = blobs(rng, 20)
    net = MLP([2, 3], rng=rng)
    history = fit(
        net, X, y, optimizer=SGD(0), epochs=50, batch_size=8, rng=rng,
        validation=(X, y), patience=3,
    )  # fmt: skip
    assert len(set(history.validation_loss)) == 1
    assert (history.best_epoch, len(history)) == (1, 4)


def test_the_training_loss_weighs_every_example_alike(rng):
    X, y = blobs(rng, 10)
    net = MLP([2, 3], rng=rng, dtype=np.float64)  # does not move: its loss is that of all examples
    y[2:] = net.predict(X[2:])
    history = fit(net, X, y, optimizer=SGD(0), epochs=1, batch_size=8, rng=rng)
    loss, accuracy = evaluate(net, X, y)
    assert accuracy > 0
    assert history.train_loss == [pytest.approx(loss, rel=1e-12)]
    assert history.train_accuracy == [pytest.approx(accuracy, rel=1e-12)]


def test_callback_sees_every_epoch_and_can_stop(rng):
    X, y = blobs(rng)
    seen = []

    def callback(net, history):
        seen.append(len(history))
        return len(history) == 3

    net = MLP([2, 3], rng=rng)
    fit(net, X, y, optimizer=SGD(0.1), epochs=10, batch_size=50, rng=rng, callback=callback)
    assert seen == [1, 2, 3]


def test_augment_makes_what_is_trained_on_and_nothing_else(rng):
    X, y = blobs(rng)
    seen = []

    def shifted(X_batch, rng):
        seen.append(X_batch.copy())
        return X_batch + 100 + rng.random()

    net = MLP([2, 3], rng=rng)
    before, kept = X.copy(), net.forward(X)
    settings = {"epochs": 1, "batch_size": 7, "optimizer": SGD(0.0), "validation": (X, y)}
    history = fit(net, X, y, rng=rng, augment=shifted, **settings)
    np.testing.assert_array_equal(X, before)
    rows = np.concatenate(seen)
    np.testing.assert_array_equal(np.sort(rows, axis=0), np.sort(np.float32(X), axis=0))
    assert history.validation_loss[0] == pytest.approx(net.loss(kept, y), rel=1e-5)
    assert history.train_loss[0] != pytest.approx(history.validation_loss[0], rel=0.1)
    for wrong, words in (
        (lambda X, rng: X[:1], r"float32 of shape \(1, 2\); expected float32 of shape \(7, 2\)"),
        (lambda X, rng: X.astype(float), "returned float64"),
        (lambda X, rng: None, "returned NoneType"),
        (lambda X, rng: X.tolist(), "returned list"),
        (lambda X, rng: X * np.float32(np.nan), "augment returned NaN or infinite"),
    ):
        with pytest.raises(ValueError, match=words):
            fit(net, X, y, rng=rng, augment=wrong, **settings)


def test_augment_gets_the_rng_of_fit_and_may_change_its_batch_in_place(rng):
    X, y = blobs(rng, 20)
    X = np.float32(X)
    before, given = X.copy(), []

    def blackened(X_batch, rng):
        given.append(rng)
        X_batch[:] = 0
        return X_batch

    settings = {"epochs": 2, "batch_size": 7, "optimizer": SGD(0.1), "shuffle": False}
    fit(MLP([2, 3], rng=np.random.default_rng(1)), X, y, rng=rng, augment=blackened, **settings)
    assert len(given) == 6
    assert all(one is rng for one in given)
    np.testing.assert_array_equal(X, before)


def test_dropout_is_at_work_in_the_steps_of_fit_and_not_in_what_it_evaluates(rng):
    X, y = blobs(rng, 40)
    net = MLP([2, 30, 3], "tanh", dropout=0.5, rng=np.random.default_rng(1))
    twin = copy.deepcopy(net)  # its rng, too, from which the masks are drawn
    settings = {"epochs": 1, "batch_size": 40, "shuffle": False, "validation": (X, y)}
    history = fit(net, X, y, optimizer=SGD(0.1), rng=rng, **settings)
    A = twin.forward(X, training=True)
    assert 0.3 < np.mean(A[1] == 0) < 0.7
    assert history.train_loss == [pytest.approx(twin.loss(A, y), rel=1e-6)]
    twin.backward(A, y)
    SGD(0.1).step(twin.params, twin.grads)
    np.testing.assert_allclose(net.params, twin.params, atol=1e-6)
    assert history.validation_loss == [pytest.approx(net.loss(net.forward(X), y), rel=1e-6)]


def test_regression_history_has_no_accuracy(rng):
    X = rng.random((50, 1))
    net = MLP([1, 8, 1], "tanh", "linear", rng=rng)
    history = fit(net, X, 2 * X[:, 0], optimizer=Adam(0.02), epochs=100, batch_size=10, rng=rng)
    assert np.isnan(history.train_accuracy).all()
    assert history.train_loss[-1] < 1e-3


@pytest.mark.filterwarnings("error")
def test_divergence_is_an_error_that_names_step_and_settings(rng):
    X, y = rng.standard_normal((50, 3)), rng.standard_normal((50, 1))
    net = MLP([3, 8, 1], "relu", "linear", rng=rng)
    with pytest.raises(FloatingPointError, match=r"step \d+ \(epoch \d+\).*SGD\(lr=100"):
        fit(net, X, y, optimizer=SGD(100), epochs=50, batch_size=10, rng=rng)


@pytest.mark.filterwarnings("error")
def test_divergence_in_the_last_step_is_an_error_too(rng):
    X, y = rng.standard_normal((50, 3)), rng.standard_normal((50, 1))
    settings = {"epochs": 1, "batch_size": 50, "rng": rng}
    net = MLP([3, 8, 1], "relu", "linear", rng=rng)
    with pytest.raises(FloatingPointError, match=r"a parameter became .* step 1 \(epoch 1\)"):
        fit(net, X, y, optimizer=SGD(1e39), **settings)
    for patience in (None, 3):
        net = MLP([3, 8, 1], "relu", "linear", rng=rng)
        with pytest.raises(FloatingPointError, match=r"validation loss became .* step 1 .*SGD"):
            fit(
                net, X, y, optimizer=SGD(1e25), validation=(X, y), patience=patience, **settings
            )  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"epochs": 0}, "epochs is 0; expected an integer of 1 or more"),
        ({"epochs": True}, "epochs is True"),
        ({"batch_size": -1}, "batch_size is -1"),
        ({"rng": 0}, "rng is 0; expected a numpy Generator"),
        ({"rng": np.random}, "rng is <module"),
        ({"optimizer": "sgd"}, r"optimizer is 'sgd'; expected one such as SGD\(0.1\)"),
        ({"optimizer": SGD}, "optimizer is <class"),
        ({"schedule": None}, "unknown schedule None"),
        ({"callback": "stop"}, "callback is 'stop'"),
        ({"augment": 2}, "augment is 2; expected a function"),
        ({"shuffle": "no"}, "shuffle is 'no'"),
        ({"validation": np.ones((4, 2))}, r"of type ndarray; expected a pair \(X, y\)"),
        ({"validation": (np.ones((4, 2)),)}, "of type tuple; expected a pair"),
        ({"validation": ([[0, np.nan]], [0])}, "validation data don't fit: X contains NaN"),
        ({"validation": ([[0, 1]], [3])}, "validation data don't fit: class 3"),
        ({"validation": (np.empty((0, 2)), [])}, "validation data don't fit: examples is 0"),
        ({"validation": ([[0, 1]], [0]), "patience": 0}, "patience is 0"),
        ({"validation": ([[0, 1]], [0]), "patience": 1.5}, "patience is 1.5"),
        ({"batch_size": 2.5}, "batch_size.*2.5"),
        ({"schedule": "cosin"}, "'cosin'.*'cosine'"),
        ({"patience": 3}, "needs validation"),
        ({"X": np.ones((4, 3))}, r"\(4, 3\)"),
        ({"X": np.empty((0, 2)), "y": np.empty(0, int)}, "examples"),
    ],
)
def test_bad_training_settings_are_refused_in_words(arguments, words, rng):
    X, y = blobs(rng, 4)
    good = {"X": X, "y": y, "optimizer": SGD(0.1), "epochs": 1, "batch_size": 2, "rng": rng}
    arguments = good | arguments
    X, y = arguments.pop("X"), arguments.pop("y")
    net = MLP([2, 3], rng=rng)
    before = net.params.copy()
    with pytest.raises(ValueError, match=words):
        fit(net, X, y, **arguments)
    np.testing.assert_array_equal(net.params, before)  # all is looked at before the first step


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((-1, 2, np.random.default_rng(0)), "n is -1"),
        ((5, -1, np.random.default_rng(0)), "batch_size is -1"),
        ((5, 2, 0), "rng is 0"),
    ],
)
def test_bad_minibatches_are_refused_in_words(arguments, words):
    with pytest.raises(ValueError, match=words):
        list(minibatches(*arguments))


def test_progress_bar_shows_the_epochs(rng, capsys):
    X, y = blobs(rng, 40)
    net = MLP([2, 3], rng=rng)
    fit(net, X, y, optimizer=SGD(0.1), epochs=2, batch_size=20, rng=rng, verbose=True)
    assert "2/2" in capsys.readouterr().err


@pytest.mark.parametrize("after", [0.01, 5])
def test_in_a_browser_a_long_training_shows_its_epochs(rng, capsys, monkeypatch, after):
    """Pretended: the tests of the site have a real one."""
    monkeypatch.setattr(bars.sys, "platform", "emscripten")
    monkeypatch.setattr(bars, "AFTER", after)
    (X, y), net = blobs(rng, 40), MLP([2, 3], rng=rng)
    wait = {"callback": lambda net, history: time.sleep(0.11)}  # tqdm writes ten times a second
    fit(net, X, y, optimizer=SGD(0.1), epochs=3, batch_size=20, rng=rng, **wait)
    printed, said = capsys.readouterr()
    assert ("2/3" in printed) == (after < 1)
    assert printed.rpartition("\r")[2].strip() == "", "gone at the end"
    assert said == ""


def test_evaluate_in_chunks_is_evaluate_at_once(rng):
    X, y = blobs(rng, 101)
    net = MLP([2, 5, 3], rng=rng, dtype=np.float64)
    assert evaluate(net, X, y, chunk=7) == pytest.approx(evaluate(net, X, y, chunk=1000))
    for chunk in (0, -1, 2.5):
        with pytest.raises(ValueError, match="chunk is"):
            evaluate(net, X, y, chunk=chunk)


# ---------------------------------------------------------------- warps


def image(*pixels):
    X = np.zeros((1, 28, 28), np.float32)
    for row, column in pixels:
        X[0, row, column] = 1
    return X.reshape(1, -1)


@pytest.mark.parametrize(("down", "right"), [(0, 0), (2, -1), (-3, 4), (28, 0), (0, -40)])
def test_shift_moves_ink_and_loses_what_leaves(down, right):
    expected = [(r + down, c + right) for r, c in ((10, 12), (1, 26))]
    inside = [(r, c) for r, c in expected if 0 <= r < 28 and 0 <= c < 28]
    moved = warps.shift(image((10, 12), (1, 26)), down, right)
    np.testing.assert_array_equal(moved, image(*inside))
    assert moved.dtype == np.float32
    if down >= 0:
        moved = warps.shift(image((10, 12), (1, 26)), np.uint8(down), right)
        np.testing.assert_array_equal(moved, image(*inside))


def test_affine_identity_shift_and_quarter_turn(rng):
    X = rng.random((3, 784), dtype=np.float32)
    np.testing.assert_array_equal(warps.sample(X, *warps.affine_grid(np.eye(2))), X)
    shifted = warps.sample(X, *warps.affine_grid(np.eye(2), (-2, 1)))
    np.testing.assert_allclose(shifted, warps.shift(X, 2, -1), atol=1e-6)
    half = warps.sample(image((5, 5)), *warps.affine_grid(np.eye(2), (0.5, 0)))
    np.testing.assert_allclose(half, 0.5 * (image((4, 5)) + image((5, 5))))
    turned = warps.sample(X, *warps.affine_grid(np.array([[0.0, -1], [1, 0]])))
    expected = np.rot90(X.reshape(3, 28, 28), k=-1, axes=(1, 2))
    np.testing.assert_allclose(turned.reshape(3, 28, 28), expected, atol=1e-5)


def test_warps_of_images_that_are_not_square(rng):
    X, shape = rng.random((3, 20 * 35), dtype=np.float32), (20, 35)
    half_turn = warps.sample(X, *warps.affine_grid(-np.eye(2), shape=shape), shape)
    np.testing.assert_allclose(half_turn, X[:, ::-1], atol=1e-6)
    moved = warps.shift(X, 2, -1, shape).reshape(3, *shape)
    np.testing.assert_array_equal(moved[:, 2:, :-1], X.reshape(3, *shape)[:, :-2, 1:])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_random_warps_keep_shape_dtype_and_most_of_the_ink(dtype, rng):
    X = np.zeros((4, 28, 28), dtype)
    X[:, 10:18, 10:18] = 1
    X = X.reshape(4, -1)
    for warp in (warps.random_shift, warps.random_affine, warps.random_elastic):
        first, second = warp(X, rng), warp(X, rng)
        assert first.shape == X.shape
        assert first.dtype == dtype
        assert 0.6 < first.sum() / X.sum() < 1.5
        assert not np.array_equal(first, second)


def test_random_shift_takes_every_step_up_to_its_limit(rng):
    X = image((10, 10))
    found = set()
    for _ in range(500):
        (place,) = np.flatnonzero(warps.random_shift(X, rng, pixels=2))
        found.add(divmod(int(place), 28))
    assert found == {(r, c) for r in range(8, 13) for c in range(8, 13)}


@pytest.mark.parametrize("alone", ["degrees", "scale", "shear", "pixels"])
def test_random_affine_turns_stretches_slants_and_moves(alone, rng):
    X = rng.random((2, 784), dtype=np.float32)
    largest = {"degrees": 0.0, "scale": 0.0, "shear": 0.0, "pixels": 0.0}
    largest[alone] = {"degrees": 40.0, "scale": 0.3, "shear": 0.3, "pixels": 3.0}[alone]
    drawn = np.random.default_rng(5)  # the same numbers, in the order in which the warp draws them
    turn = np.deg2rad(drawn.uniform(-1, 1) * largest["degrees"])
    down, right = 1 + drawn.uniform(-1, 1, 2) * largest["scale"]
    slant = drawn.uniform(-1, 1) * largest["shear"]
    offset = drawn.uniform(-1, 1, 2) * largest["pixels"]
    matrix = {
        "degrees": [[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]],
        "scale": [[down, 0], [0, right]],
        "shear": [[1, 0], [slant, 1]],
        "pixels": np.eye(2),
    }[alone]
    expected = warps.sample(X, *warps.affine_grid(matrix, offset))
    moved = warps.random_affine(X, np.random.default_rng(5), **largest)
    np.testing.assert_allclose(moved, expected, atol=1e-5)
    assert np.abs(moved - X).max() > 0.1


def test_random_affine_stretches_first_then_slants_then_turns(rng):
    X = rng.random((2, 784), dtype=np.float32)
    drawn = np.random.default_rng(6)
    turn = np.deg2rad(drawn.uniform(-40, 40))
    down, right = drawn.uniform(0.5, 1.5, 2)
    slant = drawn.uniform(-0.4, 0.4)
    rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    matrix = rotation @ np.array([[1, 0], [slant, 1]]) @ np.diag([down, right])
    expected = warps.sample(X, *warps.affine_grid(matrix))
    moved = warps.random_affine(X, np.random.default_rng(6), 40.0, 0.5, 0.4, 0.0)
    np.testing.assert_allclose(moved, expected, atol=1e-5)


@pytest.mark.parametrize(
    ("pixels", "smooth", "shape"),
    [(1.0, 4.0, (28, 28)), (0.5, 2.0, (9, 14)), (3.0, 0.7, (12, 5)), (0.0, 4.0, (6, 6))],
)
def test_a_bend_is_a_weighted_mean_of_random_numbers_scaled_to_its_width(pixels, smooth, shape):
    down, right = bend = warps.random_bend(np.random.default_rng(5), pixels, smooth, shape)
    assert down.shape == right.shape == (shape[0] * shape[1],)
    assert bend.dtype == np.float64
    assert np.std(bend) == pytest.approx(pixels, rel=1e-12)
    numbers = np.random.default_rng(5).standard_normal((2, *shape))
    rows, columns = np.indices(shape)
    means = np.empty((2, *shape))
    for i, j in np.ndindex(shape):  # all pixels count, the less the farther they are
        weight = np.exp(-((rows - i) ** 2 + (columns - j) ** 2) / (2 * smooth**2))
        means[:, i, j] = (numbers * weight).sum(axis=(1, 2)) / weight.sum()
    expected = pixels * means / means.std()
    np.testing.assert_allclose(bend, expected.reshape(2, -1), atol=1e-12)


def test_bends_are_the_smoother_the_farther_they_are_averaged(rng):
    steps = []
    for smooth in (0.5, 2.0, 4.0):
        fields = np.array([warps.random_bend(rng, 1.0, smooth) for _ in range(50)])
        sheets = fields.reshape(-1, 28, 28)
        steps.append(np.std(np.diff(sheets, axis=1)))  # between neighbours
        assert steps[-1] == pytest.approx(np.std(np.diff(sheets, axis=2)), rel=0.1)
    assert steps[0] > 1.0
    assert steps[1:] == [pytest.approx(0.5**0.5 / smooth, rel=0.15) for smooth in (2.0, 4.0)]


def test_random_elastic_reads_at_an_affine_grid_and_a_bend(rng):
    X, shape = rng.random((2, 20 * 35), dtype=np.float32), (20, 35)
    affine, bend = (12.0, 0.05, 0.2, 1.0), {"bend": 0.7, "smooth": 3.0}
    drawn = np.random.default_rng(5)
    rows, columns = warps.random_grid(drawn, *affine, shape)
    down, right = warps.random_bend(drawn, *bend.values(), shape)
    expected = warps.sample(X, rows + down, columns + right, shape)
    moved = warps.random_elastic(X, np.random.default_rng(5), *affine, **bend, shape=shape)
    np.testing.assert_array_equal(moved, expected)
    flat = warps.random_elastic(X, np.random.default_rng(5), *affine, bend=0.0, shape=shape)
    plain = warps.random_affine(X, np.random.default_rng(5), *affine, shape)
    np.testing.assert_array_equal(flat, plain)
    assert np.abs(moved - plain).max() > 0.1


def test_random_elastic_turns_slants_and_moves_a_little_less_than_random_affine():
    less, more = (
        inspect.signature(f).parameters for f in (warps.random_elastic, warps.random_affine)
    )
    for name in ("degrees", "scale", "shear", "pixels"):
        assert 0.6 * more[name].default < less[name].default < more[name].default


def test_warps_refuse_what_they_cannot_do(rng):
    X = image((5, 5))
    for down, right in ((1.5, 0), (0, 2.0), (True, 0)):
        with pytest.raises(ValueError, match="pixels must be whole"):
            warps.shift(X, down, right)
    for bytes_ in (X.astype(np.uint8), X.astype(int)):
        for warp in (warps.random_affine, warps.random_elastic):
            with pytest.raises(ValueError, match=r"X holds .*int.*expected floats"):
                warp(bytes_, rng)
        np.testing.assert_array_equal(warps.shift(bytes_, 1, 1), image((6, 6)))
    with pytest.raises(ValueError, match=r"pixels is 1\.5"):
        warps.random_shift(X, rng, pixels=1.5)
    for warp in (warps.random_shift, warps.random_affine, warps.random_elastic):
        with pytest.raises(ValueError, match="rng is 0"):
            warp(X, 0)
        with pytest.raises(ValueError, match="X is of type list; expected an array"):
            warp(X.tolist(), rng)
    with pytest.raises(ValueError, match="rng is 0"):
        warps.random_bend(0)
    for wrong, words in (
        ({"bend": -1.0}, r"pixels is -1\.0; expected a finite number, 0 or more"),
        ({"bend": np.nan}, "pixels is nan"),
        ({"smooth": 0}, "smooth is 0; expected a finite number above 0"),
        ({"smooth": "4"}, "smooth is '4'"),
        ({"degrees": -3}, "degrees is -3"),
        ({"shape": (20, 35)}, r"\(1, 784\); expected \(n, 700\)"),
    ):
        with pytest.raises(ValueError, match=words):
            warps.random_elastic(X, rng, **wrong)
    with pytest.raises(ValueError, match="shear is -1"):
        warps.random_affine(X, rng, shear=-1)
    for warp in (warps.random_shift, warps.random_affine, warps.random_elastic):
        with pytest.raises(ValueError, match=r"\(2, 10\); expected \(n, 784\)"):
            warp(np.ones((2, 10)), rng)
