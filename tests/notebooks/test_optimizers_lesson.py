"""Notebook 09: its exercises, its claims about the ravine and MNIST, and its race."""

import re
import sys

import numpy as np
import pytest
from lesson import definitions, ran
from scripts import output_of

from nbhelpers import datasets
from nbhelpers.optimizers import SGD, Adam
from nbhelpers.playgrounds import optimizers
from nbhelpers.schedules import SCHEDULES
from nbhelpers.teaching import bank, checks

# the name of the module is the name of the factory in its package, so it is found like this
module = sys.modules["nbhelpers.playgrounds.optimizers"]
Race, RaceSettings, RUNNERS = module.Race, module.OptimizersSettings, module.RUNNERS

VALUES = {  # names that are assigned; what they are first is taken
    *("steepness", "p0", "RATES", "pairs", "PAIR_RATES", "PAIR_MUS", "ADAM_RATES", "RUNNERS"),
    *("X_all", "y_all", "_", "order", "parts", "training", "choosing", "judging"),
    "OPTIMIZERS",
}


@pytest.fixture(scope="module")
def notebook():
    """The notebook's own functions and data."""
    return definitions("09", VALUES, datasets=datasets)


def trained(steps, **settings):
    race = Race(RaceSettings(**settings))
    race.step(steps)
    return race


# ---------------------------------------------------------------- the exercises
def test_the_reference_steps_are_those_of_the_package():
    momentum = bank.exercise("optimizers.momentum_step").reference
    adam = bank.exercise("optimizers.adam_step").reference
    rng = np.random.default_rng(0)
    p = {"momentum": rng.standard_normal(7)}
    p["adam"] = p["momentum"].copy()
    kernel = {name: start.copy() for name, start in p.items()}
    made = {"momentum": SGD(0.1, momentum=0.8), "adam": Adam(0.1)}
    v, m, square = np.zeros((3, 7))
    for t in range(1, 301):
        g = rng.standard_normal(7)
        p["momentum"], v = momentum(p["momentum"], v, g, 0.1, 0.8, False)
        p["adam"], m, square = adam(p["adam"], m, square, g, t, 0.1)
        for name, optimizer in made.items():
            optimizer.step(kernel[name], g)
    np.testing.assert_allclose(p["momentum"], kernel["momentum"], atol=1e-12)
    np.testing.assert_allclose(p["adam"], kernel["adam"], atol=1e-5)  # 1e-8 at another place


def test_the_factor_is_the_packages_schedule():
    progress = np.linspace(0, 1, 41)
    schedule = [SCHEDULES["warmup_linear"](p) for p in progress]
    np.testing.assert_allclose(bank.exercise("optimizers.factor").reference(progress), schedule)


def test_answers_in_other_words_pass():
    def momentum_step(p, v, g, lr, mu, nesterov):
        new = v * mu - g * lr
        return [p + new, p + mu * new - lr * g][nesterov], new

    def adam_step(p, m, v, g, t, lr):
        m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g**2
        rate = lr * np.sqrt(1 - 0.999**t) / (1 - 0.9**t)
        return p - rate * m / (np.sqrt(v) + 1e-8 * np.sqrt(1 - 0.999**t)), m, v

    for name, answer in (("momentum_step", momentum_step), ("adam_step", adam_step)):
        assert checks.check(f"optimizers.{name}", answer).passed
        checks.reset(f"optimizers.{name}")


# ---------------------------------------------------------------- the ravine
def test_the_steepest_direction_sets_the_limit_and_momentum_raises_it(notebook):
    roll, height = notebook["roll"], notebook["height"]
    start = height(notebook["p0"])
    for mu in (0, 0.5, 0.9):
        assert height(roll(0.98 * (1 + mu), mu, steps=1000)[-1]) < 1e-6
        assert height(roll(1.02 * (1 + mu), mu, steps=1000)[-1]) > 1e3 * start


def test_the_two_forms_of_nesterov_are_one(notebook):
    slopes, p, v = notebook["slopes"], notebook["p0"], np.zeros(2)
    path = notebook["roll"](0.3, 0.9, nesterov=True)
    for point in path:
        np.testing.assert_allclose(p + 0.9 * v, point, atol=1e-14)
        v = 0.9 * v - 0.3 * slopes(p + 0.9 * v)
        p = p + v


