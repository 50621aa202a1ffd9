"""The kernels against mathematics: finite differences, hand-worked steps, extreme numbers."""

import copy
import itertools
import pickle
import warnings
from dataclasses import fields
from threading import Event, Thread

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from nbhelpers import warps
from nbhelpers.activations import ACTIVATIONS, sigmoid
from nbhelpers.gradient_check import (
    check_gradients,
    direction_check,
    numerical_gradient,
    relative_error,
)
from nbhelpers.history import History
from nbhelpers.initializers import INITIALIZERS
from nbhelpers.losses import LOSSES, binary_cross_entropy, softmax, softmax_cross_entropy
from nbhelpers.network import MLP
from nbhelpers.optimizers import SGD, Adam
from nbhelpers.training import evaluate, fit, train_step
from nbhelpers.validation import checked_inputs, checked_targets, underflow_allowed

FLOATS = [np.float32, np.float64]
ENDINGS = [
    ("softmax", "softmax_cross_entropy"),
    ("sigmoid", "binary_cross_entropy"),
    *itertools.product(ACTIVATIONS, ["mean_squared_error", "half_squared_error"]),
]


def extreme(dtype):
    """Arrays of up to 5 x 5 numbers of any size up to 1e4, on which exp would overflow."""
    width = np.dtype(dtype).itemsize * 8
    numbers = st.floats(-1e4, 1e4, width=width)
    return arrays(dtype, array_shapes(min_dims=2, max_dims=2, max_side=5), elements=numbers)


def problem(output, rng, n=7, inputs=4, outputs=3):
    """Random examples with targets that fit the output."""
    X = rng.standard_normal((n, inputs))
    if output == "softmax":
        return X, rng.integers(0, outputs, n)
    return X, rng.random((n, outputs))


def network(activation, output, loss, depth, rng, n_inputs=4, **more):
    sizes = [n_inputs, *[5] * (depth - 1), 3]
    net = MLP(sizes, activation, output, loss, "xavier_normal", rng=rng, dtype=np.float64, **more)
    net.params[net.n_weights :] = rng.uniform(-0.5, 0.5, len(net.params) - net.n_weights)
    return net


# ---------------------------------------------------------------- activations


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_derivative_in_terms_of_the_output_is_the_slope(name):
    activation = ACTIVATIONS[name]
    z = np.array([-4.0, -1.3, -0.2, 0.3, 0.9, 5.0])  # away from every kink
    eps = 1e-6
    slope = (activation.f(z + eps) - activation.f(z - eps)) / (2 * eps)
    np.testing.assert_allclose(activation.derivative(activation.f(z)), slope, atol=1e-9)


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activation_keeps_dtype_range_and_input(name, dtype):
    activation = ACTIVATIONS[name]
    Z = np.array([[-1e4, -30, -1, 0], [0.5, 2, 80, 1e4]], dtype)
    before = Z.copy()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        A = activation.f(Z)
        slope = activation.derivative(A)
    np.testing.assert_array_equal(Z, before)
    assert A.dtype == slope.dtype == dtype
    assert A.shape == slope.shape == Z.shape
    assert activation.range[0] <= A.min() <= A.max() <= activation.range[1]
    assert np.isfinite(slope).all()
    in_place = activation.f(Z, out=Z)
    assert in_place is Z
    np.testing.assert_array_equal(Z, A)


@pytest.mark.parametrize("dtype", FLOATS)
def test_sigmoid_far_out_is_exact(dtype):
    np.testing.assert_array_equal(sigmoid(np.array([-1e4, 0, 1e4], dtype)), [0, 0.5, 1])
    np.testing.assert_allclose(sigmoid(np.array([-30.0], dtype)), np.exp(-30.0), rtol=1e-6)


@given(extreme(np.float32))
def test_sigmoid_is_symmetric_and_never_warns(Z):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        A = sigmoid(Z)
    assert ((A >= 0) & (A <= 1)).all()
    np.testing.assert_allclose(A + sigmoid(-Z), 1, rtol=1e-6)


@pytest.mark.parametrize("name", [n for n in ACTIVATIONS if n not in ("sigmoid", "tanh")])
def test_gain_keeps_the_mean_square_of_a_random_signal(name, rng):
    # 1 / gain² is the mean of f(z)² for a standard normal z (the points divide it evenly), so
    # weights of variance gain² / fan_in make the next z standard normal too
    activation = ACTIVATIONS[name]
    z = np.linspace(-12, 12, 100_001)
    density = np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi) * (z[1] - z[0])
    assert activation.gain**-2 == pytest.approx(np.sum(activation.f(z) ** 2 * density), rel=1e-6)
    Z = rng.standard_normal((2000, 400))
    for _ in range(5):
        Z = activation.f(Z) @ rng.standard_normal((400, 400)) * activation.gain / 20
    assert np.mean(Z**2) == pytest.approx(1, rel=0.2)


def test_gains_of_the_squashing_activations_are_pytorchs():
    assert ACTIVATIONS["tanh"].gain == 5 / 3
    assert ACTIVATIONS["sigmoid"].gain == 1


