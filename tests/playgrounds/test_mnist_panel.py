"""The MNIST playground without a browser: real data, real training, every control and button."""

import io
import re

import numpy as np
import pytest
from PIL import Image
from scripts import output_of

from nbhelpers import datasets, playgrounds
from nbhelpers.playgrounds.engine.digit_picture import choose_wrong
from nbhelpers.playgrounds.engine.mnist_experiment import EPOCH, SAMPLE, data
from nbhelpers.playgrounds.mnist import Mnist, MnistSettings
from nbhelpers.training import evaluate

SEVEN = [[(60, 60), (210, 58), (120, 235)]]


@pytest.fixture(scope="module")
def trained():
    """A panel that has read one epoch; tests that share it leave it as it is."""
    return playgrounds.mnist("seed=1", steps=430)


@pytest.fixture
def panel():
    return playgrounds.mnist("hidden1=16", steps=20)


def pixels(png):
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB")).astype(int)


# ------------------------------------------------------------------ what is trained
def test_validation_images_are_apart_and_the_test_set_is_not_used():
    X, y, X_validation, y_validation = data()
    assert (len(X), len(y), len(X_validation), len(y_validation)) == (55_000, 55_000, 5_000, 5_000)
    assert not np.shares_memory(X, X_validation) or X.base is X_validation.base  # no copies
    (X_train, y_train), _ = datasets.mnist()
    np.testing.assert_array_equal(np.concatenate([y, y_validation]), y_train)
    np.testing.assert_array_equal(X_validation[-1], X_train[-1])


def test_an_epoch_reads_more_than_nine_of_ten(trained):
    e = trained.experiment
    loss, right = evaluate(e.net, e.X_validation, e.y_validation)
    assert right > 0.93
    assert loss < 0.25
    assert trained.experiment.reading()[2] > 0.9
    assert f"{100 * trained.experiment.reading()[2]:.1f} % of 1,000 right" in trained.summary
    assert trained.summary.startswith("epoch 1.00 · 55,000 images seen · ")
    X, y = datasets.mnist()[1]
    assert evaluate(trained.experiment.net, X[:2000], y[:2000])[1] > 0.9


def test_every_epoch_reads_every_image_once():
    experiment = Mnist(MnistSettings(batch_size=512, hidden1=16))
    for _ in range(2):
        seen = []
        for _ in range(108):
            experiment.step(1)
            at = experiment.place
            seen.append(experiment.order[(at - 1) // 512 * 512 : at])
        assert at == EPOCH
        np.testing.assert_array_equal(np.sort(np.concatenate(seen)), np.arange(EPOCH))
        order = experiment.order
    experiment.step(1)
    assert not np.array_equal(order, experiment.order)


@pytest.mark.parametrize("batch_size", [16, 128, 512])
def test_steps_and_images(batch_size):
    experiment = Mnist(MnistSettings(batch_size=batch_size))
    for steps in (0, 1, 107, 108, 430, 431, 5000):
        images = experiment.progress(steps)
        assert experiment.steps_for(images) == steps
    experiment.step(7)
    assert experiment.images == experiment.progress(7)


def test_the_curves_hold_what_was_measured():
    experiment = Mnist(MnistSettings(hidden1=16))
    experiment.step(experiment.every)
    curves = experiment.history
    assert list(curves["validation"].steps) == [0, experiment.every * 128]
    loss, right = evaluate(
        experiment.net, experiment.X_validation[:SAMPLE], experiment.y_validation[:SAMPLE]
    )
    assert curves["validation"].values[-1] == pytest.approx(loss, rel=1e-5)
    assert curves["wrong"].values[-1] == pytest.approx(1 - right, abs=1e-9)
    assert 0 < curves["loss"].values[-1] < curves["loss"].values[0]
    assert 0 < curves["train_wrong"].values[-1] < 1


# ------------------------------------------------------------------ a rate that is too large
def test_divergence_is_explained_in_words():
    text = "optimizer=momentum,learning_rate=10,activation=leaky_relu,hidden2=64"
    panel = playgrounds.mnist(text, steps=100)
    stopped = panel.experiment.diverged
    assert 1 < stopped < 100
    assert f"left the range of floating point at step {stopped}" in panel.summary
    assert "smaller learning rate" in panel.summary
    assert "smaller learning rate" in panel.pad().draw(SEVEN).words
    panel.play_tick()
    assert panel.experiment.steps == stopped
    panel.controls["learning_rate"].value = 0.01
    assert panel.experiment.diverged is None
    assert np.isfinite(panel.pad().probabilities).all()


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ("optimizer=Adam,learning_rate=1", r"64 of 64 units .* dead .* lower the learning rate"),
        ("optimizer=SGD,learning_rate=0.0001,activation=sigmoid", "hardly better than guessing"),
    ],
)
def test_a_network_that_learns_nothing_says_why(settings, words):
    assert re.search(words, playgrounds.mnist(settings, steps=120, pad=False).summary)


