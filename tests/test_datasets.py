"""The data sets: their shapes and seeds, and MNIST as it is."""

import gzip
from pathlib import Path

import numpy as np
import pytest

from nbhelpers import datasets

DATA = Path(__file__).resolve().parents[1] / "data"


def rng(seed=0):
    return np.random.default_rng(seed)


# ------------------------------------------------------------------ points drawn on the spot


def test_xor_is_the_truth_table():
    X, Y = datasets.xor()
    assert X.shape == (4, 2)
    assert Y.shape == (4, 1)
    assert X.dtype == Y.dtype == np.float32
    for (a, b), (target,) in zip(X.astype(int), Y.astype(int), strict=True):
        assert target == a ^ b


@pytest.mark.parametrize("name", datasets.CURVES)
def test_every_curve_spans_its_domain_and_is_finite(name):
    X, Y = datasets.curve(name, 50)
    assert X.shape == Y.shape == (50, 1)
    assert X.dtype == Y.dtype == np.float32
    low, high = datasets.CURVES[name].domain
    assert X[0, 0] == np.float32(low)
    assert X[-1, 0] == np.float32(high)
    assert np.allclose(np.diff(X[:, 0]), (high - low) / 49, atol=1e-5)
    assert np.isfinite(Y).all()
    assert Y.std() > 0.1
    assert np.abs(Y).max() < 2
    assert datasets.CURVES[name].formula


def test_sine_is_the_sine():
    X, Y = datasets.sine(9, dtype=np.float64)
    assert X.dtype == Y.dtype == np.float64
    assert np.array_equal(Y, np.sin(X))


def test_shift_gives_the_points_halfway_between():
    X, _ = datasets.sine(32, domain=(0, 6.28), dtype=np.float64)
    between, Y = datasets.sine(32, domain=(0, 6.28), shift=0.5, dtype=np.float64)
    assert between.shape == (31, 1)
    assert np.allclose(between, (X[1:] + X[:-1]) / 2)
    assert np.allclose(Y, np.sin(between))


def test_noise_has_the_size_asked_for_and_comes_from_rng():
    clean = datasets.sine(5000)[1]
    noisy = datasets.sine(5000, rng(3), noise=0.2)[1]
    assert (noisy - clean).std() == pytest.approx(0.2, rel=0.05)
    assert np.array_equal(noisy, datasets.sine(5000, rng(3), noise=0.2)[1])


def test_numbers_too_small_for_the_format_are_zero():
    with np.errstate(all="raise"):
        _, Y = datasets.curve("bump", 41, domain=(-30, 30))
    assert Y[0, 0] == 0
    assert Y[20, 0] == 1


def test_clouds_lie_around_their_means():
    X, y = datasets.clouds(rng=rng())
    assert X.shape == (1500, 2)
    assert X.dtype == np.float32
    assert y.dtype == np.intp
    assert np.bincount(y).tolist() == [500, 500, 500]
    for label, mean in enumerate([(0, -2), (2, 2), (-2, 2)]):
        cloud = X[y == label]
        assert np.allclose(cloud.mean(axis=0), mean, atol=0.2)
        assert np.allclose(cloud.std(axis=0), 1, atol=0.12)


def test_moons_without_noise_are_two_half_circles():
    X, y = datasets.moons(50, rng=rng(), noise=0)
    assert X.shape == (100, 2)
    assert y.tolist() == [0] * 50 + [1] * 50
    upper, lower = X[y == 0], X[y == 1]
    assert np.allclose(np.hypot(*upper.T), 1, atol=1e-6)
    assert (upper[:, 1] > -1e-6).all()
    assert np.allclose(np.hypot(*(lower - [1, 0.5]).T), 1, atol=1e-6)
    assert (lower[:, 1] < 0.5 + 1e-6).all()


@pytest.mark.parametrize("n_classes", [2, 3, 5])
def test_spirals_have_one_arm_a_class(n_classes):
    X, y = datasets.spirals(n_classes, 80, rng=rng(), noise=0)
    assert X.shape == (80 * n_classes, 2)
    assert np.bincount(y).tolist() == [80] * n_classes
    turn = 2 * np.pi / n_classes
    rotation = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    assert np.allclose(X[y == 0] @ rotation, X[y == 1], atol=1e-6)
    assert np.hypot(*X.T).max() == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize("make", [datasets.clouds, datasets.moons, datasets.spirals])
