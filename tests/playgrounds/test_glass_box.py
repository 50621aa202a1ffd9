"""The glass box: its numbers by hand, the reader's function, clicks, and its network's drawing."""

import ast
import itertools

import numpy as np
import pytest
from lab import run_cells
from matplotlib.colors import to_hex
from scripts import output_of

from nbhelpers.boxes import plain
from nbhelpers.gradient_check import numerical_gradient
from nbhelpers.playgrounds import glass_box
from nbhelpers.playgrounds.engine import screen as screens
from nbhelpers.playgrounds.engine.graph import Graph, Layout, shown
from nbhelpers.playgrounds.engine.labels import SIDES, Label, written
from nbhelpers.playgrounds.engine.picture import Picture
from nbhelpers.playgrounds.glass_box import (
    PLACE,
    GlassBox,
    GlassPanel,
    GlassPicture,
    layout_of,
    settings_for,
)

STAGES = 8  # of a round, the start included
ROUND = range(STAGES)
X, Y = np.array([[0, 0], [0, 1], [1, 0], [1, 1]]), np.array([0, 1, 1, 0])


class Deeper(GlassBox):
    """A network with two hidden layers and two outputs."""

    sizes = (2, 3, 3, 2)
    outputs = ([0, 1, 1, 0], [1, 0, 0, 1])
    Settings = settings_for(sizes, "W1[0, 2]")


class DeeperPicture(GlassPicture):
    sizes = Deeper.sizes


@pytest.fixture
def panel():
    made = glass_box()
    yield made
    made.close()


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def by_hand(W1, W2, x, y, rate):
    """A round with loops, number by number: a dict of names to numbers, as the picture has them."""
    a1 = [sigmoid(sum(x[i] * W1[i, k] for i in range(2))) for k in range(3)]
    a2 = sigmoid(sum(a1[k] * W2[k, 0] for k in range(3)))
    d2 = (a2 - y) * a2 * (1 - a2)
    d1 = [d2 * W2[k, 0] * a1[k] * (1 - a1[k]) for k in range(3)]
    slopes = [x[i] * d1[k] for i in range(2) for k in range(3)]
    slopes += [a1[k] * d2 for k in range(3)]
    old = [*W1.ravel(), *W2.ravel()]
    return {
        "a": [*x, *a1, a2],
        "loss": 0.5 * (a2 - y) ** 2,
        "delta": [None, None, *d1, d2],
        "slopes": slopes,
        "new": [w - rate * slope for w, slope in zip(old, slopes, strict=True)],
    }


def texts(labels):
    return [label.get_text() for label in labels]


def colours_in(graph):
    """The colours of factors that mark units, targets and weights of a drawing."""
    faces = [to_hex(face) for face in graph.rings.get_facecolors() if face[3]]
    faces += [label.face for label in (*graph.weights, *graph.targets)]
    return {*faces} - {None, "white"}


def row(panel, symbol):
    """The number in a row of the chain, as text."""
    (found,) = [r[2] for r in panel.picture.receipt.rows if r[1].get_text().strip() == symbol]
    return found.get_text()


# ---------------------------------------------------------------- numbers
@pytest.mark.parametrize("stage", ROUND)
@pytest.mark.parametrize(("seed", "first", "rate"), [(0, 3, 1.0), (5, 2, 0.25)])
def test_the_drawing_has_the_numbers_that_a_hand_computes(seed, first, rate, stage):
    """And none that its stage has not reached."""
    panel = glass_box(f"seed={seed},first={first},learning_rate={rate},steps={stage}")
    rng = np.random.default_rng(seed)
    W1, W2 = rng.random((2, 3)), rng.random((3, 1))
    hand = by_hand(W1, W2, X[first - 1], Y[first - 1], rate)
    graph = panel.picture.graph
    layers = [0, 0, 1, 1, 1, 2]
    assert texts(graph.activations) == [
        shown(a) if layer <= stage else "?" for a, layer in zip(hand["a"], layers, strict=True)
    ]
    assert graph.loss.get_text() == (f"L = {shown(hand['loss'])}" if stage >= 3 else "")
    since = [99, 99, 5, 5, 5, 4]
    assert texts(graph.deltas) == [
        f"\u03b4 {shown(d)}" if stage >= k else ""
        for d, k in zip(hand["delta"], since, strict=True)
    ]
    slopes = [shown(s) if stage >= 6 else "" for s in hand["slopes"]]
    assert texts(graph.gradients) == slopes
    weights = hand["new"] if stage == 7 else [*W1.ravel(), *W2.ravel()]
    assert texts(graph.weights) == [shown(w) for w in weights]
    assert texts(graph.targets) == [f"y = {Y[first - 1]}"]
    panel.close()


