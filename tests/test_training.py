"""Optimizers, schedules, the training loop and the warps."""

import numpy as np
import pytest

from nbhelpers import warps
from nbhelpers.network import MLP
from nbhelpers.optimizers import PIECE, SCHEDULES, SGD, Adam
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
    adam = Adam(0.01)
    adam.step(p, g)
    np.testing.assert_allclose(p, [1 - 0.01, -3 + 0.01, 0], rtol=1e-3)
    m, v = 0.1 * g, 0.001 * g**2
    m, v = 0.9 * m + 0.1 * 2 * g, 0.999 * v + 0.001 * (2 * g) ** 2
    expected = p - 0.01 * (m / (1 - 0.9**2)) / (np.sqrt(v / (1 - 0.999**2)) + 1e-30)
    adam.step(p, 2 * g)
    np.testing.assert_allclose(p[:2], expected[:2], rtol=1e-5)


def test_adam_in_pieces_is_adam_at_once(rng):
    n = 2 * PIECE + 17
    p, g = rng.standard_normal(n), rng.standard_normal(n)
    whole = Adam(0.01)
    halves = [Adam(0.01), Adam(0.01)]
    a, b = p.copy(), p.copy()
    for _ in range(3):
        whole.step(a, g)
        halves[0].step(b[:1000], g[:1000])
        halves[1].step(b[1000:], g[1000:])
    np.testing.assert_array_equal(a, b)


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


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    "make",
    [
        lambda: SGD(0.1, momentum=0.9, weight_decay=0.01),
        lambda: SGD(0.1, momentum=0.9, nesterov=True),
        lambda: Adam(0.1, weight_decay=0.01),
    ],
)
def test_optimizer_state_keeps_the_dtype(make, dtype):
    optimizer = make()
    params, grads = np.ones(5, dtype), np.ones(5, dtype)
    for _ in range(2):
        optimizer.step(params, grads)
    state = [v for v in vars(optimizer).values() if isinstance(v, np.ndarray)]
    assert state
    assert {a.dtype for a in (params, *state)} == {np.dtype(dtype)}


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: SGD(-1), "lr must be.*-1"),
        (lambda: SGD(np.nan), "lr must be"),
        (lambda: SGD(0.1, momentum=1), "momentum must be less than 1"),
        (lambda: Adam(beta2=1.0), "beta2 must be less than 1"),
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
    net = MLP([2, 8, 3], rng=rng)
    history = fit(
        net, X, y, optimizer=Adam(0.02), epochs=15, batch_size=32, rng=rng, validation=blobs(rng)
    )
    assert len(history) == 15
    assert len(history.validation_loss) == len(history.validation_accuracy) == 15
    assert history.train_loss[-1] < history.train_loss[0] / 2
    assert history.validation_accuracy[-1] > 0.97
    assert history.seconds == sorted(history.seconds)
    assert history.validation_loss[-1], history.validation_accuracy[-1] == evaluate(net, X, y)
    assert "15 epochs" in repr(history)


def test_eight_examples_can_be_learned_by_heart(rng):
    X, y = rng.standard_normal((8, 5)), rng.integers(0, 3, 8)
    net = MLP([5, 32, 3], rng=rng)
    fit(net, X, y, optimizer=Adam(0.01), epochs=300, batch_size=8, rng=rng)
    assert evaluate(net, X, y)[0] < 1e-2
    assert evaluate(net, X, y)[1] == 1


def test_fit_is_repeatable_and_restores_the_learning_rate(rng):
    X, y = blobs(rng)
    results = []
    for _ in range(2):
        net = MLP([2, 4, 3], rng=np.random.default_rng(5))
        optimizer = SGD(0.1, momentum=0.9)
        generator = np.random.default_rng(6)
        fit(
            net,
            X,
            y,
            optimizer=optimizer,
            epochs=3,
            batch_size=16,
            rng=generator,
            schedule="cosine",
        )
        assert optimizer.lr == 0.1
        results.append(net.params.copy())
    np.testing.assert_array_equal(*results)


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


def test_callback_sees_every_epoch_and_can_stop(rng):
    X, y = blobs(rng)
    seen = []

    def callback(net, history):
        seen.append(len(history))
        return len(history) == 3

    net = MLP([2, 3], rng=rng)
    fit(net, X, y, optimizer=SGD(0.1), epochs=10, batch_size=50, rng=rng, callback=callback)
    assert seen == [1, 2, 3]


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


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"epochs": 0}, "epochs must be a whole number, 1 or more; got 0"),
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
    with pytest.raises(ValueError, match=words):
        fit(MLP([2, 3], rng=rng), X, y, **arguments)


def test_progress_bar_shows_the_epochs(rng, capsys):
    X, y = blobs(rng, 40)
    net = MLP([2, 3], rng=rng)
    fit(net, X, y, optimizer=SGD(0.1), epochs=2, batch_size=20, rng=rng, verbose=True)
    assert "2/2" in capsys.readouterr().err


def test_evaluate_in_chunks_is_evaluate_at_once(rng):
    X, y = blobs(rng, 101)
    net = MLP([2, 5, 3], rng=rng, dtype=np.float64)
    assert evaluate(net, X, y, chunk=7) == pytest.approx(evaluate(net, X, y, chunk=1000))


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


def test_random_warps_keep_shape_dtype_and_most_of_the_ink(rng):
    X = np.zeros((4, 28, 28), np.float32)
    X[:, 10:18, 10:18] = 1
    X = X.reshape(4, -1)
    for warp in (warps.random_shift, warps.random_affine):
        first, second = warp(X, rng), warp(X, rng)
        assert first.shape == X.shape
        assert first.dtype == np.float32
        assert 0.6 < first.sum() / X.sum() < 1.5
        assert not np.array_equal(first, second)


def test_warps_refuse_other_shapes():
    with pytest.raises(ValueError, match=r"\(2, 10\); expected \(n, 784\)"):
        warps.random_affine(np.ones((2, 10)), np.random.default_rng(0))
    with pytest.raises(ValueError, match=r"expected \(n, 784\)"):
        warps.shift(np.ones((2, 10)), 1, 1)
