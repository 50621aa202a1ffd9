"""Exercises and questions of notebook 09, "Race the optimizers"."""

import numpy as np

from nbhelpers.teaching.exercise import Exercise, Question


def _rolling(seed, shape, lr, mu, nesterov):
    rng = np.random.default_rng(seed)
    p, v, g = rng.standard_normal((3, *shape))
    return p, v, g, lr, mu, nesterov


def _momentum(p, v, g, lr, mu, nesterov):
    new = mu * v - lr * g
    step = mu * new - lr * g if nesterov else new
    return p + step, new


def _adam_case(seed, shape, t, lr):
    """Averages such as t − 1 earlier slopes leave behind: zeros for the first step."""
    rng = np.random.default_rng(seed)
    p, g, m = rng.standard_normal((3, *shape))
    v = rng.random(shape)
    return p, m * (t > 1), v * (t > 1), g, t, lr


def _adam(p, m, v, g, t, lr):
    m = m + 0.1 * (g - m)
    v = v + 0.001 * (g * g - v)
    m_hat = m / (1 - 0.9**t)
    v_hat = v / (1 - 0.999**t)
    return p - lr * m_hat / (np.sqrt(v_hat) + 1e-8), m, v


def _factor(progress):
    return np.where(progress < 0.1, progress / 0.1, (1 - progress) / 0.9)