@pytest.mark.parametrize("weight", [f"W1[{i}, {k}]" for i in range(2) for k in range(3)])
def test_the_chain_has_every_factor_and_their_product(weight):
    panel = glass_box(f"weight={weight},first=4,steps=6")
    i, k = int(weight[3]), int(weight[6])
    rng = np.random.default_rng(0)
    W1, W2 = rng.random((2, 3)), rng.random((3, 1))
    hand = by_hand(W1, W2, X[3], Y[3], 1.0)
    a1, a2, d2, d1 = hand["a"][2 + k], hand["a"][5], hand["delta"][5], hand["delta"][2 + k]
    for symbol, value in {
        "a\u2082 \u2212 y": a2 - 0,
        "a\u2082 (1 \u2212 a\u2082)": a2 * (1 - a2),
        "\u03b4\u2082": d2,
        f"W2[{k}, 0]": W2[k, 0],
        "a\u2081 (1 \u2212 a\u2081)": a1 * (1 - a1),
        "\u03b4\u2081": d1,
        "x\u2081" if i == 0 else "x\u2082": 1,
        "\u2202L/\u2202w": d1,
    }.items():
        assert row(panel, symbol) == shown(value), symbol
    panel.close()


CHAINS = {  # of a weight of each layer: the symbols that each stage adds
    (GlassBox, 1): {
        3: ["a\u2082 \u2212 y"],
        4: ["a\u2082 (1 \u2212 a\u2082)", "\u03b4\u2082"],
        5: ["W2[2, 0]", "a\u2081 (1 \u2212 a\u2081)", "\u03b4\u2081"],
        6: ["x\u2081", "\u2202L/\u2202w"],
    },
    (GlassBox, 2): {
        3: ["a\u2082 \u2212 y"],
        4: ["a\u2082 (1 \u2212 a\u2082)", "\u03b4\u2082"],
        6: ["a\u2081", "\u2202L/\u2202w"],
    },
    (Deeper, 1): {
        7: ["\u03a3 \u03b4\u2082 \u00b7 W2", "a\u2081 (1 \u2212 a\u2081)", "\u03b4\u2081"],
        8: ["x\u2081", "\u2202L/\u2202w"],
    },
    (Deeper, 2): {
        6: ["\u03a3 \u03b4\u2083 \u00b7 W3", "a\u2082 (1 \u2212 a\u2082)", "\u03b4\u2082"],
        8: ["a\u2081", "\u2202L/\u2202w"],
    },
    (Deeper, 3): {
        4: ["a\u2083 \u2212 y"],
        5: ["a\u2083 (1 \u2212 a\u2083)", "\u03b4\u2083"],
        8: ["a\u2082", "\u2202L/\u2202w"],
    },
}


@pytest.mark.parametrize(("kind", "layer"), CHAINS)
def test_nothing_of_a_factor_is_seen_before_what_it_leads_to(kind, layer):
    """Neither symbol, number nor words, and no colour in the drawing; a new round begins anew."""
    picture = GlassPicture() if kind is GlassBox else DeeperPicture()
    panel = GlassPanel(kind(), picture)
    panel.change(weight=f"W{layer}[0, {kind.sizes[layer] - 1}]")
    for stage in [*range(len(panel.experiment.stages)), 0]:
        symbols = [s for k in range(stage + 1) for s in CHAINS[kind, layer].get(k, ())]
        empty = [""] * (8 - len(symbols))
        _, shown_symbols, numbers, words = map(texts, zip(*picture.receipt.rows, strict=True))
        assert [symbol.strip() for symbol in shown_symbols] == symbols + empty
        for column in (numbers, words):
            assert all(column[: len(symbols)])
            assert column[len(symbols) :] == empty
        factors = [symbol for symbol in symbols if symbol[0] not in "\u03b4\u2202"]
        assert len(colours_in(picture.graph)) == len(factors)
        panel.step(1)
    panel.close()