# ------------------------------------------------------------------ the picture
def test_places_of_misread_digits():
    wrong = np.zeros(1000, bool)
    assert (choose_wrong(wrong, 24) == -1).all()
    wrong[[3, 27, 50, 700]] = True  # 3 and 27 want the same place
    places = choose_wrong(wrong, 24)
    assert places[3] == 3
    assert places[2] == 50
    assert places[700 % 24] == 700
    assert sorted(places[places >= 0]) == [3, 27, 50, 700]
    wrong[3] = False
    assert choose_wrong(wrong, 24)[3] == 27
    assert choose_wrong(wrong, 24)[2] == 50
    assert sorted(choose_wrong(np.ones(1000, bool), 24)) == list(range(24))


def test_the_picture_shows_what_the_network_does(trained):
    before = pixels(trained.png())
    np.testing.assert_array_equal(before, pixels(trained.png()))
    wrong = trained.experiment.reading()[0][-1].argmax(axis=1) != data()[3][:SAMPLE]
    assert trained.picture.title.get_text().startswith(f"{wrong.sum()} of 1,000")
    other = playgrounds.mnist("seed=1", steps=20)
    after = pixels(other.png())
    for left, right in ((0, 310), (330, 720), (745, 1000)):  # curves, digits, weights
        assert (before[:, left:right] != after[:, left:right]).any()
    assert (before < 250).any(axis=2).mean() > 0.1


def test_a_perfect_network_misreads_nothing(panel):
    answers = [None, np.eye(10)[data()[3][:SAMPLE]]]
    panel.experiment.measured["reading"] = panel.experiment.steps, (answers, 0.0, 1.0)
    panel._draw()
    assert panel.picture.title.get_text() == "0 of 1,000 validation digits misread"
    assert (panel.picture.digits.pixels == 255).all()


def test_a_larger_batch_is_trained_as_far_in_epochs(panel):
    panel.step(88)
    assert panel.experiment.images == 108 * 128
    panel.controls["batch_size"].value = 512
    assert panel.goal == 27
    assert panel.experiment.steps <= 27


def test_the_seconds_are_in_the_summary_and_nowhere_else(panel):
    before = panel.settings, panel.code, panel.experiment.describe(), panel.png()
    summary, seconds = panel.summary, panel.experiment.seconds
    assert f" · {seconds:.1f} s · " in summary
    panel.experiment.seconds = 1234.5
    assert panel.summary == summary.replace(f"{seconds:.1f} s", "1234.5 s")
    assert before == (panel.settings, panel.code, panel.experiment.describe(), panel.png())


def test_in_a_bad_run_the_peak_is_on_the_axis_and_the_legend_below_the_curves():
    good = playgrounds.mnist("hidden1=16,steps=150", pad=False)
    assert good.picture.losses.ax.get_ylim() == (0.008, 6)
    bad = playgrounds.mnist("optimizer=Adam,learning_rate=1,steps=150", pad=False)
    for panel, above in ((good, True), (bad, False)):
        ax = panel.picture.losses.ax
        peak = panel.experiment.history["loss"].values.max()
        assert peak < ax.get_ylim()[1]
        ax.figure.canvas.draw()
        frame = ax.get_legend().get_window_extent()
        now = ax.transData.transform((0, panel.experiment.history["validation"].values[-1]))[1]
        assert (frame.y0 > now) if above else (frame.y1 < now)
    assert bad.experiment.history["loss"].values.max() > 6
    bad.settings = "hidden1=16,steps=150"
    assert bad.picture.losses.ax.get_ylim() == (0.008, 6)
    bad.experiment.history["loss"].append(bad.experiment.images, np.inf)  # as when it diverges
    bad.png()


# ------------------------------------------------------------------ the pad
def test_the_pad_reads_with_the_live_network(trained):
    pad = trained.pad()
    assert trained.pad() is pad
    assert pad.widget in trained.widget.children
    pad.draw(SEVEN)
    assert pad.probabilities.argmax() == 7
    other = playgrounds.mnist("hidden1=16", steps=0, pad=False)
    assert len(other.widget.children) == len(trained.widget.children) - 1
    before = other.pad().draw(SEVEN).probabilities
    other.step(100)
    assert np.abs(other.pad().probabilities - before).max() > 0.1  # nobody drew again


# ------------------------------------------------------------------ show code
@pytest.mark.parametrize(
    ("settings", "threads"),
    [
        ("steps=900", "1"),
        ("steps=900", "2"),
        ("steps=300,optimizer=SGD,learning_rate=10,activation=sigmoid,hidden2=20,seed=3", "2"),
        ("steps=200,optimizer=momentum,learning_rate=0.05,activation=tanh,batch_size=64", "1"),
        ("steps=60,activation=elu,batch_size=256,hidden2=16", "2"),
    ],
)
def test_the_script_gives_the_very_same_numbers(settings, threads, tmp_path):
    """Every bit of the weights, in whatever number of threads NumPy would like to compute."""
    panel = playgrounds.mnist(settings, pad=False)
    assert "nbhelpers" not in panel.code.replace("from nbhelpers.datasets import mnist", "")
    save = "\nnp.save('params.npy', np.concatenate([p.ravel() for p in params]))\n"
    printed = output_of(panel.code + save, tmp_path, OPENBLAS_NUM_THREADS=threads)
    _, loss, right = panel.experiment.reading()
    validation = f"validation: loss {loss:.3g}, {100 * right:.1f} % of 1,000 right"
    assert printed == f"step {panel.experiment.steps:,}, {validation}\n"
    np.testing.assert_array_equal(np.load(tmp_path / "params.npy"), panel.experiment.net.params)