@pytest.mark.parametrize("nesterov", [False, True])
def test_roll_is_the_packages_sgd(notebook, nesterov):
    p, optimizer = notebook["p0"].copy(), SGD(0.3, momentum=0.9, nesterov=nesterov)
    for _ in range(60):
        optimizer.step(p, notebook["slopes"](p))
    np.testing.assert_allclose(p, notebook["roll"](0.3, 0.9, nesterov)[-1], atol=1e-14)


def test_without_correction_the_first_steps_are_up_to_six_times_too_long(notebook):
    def slope(p):
        return np.ones(2)

    moves = {
        corrected: -np.diff(notebook["adam"](0.1, corrected, 3000, slopes=slope)[:, 0])
        for corrected in (True, False)
    }
    np.testing.assert_allclose(moves[True], 0.1, rtol=1e-6)
    assert moves[False][0] == pytest.approx(0.1 * 10**0.5, rel=1e-4)
    assert moves[False].max() == pytest.approx(0.66, abs=0.01)
    assert np.argmax(moves[False]) == 11  # the twelfth
    assert moves[False][-1] == pytest.approx(0.1, rel=0.03)


def test_adam_ignores_the_scale_of_the_loss(notebook):
    adam, slopes = notebook["adam"], notebook["slopes"]
    scaled = adam(0.1, slopes=lambda p: 1000 * slopes(p))
    np.testing.assert_allclose(scaled, adam(0.1), atol=1e-5)


@pytest.mark.parametrize(
    ("name", "power", "turns"),
    [("SGD", 1, False), ("momentum", 0.5, False), ("Nesterov", 0.5, False), ("Adam", 0, True)],
)
def test_how_steps_grow_with_the_flatness_and_who_minds_a_turn(notebook, name, power, turns):
    tuned_steps = notebook["tuned_steps"]
    needed = [np.median(tuned_steps(name, flat, steps=4 * flat + 300)) for flat in (10, 1000)]
    assert needed[1] / needed[0] == pytest.approx(100**power, rel=0.1)
    turned = np.median(tuned_steps(name, 1000, angle=45, steps=4300))
    assert turned > 3 * needed[1] if turns else turned == needed[1]


def test_in_the_notebooks_ravine_momentum_is_first_and_sgd_last(notebook):
    medians = [np.median(notebook["tuned_steps"](name, 50)) for name in notebook["RUNNERS"]]
    sgd, momentum, nesterov, adam = medians
    assert momentum < nesterov < adam < sgd


# ---------------------------------------------------------------- MNIST
RATES = {"SGD": 0.25, "Nesterov": 0.03125, "Adam": 2.0**-8}  # the best constant ones
SEEDS = range(20, 24)  # not the notebook's
PARTS = ("training", "choosing")


@pytest.fixture(scope="module")
def losses(notebook):
    """Losses of the judging images: (optimizer, schedule) -> one for each seed."""
    found = {}
    for name, lr in RATES.items():
        for schedule, times in (("constant", 1), ("warmup_linear", 2)):
            made = [(notebook["OPTIMIZERS"][name](times * lr), seed) for seed in SEEDS]
            losses = [notebook["loss_on"](notebook["judging"], *m, schedule) for m in made]
            found[name, schedule] = np.array(losses)
    return found


def test_tuned_optimizers_hardly_differ_at_a_constant_rate(losses):
    means = [losses[name, "constant"].mean() for name in RATES]
    spread = np.mean([losses[name, "constant"].std(ddof=1) for name in RATES])
    assert max(means) - min(means) < max(2 * spread, 0.02)


def test_a_schedule_buys_more_than_an_optimizer(losses):
    constant = [losses[name, "constant"].mean() for name in RATES]
    gains = [
        a - losses[name, "warmup_linear"].mean() for a, name in zip(constant, RATES, strict=True)
    ]
    assert min(gains) > 0
    assert np.mean(gains) > max(constant) - min(constant)


def test_the_bias_correction_helps_large_rates_and_not_small_ones(notebook):
    def mean(make, lr):
        return np.mean(
            [notebook["loss_on"](notebook["choosing"], make(lr), seed) for seed in (20, 21)]
        )

    assert mean(notebook["Uncorrected"], 0.001) < mean(Adam, 0.001)
    assert mean(notebook["Uncorrected"], 0.064) > 1.5 * mean(Adam, 0.064)


def test_uncorrected_is_adam_without_the_correction(notebook):
    p, optimizer = notebook["p0"].copy(), notebook["Uncorrected"](0.1)
    for _ in range(60):
        optimizer.step(p, notebook["slopes"](p))
    np.testing.assert_allclose(p, notebook["adam"](0.1, corrected=False)[-1], atol=1e-4)
    assert optimizer.lr == 0.1