def test_a_weight_of_the_output_has_a_shorter_chain():
    panel = glass_box("weight=W2[1, 0],steps=7")
    this = panel.experiment.round
    symbols = [r[1].get_text().strip() for r in panel.picture.receipt.rows]
    assert symbols[3:] == ["a\u2081", "\u2202L/\u2202w", "", "", ""]
    assert row(panel, "\u2202L/\u2202w") == shown(this.delta[2][0, 0] * this.A[1][0, 1])
    note, loss = texts(panel.picture.receipt.notes)
    assert note.endswith(f" \u2192 {shown(this.after[1][1, 0])}")
    before, after = (float(part) for part in loss.partition(": ")[2].split(" \u2192 "))
    assert after < before
    panel.close()


@pytest.mark.parametrize("kind", [GlassBox, Deeper])
def test_gradients_are_those_of_finite_differences(kind):
    box = kind()
    box.step(3 * len(box.stages) + 2)
    this = box.round

    def loss():
        return this.half_square(this.forward(this.W)[1][-1])

    for W, dW in zip(this.W, this.dW, strict=True):
        assert np.allclose(numerical_gradient(loss, W), dW, atol=1e-9)
    for layer in range(1, box.net.n_layers):
        assert np.allclose(this.measured_delta(layer), this.delta[layer][0], atol=1e-9)


def test_examples_come_in_turn_and_training_learns():
    panel = glass_box("first=3,learning_rate=2")
    seen = []
    for _ in range(5):
        seen.append(panel.summary.split(" \u00b7 ")[1])
        panel.pace.value = STAGES
        panel.buttons["step"].click()
    assert seen == [
        "example 3: (1, 0) \u2192 1",
        "example 4: (1, 1) \u2192 0",
        "example 1: (0, 0) \u2192 0",
        "example 2: (0, 1) \u2192 1",
        "example 3: (1, 0) \u2192 1",
    ]
    panel.step(STAGES * 4_000)
    assert panel.experiment.loss < 0.25  # 0.63 at the start
    panel.close()


@pytest.mark.parametrize("steps", [0, 3, 5, 7, 8, 30, 79])
@pytest.mark.parametrize("kind", [GlassBox, Deeper])
def test_the_script_prints_the_very_same_numbers_of_the_round(kind, steps, tmp_path):
    box = kind(kind.Settings.parse("first=2,seed=7,learning_rate=3", None)[0])
    box.step(steps)
    lines = output_of(box.code(), tmp_path).splitlines()
    assert lines[-1] == f"stage {steps}, loss {box.loss:.6g} of all four rows"
    pairs = [line.split(" ", 1) for line in lines[1:-1]]  # x and y stand before them
    printed = {name: ast.literal_eval(value) for name, value in pairs}
    this, n = box.round, box.net.n_layers
    at = {"A": this.A, "delta": this.delta, "dW": [None, *this.dW], "W": [None, *box.net.W]}
    for name, value in printed.items():
        right = this.loss if name == "L" else at[name.rstrip("0123456789")][int(name[-1])]
        assert value == np.asarray(right).tolist(), name
    each_stage_prints = [0, *[1] * (2 * n + 1), n, n]
    assert len(printed) == sum(each_stage_prints[: box.stage + 1])


# ---------------------------------------------------------------- the reader's function
def right(delta2, W2, A1):
    return delta2 @ W2.T * A1 * (1 - A1)


def spoils_its_arguments(delta2, W2, A1):
    answer = right(delta2, W2, A1)
    for array in (delta2, W2, A1):
        array[...] = 7
    return answer


class Unspeakable(Exception):
    def __str__(self):
        raise ValueError("no words")


def raises(delta2, W2, A1):
    raise Unspeakable