def test_leaky_relu_lets_one_per_cent_through():
    np.testing.assert_allclose(ACTIVATIONS["leaky_relu"].f(np.array([-200.0, 3])), [-2, 3])


@pytest.mark.parametrize("name", [*ACTIVATIONS, "softmax"])
def test_activations_accept_lists(name):
    f = softmax if name == "softmax" else ACTIVATIONS[name].f
    for Z in ([[-1, 0, 2.5]], [[5, 1, 1]]):
        np.testing.assert_array_equal(f(Z), f(np.array(Z, float)))


@pytest.mark.parametrize("dtype", [np.uint8, np.int8, np.int64, np.uint64])
@pytest.mark.parametrize("name", [*ACTIVATIONS, "softmax"])
def test_whole_numbers_of_any_kind_are_numbers(name, dtype):
    f = softmax if name == "softmax" else ACTIVATIONS[name].f
    Z = np.array([[0, 1, 3, 100]]).astype(dtype)
    np.testing.assert_allclose(f(Z), f(Z.astype(np.float64)), rtol=1e-12)


# ---------------------------------------------------------------- losses


@given(extreme(np.float64))
def test_softmax_rows_are_probabilities_and_shifts_change_nothing(Z):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        A = softmax(Z)
    assert (A >= 0).all()
    np.testing.assert_allclose(A.sum(axis=1), 1, rtol=1e-12)
    shifts = np.linspace(-50, 50, len(Z))[:, np.newaxis]  # another one for every row
    np.testing.assert_allclose(softmax(Z + shifts), A, atol=1e-9)


@given(extreme(np.float32))
def test_losses_stay_finite_on_extreme_logits(Z):
    y = np.arange(len(Z)) % Z.shape[1]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert np.isfinite(LOSSES["softmax_cross_entropy"].value(softmax(Z), y))
        A, Y = sigmoid(Z), (Z > 1).astype(Z.dtype)
        for name in ("binary_cross_entropy", "mean_squared_error", "half_squared_error"):
            value = LOSSES[name].value(A, Y)
            assert np.isfinite(value)
            assert value >= 0


def test_softmax_of_the_worked_example():
    # e⁵, e, e: 148.413 / 153.850 and 2.71828 / 153.850
    np.testing.assert_allclose(
        softmax(np.array([[5.0, 1, 1]])), [[0.9647, 0.0177, 0.0177]], atol=5e-5
    )


def test_cross_entropy_agrees_with_the_form_from_logits(rng):
    Z, y = 10 * rng.standard_normal((20, 6)), rng.integers(0, 6, 20)
    value = softmax_cross_entropy(softmax(Z), y)
    from_logits = np.log(np.exp(Z).sum(axis=1)) - Z[np.arange(20), y]
    assert value == pytest.approx(from_logits.mean(), rel=1e-12)
    assert value == pytest.approx(softmax_cross_entropy(softmax(Z), np.eye(6)[y]), rel=1e-12)


def test_binary_cross_entropy_is_exact_while_the_sigmoid_is():
    for z in np.linspace(-15, 15, 31):
        A = sigmoid(np.array([[z]]))
        for y, cost in ((1.0, np.log1p(np.exp(-z))), (0.0, np.log1p(np.exp(z)))):
            assert binary_cross_entropy(A, np.array([[y]])) == pytest.approx(cost, rel=1e-8)


@pytest.mark.parametrize(("dtype", "most"), [(np.float32, 24), (np.float64, 53)])
@pytest.mark.parametrize("z", [20, 30, 50, 1000])
def test_binary_cross_entropy_costs_the_same_for_either_class(z, dtype, most):
    A = sigmoid(np.array([[z], [-z]], dtype))
    costs = [binary_cross_entropy(A[i : i + 1], np.array([[i]], dtype)) for i in (0, 1)]
    assert costs[0] == pytest.approx(costs[1], rel=1e-3 if z == 30 else 1e-6)
    assert costs[0] == pytest.approx(min(z, most * np.log(2)), rel=1e-3)


@pytest.mark.parametrize("name", LOSSES)
def test_losses_refuse_to_stretch_shapes(name):
    A = np.full((4, 1), 0.5)
    for Y in (np.full((4, 2), 0.5), np.full((1, 1), 0.5), np.zeros(3, int)):
        for f in (LOSSES[name].value, LOSSES[name].delta):
            with pytest.raises(ValueError, match="the targets have shape"):
                f(A, Y)
    if name != "softmax_cross_entropy":
        with pytest.raises(ValueError, match=r"shape \(4,\); expected \(4, 1\)"):
            LOSSES[name].value(A, A[:, 0])


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("name", LOSSES)
def test_delta_is_the_slope_and_keeps_dtype(name, dtype, rng):
    loss = LOSSES[name]
    f = {"sigmoid": sigmoid, "softmax": softmax, None: lambda Z: Z}[loss.fused_with]
    Z, Y = rng.standard_normal((5, 4)), rng.random((5, 4))
    Y /= Y.sum(axis=1, keepdims=True)
    slope = numerical_gradient(lambda: loss.value(f(Z), Y), Z)
    np.testing.assert_allclose(loss.delta(f(Z), Y), slope, atol=1e-9)
    assert loss.delta(f(Z.astype(dtype)), Y.astype(dtype)).dtype == dtype