EXERCISES = {
    "momentum_step": Exercise(
        reference=_momentum,
        cases=[
            _rolling(0, (2,), 0.1, 0.9, False),
            _rolling(1, (3, 2), 0.5, 0.7, True),
            _rolling(2, (1,), 1.0, 0.0, True),
            _rolling(3, (4,), 0.3, 0.8, True),
        ],
        outputs=("p", "v"),
        mistakes={
            "p, v, g -> p, g, v": "the order of the arguments: v comes before g",
            "mu * new - lr * g -> new": "with nesterov, p moves by mu * v - lr * g, with the new "
            "v; yours moves by v in both cases",
            "mu * new -> new": "with nesterov, mu belongs to the new v: p + mu * v - lr * g",
            "mu * new - lr * g -> mu * new": "with nesterov, - lr * g is missing: p + mu * v - lr "
            "* g",
            "else new -> else mu * new - lr * g": "without nesterov, p moves by v; yours looks "
            "ahead in both cases",
            "if nesterov -> if not nesterov": "nesterov the wrong way round: you look ahead where "
            "it is False",
            ("v - lr -> v + lr", "mu * new - lr -> mu * new + lr"): "downhill is against the "
            "slope: v gets minus lr * g",
            "mu * new - lr -> mu * new + lr": "downhill is against the slope, also where p looks "
            "ahead: - lr * g",
            ("mu * new -> mu * v", "else new -> else v"): "p moves by the <i>new</i> velocity; "
            "yours uses the one that came in",
            "mu * v - lr -> -lr": "nothing is kept of the velocity: mu * v is missing",
            "mu * v -> v": "the whole velocity is kept; it should lose a little in each step: mu "
            "* v",
            "v - lr -> v - (1 - mu) * lr": "here the slope isn't weakened by 1 - mu; that would "
            "be an average",
            "v - lr * g -> (v - lr * g)": "mu belongs to the old velocity alone, not to the slope",
            (
                "v - lr * g -> v + g",
                "mu * new - lr * g -> -lr * (mu * new + g)",
                "else new -> else -lr * new",
            ): "that's the form of some libraries, p - lr * v with v = mu * v + g; put the "
            "learning rate and the sign inside: v = mu * v - lr * g",
            "p + step, new -> new, p + step": "return the new p first, then the new v",
        },
        hints=(
            "The new velocity is the same in both cases, the one of notebook 08.",
            "<code>v = mu * v - lr * g</code>. Without nesterov, p moves by it.",
            "With nesterov, p moves by <code>mu * v - lr * g</code>, where <code>v</code> is the "
            "new one.",
        ),
    ),
    "adam_step": Exercise(
        reference=_adam,
        cases=[
            _adam_case(0, (2,), 1, 0.1),
            _adam_case(1, (3, 2), 5, 0.01),
            _adam_case(2, (4,), 400, 0.5),
            _adam_case(3, (1,), 2, 1.0),
            (np.array([0.5, -1, 2]), np.zeros(3), np.zeros(3), np.array([0, 1e-6, -1e-3]), 1, 0.1),
        ],
        outputs=("p", "m", "v"),
        mistakes={
            ("m / (1 - 0.9**t) -> m", "v / (1 - 0.999**t) -> v"): "neither average is corrected: "
            "divide m by 1 - 0.9**t and v by 1 - 0.999**t",
            "v / (1 - 0.999**t) -> v": "v isn't corrected: divide it by 1 - 0.999**t",
            "m / (1 - 0.9**t) -> m": "m isn't corrected: divide it by 1 - 0.9**t",
            "1e-8), m, v -> 1e-8), m_hat, v_hat": "the corrected averages are for the step only; "
            "m and v themselves are kept as they are",
            "np.sqrt -> ": "the root is missing: divide by np.sqrt of the corrected v",
            " + 1e-8 -> ": "where the slope is 0, yours divides by 0: divide by (np.sqrt(...) + "
            "1e-8), with the brackets",
            "v_hat) + 1e-8 -> v_hat + 1e-8)": "1e-8 is added to the root, not under it",
            "1e-8 -> 1e-8 / np.sqrt(1 - 0.999**t)": "1e-8 is added to the root of the "
            "<i>corrected</i> v",
            "lr * m_hat -> lr * g": "m belongs on top, the average of the slopes; yours divides g",
            "g * g -> g": "v averages the <i>squares</i> of the slopes",
            "g * g -> np.abs(g)": "v averages the squares of the slopes, not their absolute values",
            "g * g -> m * m": "v averages the squares of the slopes g, not of their average m",
            ("0.1 * -> 0.9 *", "0.001 -> 0.999 "): "0.1 and 0.001 are the shares of the new "
            "slope; yours keeps that little of the old",
            (
                "m + 0.1 * (g - m) -> 0.9 * m + g",
                "v + 0.001 * (g * g - v) -> 0.999 * v + g * g",
            ): "these are sums; an average moves towards the new value: m + 0.1 * (g - m)",
            (
                "m + 0.1 -> m + 0.001",
                "v + 0.001 -> v + 0.1",
                "0.9**t -> 0.999 **t",
                "0.999**t -> 0.9**t",
            ): "0.9 belongs to m and 0.999 to v; yours are the other way round",
            ("0.001 -> 0.1", "0.999 -> 0.9"): "both averages move by a tenth; v moves by a "
            "thousandth",
            "p - lr -> p + lr": "downhill is minus: p - lr * ...",
            (
                "    m = m ->     old = m, v\n    m = m",
                "m_hat = m -> m_hat = old[0]",
                "v_hat = v -> v_hat = old[1]",
            ): "the step uses the averages from before; update m and v first",
            ("0.9** -> 0.1**", "0.999** -> 0.001**"): "in the corrections, the shares that are "
            "<i>kept</i> are raised to the power t: 0.9 and 0.999; yours raises 0.1 and 0.001",
            ("0.9**t -> 0.9 ** (t + 1)", "0.999**t -> 0.999 ** (t + 1)"): "the exponent is t "
            "itself: t is 1 in the first step",
            ("0.9**t -> 0.9 ** (t - 1)", "0.999**t -> 0.999 ** (t - 1)"): "the exponent is t, not "
            "t - 1: in the first step nothing may be divided by 0",
        },
        hints=(
            "Three things in this order: the new <code>m</code>, the new <code>v</code>, the step "
            "with both of them corrected.",
            "<code>m = m + 0.1 * (g - m)</code>, and <code>v</code> likewise with 0.001 and "
            "<code>g * g</code>.",
            "The step is <code>lr * m_hat / (np.sqrt(v_hat) + 1e-8)</code>, where "
            "<code>m_hat = m / (1 - 0.9**t)</code> and <code>v_hat = v / (1 - 0.999**t)</code>.",
        ),
    ),
    "factor": Exercise(
        reference=_factor,
        cases=[(np.linspace(0, 1, 26),), (np.array([[0.04, 0.1, 0.55], [0.0, 1.0, 0.9]]),), (0.3,)],
        mistakes={
            "(1 - progress) / 0.9 -> 1 - progress": "after the warm-up it should fall from 1 to "
            "0; yours falls from 0.9: divide by 0.9",
            "progress / 0.1 -> progress": "it rises to 1 within the first tenth: multiply by 10, "
            "or divide by 0.1",
            "(1 - progress) / 0.9 -> 1": "it should fall after the warm-up; yours stays at 1",
            (lambda progress: (1 - progress) / 0.9): "the rise is missing: in the first tenth, it "
            "is progress / 0.1",
            (lambda progress: 1 - progress): "the rise is missing: in the first tenth, it is "
            "progress / 0.1, and after it the fall is steeper",
            "< -> >": "the smaller one of the two lines holds, not the larger",
            (lambda progress: np.minimum(progress / 0.1, 1) * (1 - progress) / 0.9): "the two "
            "lines are multiplied; each holds in its own part",
            "(1 - progress) / 0.9 -> 1.1 - progress": "at the end it should be 0; yours stays "
            "above: it falls by 1 within 0.9",
            "(1 - progress) / 0.9 -> 0.5 * (1 + np.cos(np.pi * (progress - 0.1) / 0.9))": "that "
            "is the cosine after the warm-up; asked is a straight line",
            "(1 - progress) / 0.9 -> 1 - (progress - 0.1) / 0.8": "at the end it should be 0; "
            "yours goes below",
            (lambda progress: min(progress / 0.1, (1 - progress) / 0.9)): "an if, and Python's "
            "min, want one number; np.minimum(a, b) takes the smaller one at each place of an "
            "array",
        },
        hints=(
            "There are two straight lines. The first goes from 0 at 0 to 1 at 0.1.",
            "The second goes from 1 at 0.1 to 0 at 1: <code>(1 - progress) / 0.9</code>.",
            "At each place the smaller one of the two holds: <code>np.minimum(..., ...)</code>.",
        ),
    ),
    "memory": Exercise(
        reference=(44, 4603),
        tolerance=1e-5,
        outputs=("steps_m", "steps_v"),
        mistakes={
            (22, 2302): "that is where the correction is 10 %: 0.9**t below 0.1",
            (
                10,
                1000,
            ): "that is 1 / (1 - β), the length of its memory; there the correction is still 37 %",
            (43, 4602): "that is one step too early: there it is still a little above 1 %",
            tuple(np.log(0.01) / np.log([0.9, 0.999])): "a whole number of steps is asked for: "
            "round up",
            (4603, 44): "both columns are about the same averages: 0.9 for m, 0.999 for v",
            (66, 6905): "that is one in a thousand; asked is one in a hundred",
        },
        hints=(
            "In how many steps is <code>0.9**t</code> below 0.01? Try it with a loop.",
            "Or solve 0.9<sup>t</sup> = 0.01 for t with logarithms, and round up.",
            "<code>np.log(0.01) / np.log(0.9)</code>; the same with 0.999.",
        ),
    ),
}