@pytest.mark.parametrize("function", [right, spoils_its_arguments])
def test_a_right_function_is_told_so(function):
    panel, other = glass_box("steps=4", hidden_delta=function), glass_box("steps=4")
    assert "your" not in panel.summary  # it isn't there yet
    for each in (panel, other):
        each.step()
    assert "your hidden_delta gives the same numbers" in panel.summary
    assert panel.picture.headline.get_text().endswith("\u2713 yours")
    assert panel.settings == other.settings
    for each in (panel, other):
        each.step(100)
    assert np.allclose(panel.experiment.net.params, other.experiment.net.params, rtol=1e-12)
    panel.close()
    other.close()


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (lambda d, W, A: ..., "isn't written yet"),
        (lambda d, W, A: 1 / 0, "raises ZeroDivisionError: division by zero"),
        (lambda d, W: d, "raises TypeError"),
        (raises, "raises "),
        (3, "raises TypeError"),
        (lambda d, W, A: None, "gives shape (), not (1, 3)"),
        (lambda d, W, A: "blame", "raises ValueError"),
        (lambda d, W, A: d, "gives shape (1, 1), not (1, 3)"),
        (lambda d, W, A: right(d, W, A)[0], "gives shape (3,), not (1, 3)"),
        (lambda d, W, A: right(d, W, A) / 0, "aren't finite"),
    ],
)
def test_a_broken_function_is_named_and_the_right_numbers_are_used(function, words):
    with np.errstate(all="ignore"):
        panel = glass_box("steps=5", hidden_delta=function)
        right_one = glass_box("steps=5")
        assert words in panel.summary
        assert "right" in panel.summary
        assert panel.picture.words.get_text() in panel.summary
        assert texts(panel.picture.graph.deltas) == texts(right_one.picture.graph.deltas)
        panel.step(11)
    panel.close()
    right_one.close()


def test_wrong_numbers_go_on_and_are_named_beside_the_true_ones():
    panel = glass_box("steps=5", hidden_delta=lambda d, W, A: d @ W.T * A)
    this = panel.experiment.round
    delta, a = this.right[1][0], this.A[1][0]
    assert np.allclose(this.dW[0], this.x.T @ (delta / (1 - a))[None])
    k = 2  # the selected weight leads to it
    words = f"hidden unit {k + 1}, yours: {shown(delta[k] / (1 - a[k]))}"
    assert words in panel.summary
    assert f"true (measured): {shown(delta[k])}" in panel.summary
    assert words in panel.picture.words.get_text()
    assert this.chain(panel.state.selected)[5].words == "yours: not right"
    panel.close()


def test_with_wrong_numbers_no_equation_is_false():
    """Units 2 and 3 get a wrong delta: what is told of them, and the receipts of all weights."""
    panel = glass_box("steps=5", hidden_delta=lambda *given: right(*given) * [1, 2, 3])
    told = {}
    for weight in panel.controls["weight"].options:
        panel.controls["weight"].value = weight
        told[weight] = panel.picture.words.get_text()
        assert told[weight] in panel.summary
        product = 1.0
        for (sign, *_), row in zip(
            panel.picture.receipt.rows,
            panel.experiment.round.chain(panel.state.selected),
            strict=False,
        ):
            if row.colour is None:
                equal = np.isclose(row.number, product)
                assert sign.get_text() == ("=" if equal else "\u2260"), (weight, row)
                assert (row.words == "yours: not right") != equal
                product = row.number
            else:
                product *= row.number
    units = {weight: words.partition(",")[0][-1] for weight, words in told.items()}
    assert units == {
        **{f"W1[{i}, {j}]": "2" if j < 2 else "3" for i in (0, 1) for j in (0, 1, 2)},
        **{"W2[0, 0]": "2", "W2[1, 0]": "2", "W2[2, 0]": "3"},
    }
    this = panel.experiment.round
    for j in (0, 1, 2):
        blame, delta = this.delta[2][0, 0] * this.W[1][j, 0], this.right[1][0, j]
        words = this.delta_words(1, j)
        assert f" = {shown(delta)}" in words
        assert ("yours" in words) == (j > 0)
        assert np.isclose(blame * this.A[1][0, j] * (1 - this.A[1][0, j]), delta)
    panel.close()