# ---------------------------------------------------------------- initial weights


SPREADS = {
    "zeros": 0,
    "uniform": 12**-0.5,
    "normal": 300**-0.5,
    "xavier_normal": (2 / 500) ** 0.5,
    "xavier_uniform": (2 / 500) ** 0.5,
    "he_normal": (2 / 300) ** 0.5,
    "he_uniform": (2 / 300) ** 0.5,
}


@pytest.mark.parametrize("name", INITIALIZERS)
def test_initial_weights_have_the_spread_they_promise(name, rng):
    W = INITIALIZERS[name](300, 200, rng)
    assert W.shape == (300, 200)
    assert W.std() == pytest.approx(SPREADS[name], rel=0.02)
    assert W.mean() == pytest.approx(0.5 if name == "uniform" else 0, abs=0.01)


# ---------------------------------------------------------------- network


@pytest.mark.parametrize("depth", [1, 2, 3, 4])
@pytest.mark.parametrize(("output", "loss"), ENDINGS)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_gradients_agree_with_finite_differences(activation, output, loss, depth):
    rng = np.random.default_rng([depth, *map(ord, activation)])
    X, y = problem(output, rng)
    net = network(activation, output, loss, depth, rng)
    report = check_gradients(net, X, y, eps=1e-5)
    assert report.passed, f"{activation} {output} {loss} depth {depth}\n{report}"


@pytest.mark.parametrize("bias", [True, False, [True, False, True]])
@pytest.mark.parametrize("l2", [0.0, 0.3])
def test_gradients_with_penalty_and_without_bias(l2, bias, rng):
    X, y = problem("softmax", rng)
    net = network("tanh", "softmax", None, 3, rng, l2=l2, bias=bias)
    assert check_gradients(net, X, y).passed
    assert direction_check(net, X, y, rng) < 1e-7
    on = [bias] * 3 if isinstance(bias, bool) else bias
    assert [b is not None for b in net.b] == on
    assert len(net.params) == 4 * 5 + 5 * 5 + 5 * 3 + sum(
        n for n, has in zip([5, 5, 3], on, strict=True) if has
    )


@pytest.mark.parametrize("activation", ["relu", "tanh", "sigmoid", "elu"])
def test_gradients_with_dropout_agree_with_finite_differences(activation, rng):
    """Each forward pass draws the same masks, so the loss is a function of the weights."""
    X, y = problem("softmax", rng)
    net = network(activation, "softmax", None, 3, rng, dropout=[0.5, 0.2])

    def forward():
        net.rng = np.random.default_rng(7)
        return net.forward(X, training=True)

    measured = numerical_gradient(lambda: net.loss(forward(), y), net.params)
    A = forward()
    assert 0 < np.count_nonzero(A[1] == 0) < A[1].size
    net.backward(A, y)
    assert relative_error(net.grads, measured) < 1e-7


@pytest.mark.parametrize("dtype", FLOATS)
def test_the_masks_are_drawn_from_the_networks_rng_in_its_dtype(dtype):
    net = MLP([3, 40, 20, 2], dropout=[0.3, 0.6], rng=np.random.default_rng(4), dtype=dtype)
    assert net.masks == [None, None]
    X = np.ones((5, 3))
    whole = net.forward(X)
    net.rng, drawn = (np.random.default_rng(9) for _ in range(2))
    dropped = net.forward(X, training=True)
    for mask, p, units in zip(net.masks, net.dropout, [40, 20], strict=True):
        kept = drawn.random((5, units), dtype=dtype) >= p
        np.testing.assert_allclose(mask, kept / (1 - p), rtol=1e-6)
        assert mask.dtype == dtype
    np.testing.assert_array_equal(dropped[1], whole[1] * net.masks[0])
    net.forward(X)
    assert net.masks == [None, None]


@pytest.mark.parametrize("number", [int, np.float32, np.float64, np.int64])
def test_dropout_may_be_a_numpy_number(number, rng):
    share = number(0.5)
    for dropout in (share, [share]):
        net = MLP([3, 4, 2], dropout=dropout, rng=rng)
        assert net.dropout == [float(share)]
        assert type(net.dropout[0]) is float


def test_dropout_keeps_the_mean_and_is_at_work_in_training_only(rng):
    net = MLP([3, 400, 2], "sigmoid", dropout=0.4, rng=rng)
    X = rng.random((500, 3), dtype=np.float32)
    whole, dropped = net.forward(X), net.forward(X, training=True)
    assert dropped[1].dtype == np.float32
    kept = dropped[1] != 0
    assert kept.mean() == pytest.approx(0.6, abs=0.01)
    np.testing.assert_allclose(dropped[1][kept], whole[1][kept] / 0.6, rtol=1e-5)
    assert dropped[1].mean() == pytest.approx(whole[1].mean(), rel=0.01)
    assert not (kept == kept[0]).all()  # every example has a mask of its own
    np.testing.assert_array_equal(net.forward(X)[1], whole[1])
    net.backward(net.forward(X), np.zeros(500, int))  # without the masks of the step before
    plain = MLP([3, 400, 2], "sigmoid", rng=rng)
    plain.params[...] = net.params
    plain.backward(plain.forward(X), np.zeros(500, int))
    np.testing.assert_array_equal(net.grads, plain.grads)


