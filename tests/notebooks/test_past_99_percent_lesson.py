"""Notebook 11: what its table says, its long training, its warps, its playground."""

import re
import sys

import numpy as np
import pytest
from lesson import code_cells, stored
from nbformat.v4 import new_code_cell, new_notebook
from notebook_tools import plain_text
from scripts import output_of

from nbhelpers import datasets, playgrounds, warps, weights
from nbhelpers.network import MLP
from nbhelpers.optimizers import Adam
from nbhelpers.playgrounds.engine.mnist_experiment import data
from nbhelpers.publishing.execute import execute
from nbhelpers.training import evaluate, fit

# the name of the module is the name of the factory in its package, so it is found like this
module = sys.modules["nbhelpers.playgrounds.remedies"]
Remedies, RemediesSettings = module.Remedies, module.RemediesSettings


# ---------------------------------------------------------------- the table
@pytest.fixture(scope="module")
def learn():
    """As in the notebook: 600 steps on images of its own; the error on 10,000 fresh ones, in %."""
    (X, y), _ = datasets.mnist()
    cache = {}

    def run(seed, n=1000, labels=y, hidden=128, l2=0.0, dropout=0.0, augment=None):
        rng = np.random.default_rng(seed)
        rows = rng.permutation(45_000)[:n]
        net = MLP([784, hidden, 10], l2=l2, dropout=dropout, rng=rng)
        plan = {"optimizer": Adam(0.002), "epochs": 600 * 50 // n, "batch_size": 50}
        fit(net, X[rows], labels[rows], rng=rng, augment=augment, **plan)
        own, fresh = evaluate(net, X[rows], labels[rows]), evaluate(net, X[45_000:55_000],
                                                                    y[45_000:55_000])  # fmt: skip
        return 100 - 100 * own[1], 100 - 100 * fresh[1]

    def errors(seeds=3, **options):
        key = str(options)
        if key not in cache:
            cache[key] = np.array([run(seed, **options) for seed in range(seeds)])
        return cache[key]  # (seeds, 2): on its own images, on fresh ones

    errors.y = y
    return errors


def test_a_thousand_images_are_learned_by_heart(learn):
    own, fresh = learn().T
    assert (own == 0).all()
    assert (fresh > 10).all()


def test_shuffled_labels_are_learned_by_heart_too(learn):
    nonsense = np.random.default_rng(1).permutation(learn.y)
    own, fresh = learn(seeds=1, labels=nonsense)[0]
    assert own < 3
    assert fresh > 80


def test_warps_buy_more_than_any_remedy_inside_the_network(learn):
    """And more than 4,000 further images, or nearly so."""
    none = learn()[:, 1].mean()
    shifts = learn(augment=lambda X, rng: warps.random_shift(X, rng, 2))[:, 1].mean()
    affine = learn(augment=warps.random_affine)[:, 1].mean()
    l2, dropout = learn(l2=0.001)[:, 1].mean(), learn(dropout=0.5)[:, 1].mean()
    more = learn(n=5000)[:, 1].mean()
    assert affine < shifts < none - 2.5
    assert abs(l2 - none) < 0.7  # nothing to speak of
    assert none - 1.5 < dropout < none + 0.2
    assert abs(affine - more) < 1.0


def test_wider_is_no_worse(learn):
    assert learn(hidden=384)[:, 1].mean() < learn()[:, 1].mean() + 0.1


# ---------------------------------------------------------------- the long cell
def test_the_stored_run_reads_more_than_99_of_100_test_images():
    """nbval runs the training again and looks at no number; this is what the last run has said."""
    (right,) = re.findall(r"test set: ([\d.]+) % right", stored("11", "test set: "))
    (misread,) = re.findall(r"(\d+) of 10,000", stored("11", "of 10,000 images misread"))
    assert float(right) > 99.2
    assert int(misread) == round(100 * (100 - float(right)))


def test_the_long_cell_can_be_stopped_without_losing_the_weights(tmp_path):
    """The notebook's own cells, on fewer images: interrupted in the middle of the training."""
    sources = [cell.source for cell in code_cells("11")]
    (stoppable,) = (source for source in sources if "except KeyboardInterrupt" in source)
    plan = sources[sources.index(stoppable) - 1]
    (function,) = (source for source in sources if "def warped(" in source)
    before = f"""import signal
import numpy as np
from nbhelpers import datasets, plots, warps
from nbhelpers.network import MLP
from nbhelpers.optimizers import Adam
from nbhelpers.training import evaluate, fit
(X_all, y_all), _ = datasets.mnist()
X_val, y_val = X_all[55_000:56_000], y_all[55_000:56_000]
X_all, y_all = X_all[:3_000], y_all[:3_000]
{function.split("rng = ")[0]}
{plan}
batches = []

def interrupted(batch, rng, augment=plan["augment"]):
    batches.append(len(batch))
    if len(batches) == 100:  # in the ninth epoch of twelve batches
        signal.raise_signal(signal.SIGINT)
    return augment(batch, rng)

plan["augment"] = interrupted
"""
    after = """from nbhelpers import weights
print(len(kept), np.isfinite(net.params).all(), weights.save(net, "stopped").name)"""
    notebook = new_notebook(cells=[new_code_cell(source) for source in (before, stoppable, after)])
    _, training, after = execute(notebook, tmp_path).cells
    assert "stopped after 8 whole epochs" in "".join(map(plain_text, training.outputs))
    assert plain_text(*after.outputs) == "8 True stopped.npz\n"
    net = weights.load(tmp_path / "stopped.npz")
    X, y = data()[2:]
    assert evaluate(net, X, y)[1] > 0.7


# ---------------------------------------------------------------- the playground
def test_the_images_are_its_own_and_the_test_set_is_not_touched():
    X, _, X_validation, _ = data()
    small, large = (Remedies(RemediesSettings(images=n, seed=2)) for n in (200, 1000))
    assert (len(small.X), len(large.X)) == (200, 1000)
    np.testing.assert_array_equal(small.X, large.X[:200])  # more images: those and others
    assert not np.array_equal(Remedies(RemediesSettings(images=200, seed=3)).X, small.X)
    np.testing.assert_array_equal(small.X_validation, X_validation)
    known = {row.tobytes() for row in X}
    assert all(row.tobytes() in known for row in small.X)


def test_a_remedy_does_in_the_panel_what_the_table_says():
    wrong = {}
    for name, settings in {"none": {}, "warp": {"warp": 1.0}, "shift": {"shift": 2}}.items():
        experiment = Remedies(RemediesSettings(**settings))
        experiment.step(600)
        wrong[name] = 1 - experiment.reading()[2]
        if name == "none":
            assert experiment.history["train_wrong"].values[-1] == 0
    assert wrong["warp"] < wrong["none"] - 0.015
    assert wrong["shift"] < wrong["none"] - 0.015


def test_l2_makes_the_weights_smaller_and_dropout_is_off_when_it_reads():
    sums = []
    for l2 in (0.0, 0.01):
        experiment = Remedies(RemediesSettings(l2=l2))
        experiment.step(200)
        sums.append(np.sum(experiment.net.params**2))
    assert sums[1] < 0.5 * sums[0]
    experiment = Remedies(RemediesSettings(dropout=0.5))
    experiment.step(20)
    A, loss, _ = experiment.reading()
    again = experiment.net.forward(experiment.X_validation[:1000])
    np.testing.assert_allclose(A[-1], again[-1], atol=1e-6)  # in several threads, maybe
    assert loss == pytest.approx(experiment.net.loss(again, experiment.y_validation[:1000]))


def test_the_middle_shows_what_the_network_saw():
    plain, moved = (Remedies(RemediesSettings(shift=k)) for k in (0, 3))
    for experiment in (plain, moved):
        experiment.step(7)
        assert len(experiment.drawn) == module.SHOWN
    np.testing.assert_array_equal(plain.drawn, plain.seen)
    offsets = [(down, right) for down in range(-3, 4) for right in range(-3, 4)]
    assert any(np.array_equal(warps.shift(moved.drawn, *o), moved.seen) for o in offsets)
    sheet = module.pair_sheet(moved.drawn, moved.seen)
    image = 255 - sheet[: 28 * 2 : 2, : 28 * 2 : 2, 0].astype(float)
    assert np.corrcoef(image.ravel(), moved.drawn[0])[0, 1] > 0.999
    image = 255 - sheet[module.CELL : module.CELL + 56 : 2, :56:2, 0].astype(float)
    assert np.corrcoef(image.ravel(), moved.seen[0])[0, 1] > 0.999


def test_the_summary_names_the_best_step_and_what_is_wrong():
    panel = playgrounds.remedies("images=100,steps=400")
    right = 1 - panel.experiment.history["wrong"].values
    assert f"{100 * right[-1]:.1f} % of 1,000 right" in panel.summary
    assert f"best {100 * right.max():.1f} % at step {20 * right.argmax()}" in panel.summary
    panel.settings = "learning_rate=1,steps=200"
    assert "hidden units are dead" in panel.summary


def test_neither_curve_of_the_loss_has_the_penalty():
    assert playgrounds.remedies("l2=0.02,steps=0").experiment.loss < 3


@pytest.mark.parametrize(
    ("settings", "threads"),
    [
        ("steps=500", "1"),
        ("steps=500", "2"),
        ("steps=200,l2=0.004,dropout=0.4,shift=2,warp=1.3,hidden=64,images=500,seed=3", "2"),
    ],
)
def test_the_script_gives_the_very_same_numbers(settings, threads, tmp_path):
    """Every bit of the weights, in whatever number of threads NumPy would like to compute."""
    panel = playgrounds.remedies(settings)
    save = "\nnp.save('params.npy', np.concatenate([p.ravel() for p in params]))\n"
    script = panel.code + save
    printed = output_of(script, tmp_path, "-W", "error", OPENBLAS_NUM_THREADS=threads)
    _, loss, right = panel.experiment.reading()
    validation = f"validation: loss {loss:.3g}, {100 * right:.1f} % of 1,000 right"
    assert printed == f"step {panel.experiment.steps:,}, {validation}\n"
    np.testing.assert_array_equal(np.load(tmp_path / "params.npy"), panel.experiment.net.params)