def test_the_same_seed_gives_the_same_points(make):
    X, again, other = (make(rng=rng(seed))[0] for seed in (1, 1, 2))
    assert np.array_equal(X, again)
    assert not np.array_equal(X, other)
    assert make(rng=rng(1), dtype=np.float64)[0].dtype == np.float64
    with pytest.raises(ValueError, match="default_rng"):
        make(rng=7)


def test_digits_are_scaled():
    X, y = datasets.digits()
    assert (X.shape, X.dtype, y.dtype) == ((1797, 64), np.float32, np.intp)
    assert (X.min(), X.max()) == (0, 1)
    assert set(y) == set(range(10))


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: datasets.curve("sinus"), "'sinus' is unknown; the names are sine, two waves"),
        (lambda: datasets.sine(1), "n is 1; expected an integer of 2 or more"),
        (lambda: datasets.sine(noise=0.1), "rng is None"),
        (lambda: datasets.sine(noise=-1), "noise is -1"),
        (lambda: datasets.sine(domain=(1, 0)), r"domain is \(1, 0\)"),
        (lambda: datasets.sine(shift=1), "shift is 1"),
        (lambda: datasets.spirals(1, rng=rng()), "n_classes is 1"),
        (lambda: datasets.clouds(5, rng=rng(), means=[1, 2]), r"means has shape \(2,\)"),
        (lambda: datasets.moons(rng=rng(), noise=-0.1), "noise is -0.1"),
    ],
)
def test_impossible_requests_say_what_is_expected(call, words):
    with pytest.raises(ValueError, match=words):
        call()


# ------------------------------------------------------------------ split


@pytest.mark.parametrize("size", [5, 0.25])
def test_split_sets_examples_apart_and_loses_none(size):
    X, y = np.arange(40).reshape(20, 2), np.arange(20)
    (X_rest, y_rest), (X_apart, y_apart) = datasets.split(X, y, size, rng=rng())
    assert len(y_rest) == 15
    assert len(y_apart) == 5
    assert sorted([*y_rest, *y_apart]) == list(range(20))
    assert y_apart.tolist() != list(range(5))
    for rows, labels in [(X_rest, y_rest), (X_apart, y_apart)]:
        assert np.array_equal(rows, X[labels])
    again = datasets.split(X, y, size, rng=rng())[1][1]
    assert np.array_equal(y_apart, again)


@pytest.mark.parametrize("size", [0, 20, 0.0, 1.0, 0.01, -3, 1.5])
def test_split_refuses_an_empty_part(size):
    with pytest.raises(ValueError, match=r"expected a whole number from 1 to 19"):
        datasets.split(np.zeros((20, 2)), np.zeros(20), size, rng=rng())


def test_split_wants_as_many_labels_as_rows():
    with pytest.raises(ValueError, match="X has 20 rows and y has 19"):
        datasets.split(np.zeros((20, 2)), np.zeros(19), 5, rng=rng())


# ------------------------------------------------------------------ MNIST: the real files


@pytest.fixture(scope="module")
def whole_mnist():
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("NBHELPERS_DATA", raising=False)
        yield datasets.mnist()


def test_mnist_is_whole(whole_mnist):
    for (X, y), n in zip(whole_mnist, (60_000, 10_000), strict=True):
        assert (X.shape, X.dtype) == ((n, 784), np.float32)
        assert (y.shape, y.dtype) == ((n,), np.intp)
        assert (X.min(), X.max()) == (0, 1)
        assert X.flags.c_contiguous
        assert X.flags.writeable
        assert y.flags.writeable
    (X_train, y_train), (_, y_test) = whole_mnist
    assert y_train[:5].tolist() == [5, 0, 4, 1, 9]
    assert y_test[:5].tolist() == [7, 2, 1, 0, 4]
    # the mean and the standard deviation that everybody normalizes with
    assert X_train.mean(dtype=float) == pytest.approx(0.1307, abs=5e-5)
    assert X_train.std(dtype=float) == pytest.approx(0.3081, abs=5e-5)


def test_mnist_pixels_are_the_bytes_over_255(whole_mnist):
    with gzip.open(DATA / "t10k-images-idx3-ubyte.gz") as file:
        pixels = np.frombuffer(file.read(), np.uint8, offset=16)
    assert np.array_equal(whole_mnist[1][0].ravel(), pixels.astype(np.float32) / np.float32(255))


def test_mnist_gives_fresh_arrays_each_time(whole_mnist, monkeypatch):
    monkeypatch.delenv("NBHELPERS_DATA", raising=False)
    (X, y), _ = datasets.mnist()
    assert not np.shares_memory(X, whole_mnist[0][0])
    assert not np.shares_memory(y, whole_mnist[0][1])