def test_check_names_the_guilty_layer(rng):
    class NoBiasGradient(MLP):
        def backward(self, A, y, check=True):
            super().backward(A, y, check)
            self.db[1][...] = 0

    X, y = problem("softmax", rng)
    net = NoBiasGradient([4, 5, 5, 3], "tanh", rng=rng, dtype=np.float64)
    report = check_gradients(net, X, y)
    assert not report.passed
    assert report.guilty == "b2"
    assert "look at b2 first" in str(report)


def test_the_guilty_layer_is_the_last_one_be_it_weights_or_bias(rng):
    class WrongTwice(MLP):
        def backward(self, A, y, check=True):
            super().backward(A, y, check)
            self.db[0][...] += 1
            self.dW[1][...] += 1

    X, y = problem("softmax", rng)
    net = WrongTwice([4, 5, 5, 3], "tanh", rng=rng, dtype=np.float64)
    report = check_gradients(net, X, y)
    assert [name for name, error in report.errors.items() if error > 1e-3] == ["b1", "W2"]
    assert report.guilty == "W2"


def test_checks_leave_the_parameters_as_they_were(rng):
    X, y = problem("softmax", rng)
    net = network("tanh", "softmax", None, 2, rng)
    before = net.params.copy()
    check_gradients(net, X, y)
    direction_check(net, X, y, rng)
    np.testing.assert_array_equal(net.params, before)


@pytest.mark.parametrize(
    ("checked", "call"),
    [(check_gradients, 2), (check_gradients, 3), (direction_check, 1), (direction_check, 2)],
)
def test_an_interrupted_check_puts_the_parameters_back(checked, call, rng):
    class Interrupted(MLP):
        calls = 0

        def loss(self, A, y, check=True):
            self.calls += 1
            if self.calls == call:
                raise KeyboardInterrupt
            return super().loss(A, y, check)

    X, y = problem("softmax", rng)
    net = Interrupted([4, 3], rng=rng, dtype=np.float64)
    before = net.params.copy()
    with pytest.raises(KeyboardInterrupt):
        checked(net, X, y, *([rng] if checked is direction_check else []))
    np.testing.assert_array_equal(net.params, before)


def test_checks_refuse_what_would_hide_mistakes(rng):
    X, y = problem("softmax", rng)
    net = MLP([4, 3], rng=rng, dtype=np.float64)
    for eps in (0, -1e-5, np.nan, "a", 1e-9):
        for check in (check_gradients, lambda *a, **k: direction_check(*a, rng, **k)):
            with pytest.raises(ValueError, match="eps is"):
                check(net, X, y, eps=eps)
    with pytest.raises(ValueError, match="tolerance is nan"):
        check_gradients(net, X, y, tolerance=np.nan)
    with pytest.raises(ValueError, match="rng is 0; expected a numpy Generator"):
        direction_check(net, X, y, 0)
    with pytest.raises(ValueError, match="a gradient check needs a float64 network, got float32"):
        check_gradients(MLP([4, 3], rng=rng), X, y)


@pytest.mark.parametrize(("output", "loss"), ENDINGS)
@pytest.mark.parametrize("bias", [8, 25, 400])
def test_saturated_units_are_no_false_alarm(bias, output, loss, rng):
    X, y = problem(output, rng)
    net = network("sigmoid", output, loss, 3, rng)
    for layer in (0, 1):
        net.b[layer][...] = bias
    report = check_gradients(net, X, y)
    assert report.passed, report
    assert direction_check(net, X, y, rng) < 1e-7


def test_small_mistakes_are_no_noise(rng):
    class AlmostRight(MLP):
        def backward(self, A, y, check=True):
            super().backward(A, y, check)
            self.dW[0][...] *= 1 + 1e-5

    X, y = problem("softmax", rng)
    net = AlmostRight([4, 5, 3], "tanh", rng=rng, dtype=np.float64)
    assert check_gradients(net, X, y).guilty == "W1"
    assert relative_error([1.0, 1.0], [1.0, 1.1], noise=0.01) > 0.01
    assert relative_error([1.0, 1.0], [1.0, 1.1], noise=0.08) == 0


def test_numerical_gradient_of_a_table(rng):
    x = rng.standard_normal((3, 4))
    expected = 3 * x**2
    np.testing.assert_allclose(numerical_gradient(lambda: np.sum(x**3), x), expected, rtol=1e-6)
    view = np.ones((4, 6))[::2, 1::2]
    np.testing.assert_allclose(numerical_gradient(lambda: np.sum(view**2), view), 2 * view)


@pytest.mark.parametrize("x", [np.arange(3), np.ones(3, np.float32), [1.0, 2.0], 1.0])
def test_numerical_gradient_refuses_what_it_cannot_move(x):
    with pytest.raises(ValueError, match="must be a float64 array, got"):
        numerical_gradient(lambda: 0.0, x)


def test_relative_error_of_nothing_and_of_opposites():
    assert relative_error(np.zeros(3), np.zeros(3)) == 0
    assert relative_error(np.ones(3), -np.ones(3)) == 1