# ---------------------------------------------------------------- Next, Back, clicks
def test_next_and_back(panel):
    seen = []
    for _ in range(2 * STAGES):
        seen.append((panel.png(), panel.summary, panel.settings))
        panel.buttons["step"].click()
    assert len({summary for _, summary, _ in seen}) == len(seen)
    for state in reversed(seen):
        panel.buttons["back"].click()
        assert (panel.png(), panel.summary, panel.settings) == state
    panel.buttons["back"].click()  # there is nothing before the start
    assert panel.experiment.steps == 0


def test_play_makes_one_stage_a_tick(panel):
    for k in range(1, 4):
        panel.play_tick()
        assert panel.experiment.steps == k
    assert panel.play.interval == 1000
    panel.pace.value = STAGES
    panel.play_tick()
    assert panel.experiment.steps == 3 + STAGES


def test_a_click_selects_a_weight_and_the_stage_stays(panel):
    panel.step(5)
    setattr(panel.play, panel._play_trait, True)  # also under Play
    layout, shows = layout_of(GlassBox.sizes), []
    panel.image.observe(lambda change: shows.append(change["new"]), "value")
    for weight, spot in zip(layout.weights, layout.spots, strict=True):
        panel.press("network", spot[0] + 3, spot[1] - 2)
        assert panel.state.selected == weight
        assert panel.controls["weight"].value == panel.state.weight
        assert panel.experiment.steps == 5
    assert len(shows) == len(layout.weights)  # one picture each: nothing is trained anew
    before = panel.settings
    panel.press("network", 320, 5)
    assert panel.settings == before
    panel.controls["weight"].value = "W1[0, 2]"
    assert panel.state.selected == ("weight", 1, 0, 2)
    assert panel.experiment.steps == 5
    with pytest.raises(ValueError, match="there is no place 'plane'; there are: network"):
        panel.press("plane", 0, 0)


def test_a_click_on_a_unit_goes_through_its_weights(panel):
    layout, seen = layout_of(GlassBox.sizes), []
    for _ in range(4):
        panel.press("network", *layout.positions[2][0])
        seen.append(panel.state.weight)
    assert seen == ["W2[0, 0]", "W2[1, 0]", "W2[2, 0]", "W2[0, 0]"]
    panel.press("network", *layout.positions[0][1])
    assert panel.state.weight == "W1[1, 0]"
    panel.press("network", *layout.positions[1][1])
    assert panel.state.weight == "W1[0, 1]"


@pytest.mark.parametrize("wrong", [False, True])
def test_no_text_leaves_the_picture(wrong, monkeypatch):
    """At every stage, for every weight, small and large numbers with all their signs."""
    own = {"hidden_delta": lambda delta2, W2, A1: delta2 @ W2.T} if wrong else {}
    ends, draw = {}, Label.draw

    def measured(label, renderer):
        draw(label, renderer)
        if label.get_visible() and label.get_text():
            look = label.get_fontsize(), label.get_fontweight()
            wide = written(label.get_text(), *look).shape[1]
            x = label.get_transform().transform(label.get_position())[0]
            left = x - SIDES[label.get_horizontalalignment()] * wide
            ends[label.get_text()] = left, left + wide

    monkeypatch.setattr(Label, "draw", measured)
    for settings in ("seed=0,steps=240", "seed=5,learning_rate=0.0123,steps=240"):
        panel = glass_box(settings, **own)
        for _ in ROUND:
            for weight in panel.controls["weight"].options:
                panel.change(weight=weight)
            panel.step(1)
        panel.close()
    assert len(ends) > 100
    beyond = {text: at for text, at in ends.items() if at[0] < 0 or at[1] > 1000}
    assert not beyond