def test_images_of_another_scale_spoil_a_tuned_sgd_and_not_adam(notebook):
    for name, good in (("SGD", False), ("Adam", True)):
        optimizer = notebook["OPTIMIZERS"][name](RATES[name])
        scaled, others = [(10 * notebook[part][0], notebook[part][1]) for part in PARTS]
        loss = notebook["loss_on"](others, optimizer, 20, training=scaled)
        assert (loss < 0.45) == good, name


def test_the_program_of_every_seed_is_as_good_as_the_one_before():
    shares = {n: [ran(n, seed)["share"] for seed in range(5)] for n in ("08", "09")}
    assert min(shares["09"]) > 0.93
    assert np.mean(shares["09"]) > 0.955
    assert np.mean(shares["09"]) == pytest.approx(np.mean(shares["08"]), abs=0.012)


# ---------------------------------------------------------------- the playground
def test_turning_the_ravine_matters_to_adam_alone():
    straight, turned = (trained(100, task=task, seed=1) for task in ("ravine", "turned ravine"))
    for name in RUNNERS:
        a, b = straight.history[name].values, turned.history[name].values
        assert np.allclose(a, b, rtol=1e-6, atol=1e-15) == (name != "Adam")
    assert turned.last("Adam") > 100 * straight.last("Adam")


def test_at_one_common_rate_the_rate_chooses_the_winner():
    for rate, first, last in ((0.05, "Adam", "SGD"), (0.5, "SGD", "Adam")):
        race = trained(300, task="digits", learning_rate=rate, momentum_rate=rate, adam_rate=rate)
        losses = {name: race.last(name) for name in RUNNERS}
        assert min(losses, key=losses.get) == first
        assert max(losses, key=losses.get) == last


def test_a_schedule_calms_the_noisy_ravine():
    def ends(schedule):
        """The mean loss of each in the last 30 steps of six races."""
        races = [trained(300, task="noisy ravine", schedule=schedule, seed=s) for s in range(6)]
        return [np.mean([race.history[name].values[-30:] for race in races]) for name in RUNNERS]

    assert np.all(np.array(ends("cosine")) < 0.6 * np.array(ends("constant")))


def test_one_may_diverge_and_the_others_go_on():
    race = trained(300, learning_rate=10, momentum_rate=0.2)
    assert set(race.gone) == {"SGD"}
    assert race.diverged is None
    assert f"SGD diverged at step {race.gone['SGD']}" in race.describe()
    assert np.isfinite(race.loss)
    assert "and rising" in trained(50, learning_rate=1.1).describe()


def test_a_kept_race_stays_beside_another_ravine_and_not_beside_digits():
    panel = optimizers(steps=20)
    panel.keep()
    lines = panel.picture.kept_lines[0]
    for task, there in (("turned ravine", True), ("digits", False), ("ravine", True)):
        panel.controls["task"].value = task
        assert all(bool(len(lines[name].get_xdata())) == there for name in RUNNERS)
        assert panel.picture.map.get_visible() == (task != "digits")
        assert panel.picture.wrong.get_visible() == (task == "digits")
    panel.close()


@pytest.mark.parametrize(
    "settings",
    [
        *({"task": task} for task in module.TASKS),
        *({"task": "digits", "schedule": schedule, "seed": 3} for schedule in SCHEDULES),
        {"task": "turned ravine", "schedule": "warmup_linear", "momentum": 0.5, "seed": 7},
        {"task": "noisy ravine", "schedule": "step", "learning_rate": 0.3, "seed": 1},
    ],
    ids=lambda settings: "-".join(map(str, settings.values())),
)
def test_the_script_gives_the_very_same_numbers(settings, tmp_path):
    race = trained(170, **settings)
    first, *lines = output_of(race.code(), tmp_path, "-W", "error").splitlines()
    assert re.fullmatch(r"step 170, loss \S+", first)
    assert float(first.split()[-1]) == pytest.approx(race.loss, rel=1e-4)
    assert [line.split()[0] for line in lines] == list(RUNNERS)
    for line in lines:
        name, loss = line.split()
        assert float(loss) == pytest.approx(race.last(name), rel=1e-4), name


def test_a_script_tells_of_a_runner_that_has_diverged(tmp_path):
    race = trained(300, learning_rate=10)
    assert output_of(race.code(), tmp_path, "-W", "error").splitlines()[1] in ("SGD nan", "SGD inf")