def test_one_step_worked_out_by_hand():
    # One input 2, one hidden sigmoid unit with weight 0 and bias 0, one linear output with
    # weight 3 and bias 1, target 1, loss (a - y)².
    #   forward:  z1 = 0, a1 = 0.5, a2 = 3 * 0.5 + 1 = 2.5, loss = 1.5² = 2.25
    #   backward: delta2 = 2 * 1.5 = 3, dW2 = a1 * 3 = 1.5, db2 = 3,
    #             delta1 = 3 * 3 * 0.5 * (1 - 0.5) = 2.25, dW1 = 2 * 2.25 = 4.5, db1 = 2.25
    net = MLP([1, 1, 1], "sigmoid", "linear", rng=np.random.default_rng(0), dtype=np.float64)
    net.W[0][...], net.b[0][...], net.W[1][...], net.b[1][...] = 0, 0, 3, 1
    A = net.forward([[2.0]])
    assert [float(a[0, 0]) for a in A] == [2.0, 0.5, 2.5]
    assert net.loss(A, [[1.0]]) == 2.25
    net.backward(A, [[1.0]])
    assert net.dW[1].item() == 1.5
    assert net.db[1].item() == 3
    assert net.dW[0].item() == 4.5
    assert net.db[0].item() == 2.25
    np.testing.assert_array_equal(net.grads, [4.5, 1.5, 2.25, 3])


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize(("output", "loss"), ENDINGS)
def test_every_array_keeps_the_dtype(output, loss, dtype, rng):
    X, y = problem(output, rng)
    net = MLP([4, 5, 3], "elu", output, loss, rng=rng, dtype=dtype)
    A = net.forward(X)
    net.backward(A, y)
    arrays = [*A, net.params, net.grads, *net.W, *net.b, *net.dW, *net.db]
    assert {a.dtype for a in arrays} == {np.dtype(dtype)}
    assert isinstance(net.loss(A, y), float)


def test_views_share_memory_with_the_flat_vectors(rng):
    net = MLP([4, 5, 3], rng=rng)
    net.params[...] = np.arange(len(net.params))
    np.testing.assert_array_equal(net.W[0], np.arange(20).reshape(4, 5))
    np.testing.assert_array_equal(net.W[1], np.arange(20, 35).reshape(5, 3))
    np.testing.assert_array_equal(net.b[0], np.arange(35, 40))
    np.testing.assert_array_equal(net.b[1], np.arange(40, 43))


@pytest.mark.parametrize("duplicate", [lambda net: net, copy.deepcopy])
def test_what_is_assigned_to_a_layer_arrives_in_the_network(duplicate, rng):
    net = duplicate(MLP([4, 5, 3], rng=rng))
    W, b = np.ones((4, 5)), np.full(3, 2.0)
    net.W[0], net.b[1] = W, b
    np.testing.assert_array_equal(net.params[:20], 1)
    np.testing.assert_array_equal(net.params[-3:], 2)
    W[...] = 7  # copied, not shared
    net.W[0] *= 3
    np.testing.assert_array_equal(net.params[:20], 3)
    with pytest.raises(ValueError, match="broadcast"):
        net.W[0] = np.ones((5, 4))


@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda net: pickle.loads(pickle.dumps(net))])
def test_a_copy_is_whole_and_its_own(duplicate, rng):
    X, y = problem("softmax", rng)
    net = MLP([4, 5, 3], bias=[False, True], rng=rng, dtype=np.float64)
    other = duplicate(net)
    np.testing.assert_array_equal(other.forward(X)[-1], net.forward(X)[-1])
    before = net.params.copy()
    other.params += 1
    np.testing.assert_array_equal(other.W[0], net.W[0] + 1)
    np.testing.assert_array_equal(net.params, before)
    other.backward(other.forward(X), y)
    assert np.count_nonzero(other.grads)
    assert other.b[0] is None


def test_forward_and_backward_leave_their_inputs_alone(rng):
    X, y = problem("softmax", rng)
    net = MLP([4, 5, 3], rng=rng, dtype=np.float64)
    kept = X.copy(), y.copy(), net.params.copy()
    A = net.forward(X)
    copies = [a.copy() for a in A]
    net.backward(A, y)
    for now, before in zip([X, y, net.params, *A], [*kept, *copies], strict=True):
        np.testing.assert_array_equal(now, before)


def test_predict_and_accuracy_speak_of_classes_or_values(rng):
    X = rng.standard_normal((6, 4))
    soft = MLP([4, 3], rng=rng)
    assert soft.predict(X).shape == (6,)
    assert soft.accuracy(soft.forward(X)[-1], soft.predict(X)) == 1
    assert soft.accuracy(soft.forward(X)[-1], np.eye(3)[soft.predict(X)]) == 1
    single = MLP([4, 1], output="sigmoid", rng=rng)
    assert single.predict(X).shape == (6,)
    assert single.accuracy(single.forward(X)[-1], single.predict(X)[:, np.newaxis]) == 1
    several = MLP([4, 2], output="sigmoid", rng=rng)
    assert several.predict(X).shape == (6, 2)
    assert several.accuracy(several.forward(X)[-1], 1 - several.predict(X)) == 0
    values = MLP([4, 2], output="linear", rng=rng)
    np.testing.assert_array_equal(values.predict(X), values.forward(X)[-1])
    assert np.isnan(values.accuracy(values.forward(X)[-1], X[:, :2]))