def test_hovering_tells_what_is_there_and_no_more_than_is_known(panel):
    layout = layout_of(GlassBox.sizes)
    hidden, weight = layout.positions[1][2], layout.spots[2]
    assert panel.hover("network", *hidden) == "hidden unit 3: not computed yet"
    assert panel.hover("network", *weight) == "W1[0, 2] = 0.041\nfrom x\u2081 to hidden unit 3"
    panel.step(6)
    told = panel.hover("network", *hidden)
    assert "z = 1 \u00b7 0.041 + 0 \u00b7 0.913 = 0.041, a = \u03c3(z) = 0.51" in told
    assert "\u03b4 = " in told
    assert "gradient \u22120.00645" in panel.hover("network", *weight)
    assert panel.hover("network", 320, 5) == ""
    for layer, places in enumerate(layout.positions):
        for place in places:
            assert panel.hover("network", *place), layer


def test_what_the_page_says_of_a_click_and_a_question(panel):
    if screens.screen_class() is None:
        pytest.skip("without anywidget, or with ipywidgets 7, nothing can be clicked")
    (place,) = panel.image.places.values()
    assert place == [PLACE[0], panel.picture.height - PLACE[1] - PLACE[3], *PLACE[2:]]
    x, y = layout_of(GlassBox.sizes).spots[7]
    at = {"x": x + PLACE[0], "y": panel.picture.height - y - PLACE[1]}
    both = {"press": "network", "hover": "network"}
    for wrong in ({"press": "plane"}, {"press": 3}, {"hover": "plane"}, both):
        panel.image._heard(None, at | wrong | {"serial": 1}, [])
        assert panel.state.weight == "W1[0, 2]"
    panel.image._heard(None, at | {"hover": "network", "serial": 5}, [])
    assert panel.image.told == [5, panel.hover("network", x, y)]
    assert panel.image.seen == 1
    panel.image._heard(None, at | {"press": "network", "serial": 2}, [])
    assert panel.state.weight == "W2[1, 0]"
    assert panel.image.seen == 2


def test_settings_strings_may_have_a_comma_within_brackets():
    Glass = GlassBox.Settings
    assert Glass.parse("weight=W2[2, 0],first=1", None)[0].selected == ("weight", 2, 2, 0)
    for wrong in ("weight=W2[2, 0", "weight=W2[3, 0]", "weight=W2[2, 0],,]=3"):
        with pytest.raises(ValueError, match=r"must|written|unknown"):
            Glass.parse(wrong, None)


# ---------------------------------------------------------------- the drawing
class Drawing(Picture):
    """A network alone, with the longest numbers that there are."""

    def __init__(self, sizes):
        self.layout = layout_of(sizes)
        super().__init__(width=650, height=392)

    def build(self):
        self.graph = Graph(self, PLACE, self.layout, "abc"[: self.layout.sizes[0]])