QUESTIONS = {
    "overshoot": Question(
        text="Momentum 0.9 and the learning rate 0.3. Without momentum, this learning rate creeps "
        "along the ravine. What will the path look like now?",
        options={
            "It goes to the bottom faster, and stops there": "Faster, yes. But what should stop "
            "it at the bottom, where the slope is 0?",
            "It rolls past the bottom, up the other side, and comes back": "It has gathered speed "
            "when it arrives, and at the bottom there is no slope to stop it. Only the 10 % that "
            "it loses in each step, and the slope of the other side, do.",
            "It flies away, because the steps are ten times as long": "Along the ravine they are "
            "up to ten times as long, and that direction can bear it: alone, it would stand a "
            "learning rate of 50. Across, the pushes cancel.",
        },
        answer="B",
    ),
    "turned": Question(
        text="We turn the ravines by 45°, so that they run across both axes, and the starts with "
        "them. Each optimizer is tuned again. Who needs clearly more steps now, where the ravine "
        "is flattest?",
        options={
            "all four": "SGD, momentum and Nesterov don't know where the axes are: their whole "
            "path turns with the ravine.",
            "Adam alone": "The first three only add up slopes and multiply them by numbers, and "
            "that turns with the ravine. Adam divides each number of the slope by its own size, "
            "so it can tell an axis from a diagonal: in a ravine along a diagonal, both numbers "
            "are alike.",
            "nobody: it's the same ravine": "True for three of the four. But what does Adam do "
            "with each single number of the slope?",
        },
        answer="B",
    ),
    "race": Question(
        text="Each optimizer has found its best learning rate. After three epochs, whose loss is "
        "clearly the lowest, by more than the seeds differ among themselves?",
        options={
            "Adam's": "It's the favourite of many, and among the fastest at the start. But look "
            "at the end.",
            "that of Nesterov or momentum": "In the ravine, yes, and there they had a μ to "
            "choose, too.",
            "SGD's": "It is as good as any here, but not clearly better.",
            "nobody's": "The four curves arrive at nearly the same height, and the seeds of one "
            "optimizer differ as much as the optimizers do. With the best rate for each, little "
            "is left to win.",
        },
        answer="D",
    ),
    "what_pays": Question(
        text="What lowers the loss more: replacing SGD by Adam at a constant rate, or keeping SGD "
        "and giving it a schedule? Each variant has its own best learning rate.",
        options={
            "the optimizer": "We've just seen how little lies between tuned optimizers.",
            "the schedule": "Every optimizer gains by ending with short steps, SGD too. Here that "
            "gain is larger than any difference between the optimizers at a constant rate. (With "
            "the schedule, they do differ.)",
            "about the same": "Look at the first column of the table, from top to bottom, then at "
            "a row.",
        },
        answer="B",
    ),
}