def test_a_single_sigmoid_says_yes_above_one_half(rng):
    net = MLP([4, 1], output="sigmoid", rng=rng)
    A = np.array([[0.45], [0.5], [0.55]], np.float32)
    np.testing.assert_array_equal(net.classes(A), [0, 0, 1])


def test_accuracy_takes_the_targets_that_fit_takes_and_no_others(rng):
    A = np.eye(3, dtype=np.float32)
    soft = MLP([4, 3], rng=rng)
    assert soft.accuracy(A, [0, 1, 1]) == pytest.approx(2 / 3)
    with pytest.raises(ValueError, match=r"\(2,\); expected \(3,\)"):
        soft.accuracy(A, [0, 1])
    several = MLP([4, 3], output="sigmoid", rng=rng)
    assert several.accuracy(A, [[1, 0, 0], [0, 1, 0], [1, 0, 0]]) == pytest.approx(2 / 3)
    with pytest.raises(ValueError, match=r"\(3,\); expected \(3, 3\)"):
        several.accuracy(A, [0, 1, 2])


def test_loss_and_backward_want_the_whole_list_of_forward(rng):
    X, y = problem("softmax", rng)
    net = MLP([4, 5, 3], rng=rng)
    A = net.forward(X)
    for wrong in (A[-1], A[1:], A[-1][:3]):
        for f in (net.loss, net.backward):
            with pytest.raises(ValueError, match="A must be the list that forward returned"):
                f(wrong, y)
    other = MLP([4, 6, 3], rng=rng).forward(X)
    before = net.grads.copy()
    for wrong in ([A[0][:2], *A[1:]], other, [0, *A[1:]], [*A[:2], A[2][:, :2]]):
        for f in (net.loss, net.backward):
            with pytest.raises(ValueError, match=r"A has arrays of shapes .*; expected \(n, 4\)"):
                f(wrong, y)
    for wrong in (3, None):
        with pytest.raises(ValueError, match=f"got {type(wrong).__name__}, expected 3 arrays"):
            net.loss(wrong, y)
    with pytest.raises(ValueError, match=r"expected \(n, 3\), the last array of forward"):
        net.accuracy(A, y)
    np.testing.assert_array_equal(net.grads, before)


def test_backward_after_another_batch_is_refused_where_there_is_dropout(rng):
    X, y = problem("softmax", rng)
    net = MLP([4, 5, 3], rng=rng, dropout=0.5)
    A = net.forward(X, training=True)
    net.forward(X[:2], training=True)
    with pytest.raises(ValueError, match=r"mask of shape \(2, 5\)"):
        net.backward(A, y)


@pytest.mark.parametrize("output", ACTIVATIONS)
@pytest.mark.parametrize(
    ("loss", "fits"), [("softmax_cross_entropy", "softmax"), ("binary_cross_entropy", "sigmoid")]
)
def test_a_cross_entropy_fits_its_own_output_alone(output, loss, fits, rng):
    if output != fits:
        with pytest.raises(ValueError, match=f"does not fit the output '{output}'"):
            MLP([4, 3], output=output, loss=loss, rng=rng)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"sizes": [4]}, "two or more"),
        ({"sizes": [4, 0, 3]}, r"\[4, 0, 3\]"),
        ({"sizes": [4, 2.5, 3]}, "whole numbers"),
        ({"activation": "rellu"}, "'rellu'.*'relu'"),
        ({"activation": ["relu"]}, "a list of 2"),
        ({"output": "soft"}, "'soft'.*'softmax'"),
        ({"loss": "mse"}, "'mse'.*'mean_squared_error'"),
        ({"loss": "binary_cross_entropy"}, "does not fit the output 'softmax'"),
        ({"output": "tanh", "loss": "softmax_cross_entropy"}, "does not fit the output 'tanh'"),
        ({"initializer": "he"}, "'he'.*'he_normal'"),
        ({"bias": [True]}, "a list of 3"),
        ({"l2": -1}, "l2 is -1; expected a finite number, 0 or more"),
        ({"l2": "a"}, "l2 is 'a'"),
        ({"l2": np.inf}, "l2 is inf"),
        ({"l2": True}, "l2 is True"),
        ({"sizes": 5}, r"two or more.*\[5\]"),
        ({"sizes": "784"}, "whole numbers"),
        ({"sizes": [True, 3]}, "whole numbers"),
        ({"sizes": [4, 5, 5, 1]}, "output='sigmoid'"),
        ({"activation": None}, "one name, or a list of 2; got None"),
        ({"activation": np.tanh}, "one name, or a list of 2; got <ufunc 'tanh'>"),
        ({"activation": [np.tanh] * 2}, "a list of 2"),
        ({"sizes": [4, 3], "activation": None}, "a list of 0; got None"),
        ({"output": ["softmax"]}, r"unknown output \['softmax'\]"),
        ({"loss": ""}, "unknown loss ''"),
        ({"initializer": None}, "unknown initializer None"),
        ({"bias": 1}, "one bool, or a list of 3; got 1"),
        ({"bias": "no"}, "got 'no'"),
        ({"bias": [1, 0, 1]}, r"got \[1, 0, 1\]"),
        ({"rng": np.random}, "numpy Generator"),
        ({"dtype": "foo"}, "float64, got 'foo'"),
        ({"dtype": None}, "float64, got None"),
        ({"dtype": np.int64}, "int64"),
        ({"rng": 0}, "numpy Generator"),
        ({"dtype": np.float16}, "float16"),
        ({"dropout": 1.0}, "dropout is 1"),
        ({"dropout": [0.5, -0.1]}, "dropout is -0.1"),
        ({"dropout": True}, "dropout is True"),
        ({"dropout": np.nan}, "dropout is nan"),
        ({"dropout": "0.5"}, "one number, or a list of 2; got '0.5'"),
        ({"dropout": [0.5]}, r"dropout must be one number, or a list of 2; got \[0.5\]"),
    ],
)
def test_bad_networks_are_refused_in_words(arguments, words):
    good = {"sizes": [4, 5, 5, 3], "rng": np.random.default_rng(0)}
    with pytest.raises(ValueError, match=words):
        MLP(**good | arguments)