@pytest.mark.parametrize("sizes", [(2, 3, 1), (2, 3, 3, 2), (2, 2, 1), (2, 4, 1), (3, 3, 1)])
def test_no_two_numbers_of_weights_overlap(sizes):
    drawing = Drawing(sizes)
    W = [np.full((n, m), -0.0123) for n, m in itertools.pairwise(sizes)]
    A = [np.full(n, 0.123) for n in sizes]
    none = [None] * len(sizes)
    drawing.graph.update(W, A, np.ones(sizes[-1]), None, none, None)
    drawing.draw()
    boxes = [label.get_window_extent() for label in drawing.graph.weights]
    boxes = [box.padded(2) for box in boxes]
    assert not any(a.overlaps(b) for a, b in itertools.combinations(boxes, 2))
    units = drawing.graph.ax.transData.transform(np.concatenate(drawing.layout.positions))
    for box in boxes:
        middle = [(box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2]
        assert np.hypot(*(units - middle).T).min() > 27 + box.height / 2


def test_numbers_of_the_way_back_overlap_nothing(panel):
    """In the network of the notebook, at every stage, after none and after many rounds."""
    panel.step(7)
    for _ in range(3):
        graph = panel.picture.graph
        panel.picture.draw()
        labels = *graph.weights, *graph.gradients, *graph.deltas, *graph.targets, graph.loss
        boxes = [label.get_window_extent() for label in labels if label.get_text()]
        for a, b in itertools.combinations(boxes, 2):
            assert not a.overlaps(b)
        panel.step(STAGES * 50)


def test_a_label_is_what_matplotlib_would_write():
    """In length and height, up to the rounding of each character; and it is seen."""

    class Words(Picture):
        def build(self):
            self.ax = self.axes(0, 0, 400, 100, xlim=(0, 400), ylim=(0, 100))
            self.ax.set_axis_off()
            self.label = Label(self, self.ax, 200, 50, "\u22120.00645 of \u03b4\u2081", size=12)

    words = Words(400, 100)
    rows, columns = np.nonzero((words.draw()[..., :3] < 128).any(axis=2))
    extent = words.label.get_window_extent()
    assert abs(columns.min() - extent.x0) < 7
    assert abs(columns.max() - extent.x1) < 7
    assert abs((rows.min() + rows.max()) / 2 - 50) < 4
    words.label.set_alpha(0)
    assert (words.draw()[..., :3] == 255).all()


def test_nearest_finds_units_numbers_and_lines():
    layout = Layout((2, 3, 1), (70, 542), (14, 374))
    for layer, units in enumerate(layout.positions):
        for k, (x, y) in enumerate(units):
            assert layout.nearest(x + 20, y - 10) == ("unit", layer, k)
    for weight, (x, y) in zip(layout.weights, layout.spots, strict=True):
        assert layout.nearest(x - 15, y + 8) == weight
        _, layer, i, j = weight
        here, there = layout.positions[layer - 1][i], layout.positions[layer][j]
        x, y = here + 0.85 * (there - here)
        assert layout.nearest(x, y + 1)[:2] in (weight[:2], ("unit", layer))
    assert layout.nearest(300, 10) is None


@pytest.mark.parametrize("steps", range(10))
def test_a_deeper_network_has_its_stages_too(steps):
    panel = GlassPanel(Deeper(), DeeperPicture(), title="Deeper", steps=steps)
    assert f"stage {steps} of 9" in panel.summary
    if steps >= 8:
        rows = panel.experiment.round.chain(panel.state.selected)
        assert np.isclose(np.prod([r.number for r in rows if r.colour]), rows[-1].number)
    panel.close()


# ---------------------------------------------------------------- in a browser
def test_clicking_in_a_browser(browser, tmp_path):
    """A weight is clicked, Next is pressed, the pointer rests on a unit and leaves it."""
    cell = "from nbhelpers import playgrounds\nplaygrounds.glass_box()"
    with run_cells(browser, tmp_path, cell) as notebook:
        page, (panel,) = notebook.page, notebook.panels()
        before = panel.settled()
        picture = panel.root.locator(".nbhelpers-screen img").bounding_box()
        layout, scale = layout_of(GlassBox.sizes), picture["width"] / 1000

        def on_page(place):
            x, y = place
            y = 440 - PLACE[1] - y
            return picture["x"] + scale * (x + PLACE[0]), picture["y"] + scale * y

        page.mouse.click(*on_page(layout.spots[7]))
        assert panel.changed(before, "pictures")
        menu = panel.root.get_by_label("weight", exact=True)
        assert panel.until(lambda: menu.input_value() == "W2[1, 0]")
        words = panel.root.locator(".nn-summary")
        below = panel.button("Next").bounding_box()
        for stage in range(1, STAGES):  # some have one line of words, some two
            panel.button("Next").click()
            assert panel.until(lambda k=stage: f"stage {k} of 7" in words.inner_text())
            assert panel.button("Next").bounding_box() == below
        tip = panel.root.locator(".nbhelpers-screen .tip")
        page.mouse.move(*on_page(layout.positions[1][0]))
        assert panel.until(lambda: "hidden unit 1: z = " in tip.inner_text())
        page.mouse.move(*on_page(layout.positions[1][2]))
        assert panel.until(lambda: "hidden unit 3: z = " in tip.inner_text())
        assert tip.is_visible()
        shown = panel.root.locator("img").bounding_box()
        right = tip.bounding_box()["x"] + tip.bounding_box()["width"]
        assert right <= shown["x"] + shown["width"] * 0.655, "the factors stay seen"
        page.mouse.move(5, 5)
        assert panel.until(lambda: not tip.is_visible())
        panel.button("Back").click()
        assert panel.until(lambda: "stage 6 of 7" in plain(words.inner_html()))