@pytest.mark.parametrize(
    ("X", "words"),
    [
        (np.ones(4), r"\(4,\); expected \(n, 4\)"),
        (np.ones((2, 3)), r"\(2, 3\); expected \(n, 4\)"),
        ([[1, 2, 3, np.nan], [0] * 4], "row 0"),
        ([[0] * 4, [1, 2, 3, -np.inf]], "row 1"),
    ],
)
def test_bad_inputs_are_refused_in_words(X, words, rng):
    with pytest.raises(ValueError, match=words):
        MLP([4, 3], rng=rng).forward(X)


@pytest.mark.parametrize(
    ("output", "y", "words"),
    [
        ("softmax", [0, 1, 3], "class 3 is out of range: expected 0 to 2"),
        ("softmax", [0, -1, 2], "class -1"),
        ("softmax", [0, 1], r"\(2,\); expected \(3,\)"),
        ("softmax", [0.0, 1.0, 2.0], r"integers from 0 to 2, got dtype float64; .*y.astype\(int\)"),
        ("softmax", [True, False, True], r"bool; .*y.astype\(int\)"),
        ("softmax", [[0, 1, 0], [1, 0, 0], [1, 1, 0]], "row 2 of y adds up to 2; expected 1"),
        ("softmax", [[0.2, 0.5, 0.29995], [1, 0, 0], [0.3, 0.3, 0.3]], "row 2 of y adds up to 0.9"),
        ("softmax", np.ones((3, 4)), r"\(3, 4\); expected \(3, 3\), or \(3,\)"),
        ("linear", [0, 1, 2], r"\(3,\); expected \(3, 3\)"),
        ("linear", [[0, 1, np.nan]] * 3, "row 0"),
        ("sigmoid", [[0, 1, 2]] * 3, r"\[0, 1\], got 0 to 2"),
    ],
)
def test_bad_targets_are_refused_in_words(output, y, words, rng):
    net = MLP([4, 3], output=output, rng=rng)
    A = net.forward(np.ones((3, 4)))
    with pytest.raises(ValueError, match=words):
        net.accuracy(A[-1], y)
    with pytest.raises(ValueError, match=words):
        net.backward(A, y)
    with pytest.raises(ValueError, match=words):
        net.loss(A, y)


# ---------------------------------------------------------------- whatever NumPy's error state is


def unmoved(f, *arguments):
    """Return what `f` returns, after trying that the strictest error state changes nothing."""
    expected = f(*copy.deepcopy(arguments))
    with np.errstate(all="raise"):
        result = f(*copy.deepcopy(arguments))
    np.testing.assert_equal(result, expected)
    return expected


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("name", [*ACTIVATIONS, "softmax"])
def test_an_underflow_in_an_activation_is_no_error(name, dtype):
    tiny = np.finfo(dtype).tiny
    Z = np.array([[-1e4, -95, -1e-30, -tiny / 3, -tiny, 0, tiny, 2e-23, 95, 1e4]], dtype)
    A = unmoved(softmax if name == "softmax" else ACTIVATIONS[name].f, Z)
    assert np.isfinite(A).all()
    if name != "softmax":
        unmoved(ACTIVATIONS[name].derivative, A)


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("name", LOSSES)
def test_an_underflow_in_a_loss_is_no_error(name, dtype):
    tiny = np.finfo(dtype).tiny
    A = np.array([[tiny / 3, 1, 0], [tiny, 0, 1], [0.5, 0.5, tiny**0.7]], dtype)
    for Y in (np.eye(3, dtype=dtype), A[::-1] * dtype(0.3)):
        assert type(unmoved(LOSSES[name].value, A, Y)) is float
        unmoved(LOSSES[name].delta, A, Y)


@pytest.mark.parametrize("make", [lambda: SGD(1e-30), lambda: SGD(1e-6, 0.1), lambda: Adam(1e-6)])
@pytest.mark.parametrize(("output", "loss"), ENDINGS)
def test_an_underflow_in_a_network_is_no_error(output, loss, make, rng):
    X, y = problem(output, rng, n=12)
    net = MLP([4, 30, 3], "tanh", output, loss, "xavier_normal", rng=rng, dropout=0.5, l2=0.01)
    net.W[0][...] *= np.logspace(-44, 0, 30, dtype=np.float32)  # units that hardly speak
    wide = 500 * X
    X32, Y = checked_inputs(net, X), checked_targets(net, y, 12)

    def one_by_one(net, optimizer):
        for _ in range(3):
            A = net.forward(wide, training=True)
            net.backward(A, y)
            optimizer.step(net.params, net.grads)
        return net.params, net.loss(A, y), net.accuracy(A[-1], y)

    def in_steps(net, optimizer):
        return [train_step(net, X32, Y, optimizer) for _ in range(3)], net.params

    def fitted(net, optimizer):
        settings = {"epochs": 3, "batch_size": 4, "validation": (wide, y)}
        history = fit(net, X, y, optimizer=optimizer, rng=np.random.default_rng(0), **settings)
        return net.params, history.train_loss, history.validation_loss

    for use in (one_by_one, in_steps, fitted):
        unmoved(use, net, make())
    unmoved(net.predict, wide)
    unmoved(evaluate, net, wide, y)
    unmoved(checked_inputs, net, np.full((1, 4), 1e-300))  # smaller than any float32


def test_an_underflow_in_a_gradient_check_is_no_error(rng):
    X, y = problem("softmax", rng)
    net = network("sigmoid", "softmax", None, 3, rng)
    net.b[0][...], net.W[1][...] = -800, 1e-200
    unmoved(lambda: check_gradients(net, X, y).errors)
    unmoved(lambda: direction_check(net, X, y, np.random.default_rng(0)))
    flat = MLP([4, 3], bias=False, rng=rng, dtype=np.float64)
    small = X * 1e-306
    unmoved(lambda: direction_check(flat, small, y, np.random.default_rng(0)))
    unmoved(relative_error, np.full(3, 1e-200), np.full(3, 1.1e-200))


def test_an_underflow_in_a_warp_is_no_error(rng):
    X = rng.random((2, 784), dtype=np.float32) * np.float32(1e-38)
    warps.smoothing_matrix.cache_clear()
    for warp in (warps.random_affine, warps.random_elastic, warps.random_shift):
        unmoved(warp, X, rng)
    unmoved(lambda: warps.random_bend(np.random.default_rng(0), smooth=0.7))


def test_threads_that_overlap_keep_their_own_error_states():
    """The first to come is the first to go, while the other is still inside."""
    inside, gone, after = Event(), Event(), []

    @underflow_allowed
    def wait(mine, other):
        mine.set()
        assert other.wait(60)

    def strict():
        with np.errstate(all="raise"):
            wait(Event(), inside)
            after.append(np.geterr()["under"])
            gone.set()

    first = Thread(target=strict)
    first.start()
    with np.errstate(all="ignore"):
        wait(inside, gone)
    first.join()
    assert after == ["raise"]


def test_an_overflow_is_still_an_error_where_numpy_is_told_so(rng):
    net = MLP([2, 3], output="linear", rng=rng)
    net.params[...] = 3e38
    with np.errstate(all="raise"):
        with pytest.raises(FloatingPointError, match="overflow"):
            net.predict([[1.0, 1.0]])
        with pytest.raises(ValueError, match="X contains numbers too large for float32"):
            net.predict([[1e300, 1.0]])


PER_EPOCH = [field.name for field in fields(History) if field.name != "best_epoch"]


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize(("output", "loss"), ENDINGS)
def test_every_single_number_is_pythons_own(output, loss, dtype, rng):
    X, y = problem(output, rng, n=12)
    net = MLP(
        np.array([4, 5, 3]), "tanh", output, loss, dropout=np.float32(0.5), l2=np.float64(0.1),
        bias=np.array([True, False]), rng=rng, dtype=dtype,
    )  # fmt: skip
    A = net.forward(X)
    settings = {"optimizer": SGD(np.float64(0.1)), "epochs": np.int64(2), "batch_size": np.int64(5)}
    settings |= {"validation": (X, y), "patience": np.int64(2)}
    history = fit(net, X, y, rng=rng, **settings)
    found = [net.loss(A, y), net.accuracy(A[-1], y), *evaluate(net, X, y, chunk=np.int64(5))]
    found += [net.l2, *net.dropout, settings["optimizer"].lr, relative_error(A[1], A[1] + 1)]
    found += [number for name in PER_EPOCH for number in getattr(history, name)]
    assert {type(value) for value in found} == {float}
    whole = [*net.sizes, net.n_layers, net.n_weights, history.best_epoch, settings["optimizer"].t]
    assert {type(value) for value in whole} == {int}
    assert {type(value) for value in net.has_bias} == {bool}
    if dtype == np.float64:
        report = check_gradients(net, X, y, tolerance=np.float64(1e-7))
        found = [*report.errors.values(), report.tolerance, direction_check(net, X, y, rng)]
        assert {type(value) for value in found} == {float}
        assert type(report.passed) is bool
