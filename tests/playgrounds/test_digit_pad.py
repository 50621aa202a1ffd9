"""The drawing pad: strokes to pixels, pixels to MNIST's form, and a network's reading of them."""

import html
import re
import sys
from functools import partial
from types import SimpleNamespace

import nbformat
import numpy as np
import pytest
from lab import RUN_ALL, run_cells

from nbhelpers import datasets
from nbhelpers.network import MLP
from nbhelpers.optimizers import Adam
from nbhelpers.playgrounds.engine import drawing_surface
from nbhelpers.playgrounds.engine.digit_pad import DigitPad, in_words
from nbhelpers.playgrounds.engine.strokes import center, rasterise, shrink, transform
from nbhelpers.publishing.execute import execute
from nbhelpers.training import evaluate, fit

SEVEN = [[(60, 60), (210, 58), (120, 235)]]
ONE = [[(145, 40), (135, 240)]]
CIRCLE = [[(140 + 70 * np.sin(t), 140 - 100 * np.cos(t)) for t in np.linspace(0, 2 * np.pi, 40)]]


@pytest.fixture(scope="module")
def mnist():
    return datasets.mnist()


@pytest.fixture(scope="module")
def net(mnist):
    """A small network that has read all training images twice."""
    rng = np.random.default_rng(3)
    net = MLP([784, 64, 10], rng=rng)
    fit(net, *mnist[0], optimizer=Adam(3e-3), epochs=2, batch_size=128, rng=rng)
    return net


@pytest.fixture
def predict(net):
    return lambda x: net.forward(x)[-1][0]


# ------------------------------------------------------------------ strokes
@pytest.mark.parametrize(("end", "length"), [((160, 100), 100), ((160, 200), 100 * 2**0.5)])
def test_a_line_has_the_area_of_a_line(end, length):
    picture = rasterise([[(60, 100), end]], pen=20)
    assert (picture.shape, picture.dtype) == ((280, 280), np.float32)
    assert picture.sum() == pytest.approx(length * 20 + np.pi * 10**2, rel=0.01)  # round ends
    assert (picture.min(), picture.max()) == (0, 1)


def test_edges_are_grey_and_a_dot_is_round():
    dot = rasterise([[(140, 140)]], pen=30)
    assert dot.sum() == pytest.approx(np.pi * 15**2, rel=0.01)
    assert ((dot > 0) & (dot < 1)).sum() > 40
    np.testing.assert_allclose(dot, dot.T, atol=1e-6)
    np.testing.assert_allclose(dot, dot[::-1], atol=1e-6)


def test_strokes_may_leave_the_pad_and_flat_lists_are_strokes():
    assert rasterise([[(-50, 140), (330, 140)]], pen=20)[140].min() == 1
    assert rasterise([[(900, 900)]], pen=20).sum() == 0
    np.testing.assert_array_equal(rasterise([[60, 60, 210, 58, 120, 235]]), rasterise(SEVEN))
    assert rasterise([]).sum() == 0
    assert rasterise([[]]).sum() == 0


def test_the_line_is_thinner_in_a_small_drawing():
    """The width is 0.13 of the height, so a small digit looks like a large one."""
    large = center(rasterise([np.array(SEVEN[0])]))
    small = center(rasterise([100 + np.array(SEVEN[0]) / 3]))
    assert small.sum() == pytest.approx(large.sum(), rel=0.1)
    blot = center(rasterise([100 + np.array(SEVEN[0]) / 3], pen=26))
    assert blot.sum() > 1.5 * small.sum()


@pytest.mark.parametrize(
    ("strokes", "words"),
    [
        ([[(1, 2, 3)]], "shape"),
        ([[(1, np.nan)]], "NaN"),
        ([[(1, 2), (3,)]], "not a list"),
    ],
)
def test_wrong_strokes_are_named(strokes, words):
    with pytest.raises(ValueError, match=f"stroke 0 .*{words}"):
        rasterise(strokes)


# ------------------------------------------------------------------ MNIST's form
def box(image):
    rows, cols = np.flatnonzero(image.max(axis=1) > 0.1), np.flatnonzero(image.max(axis=0) > 0.1)
    return rows[-1] - rows[0] + 1, cols[-1] - cols[0] + 1


def centre_of_mass(image):
    i = np.arange(28)
    return image.sum(axis=1) @ i / image.sum(), image.sum(axis=0) @ i / image.sum()


@pytest.mark.parametrize("strokes", [SEVEN, ONE, CIRCLE, [[(20, 30), (260, 40)]], [[(9, 9)]]])
def test_a_drawing_gets_a_box_of_20_and_its_mass_in_the_middle(strokes):
    image = center(rasterise(strokes))
    assert (image.shape, image.dtype) == ((28, 28), np.float32)
    assert 0.9 < image.max() <= 1
    assert image.min() == 0
    assert 19 <= max(box(image)) <= 20
    for mass in centre_of_mass(image):
        assert 13.45 <= mass <= 14.55  # as in MNIST's own images


def test_place_and_size_do_not_matter():
    at = np.array(SEVEN[0])
    here = center(rasterise([at], pen=26))
    for scale, shift in ((1, (40, 20)), (1, (-30, -20)), (0.5, (0, 0)), (0.5, (150, 100))):
        there = center(rasterise([scale * at + shift], pen=26 * scale))
        assert np.abs(here - there).max() < 0.25
        assert np.abs(here - there).mean() < 0.01


def test_proportions_stay():
    tall = np.zeros((280, 280))
    tall[30:230, 100:150] = 1  # 200 x 50
    assert box(center(tall)) == (20, 5)
    assert box(center(tall.T)) == (5, 20)


def test_an_empty_pad_stays_empty():
    assert center(np.zeros((112, 112))).sum() == 0
    assert center(np.zeros((112, 112), np.uint8)).sum() == 0


PHOTO = np.full((40, 40), 230, np.uint8)
PHOTO[10:30, 18:22] = 40


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (np.zeros(784), r"has shape \(784,\)"),
        (np.zeros((0, 28)), r"has shape \(0, 28\)"),
        (np.full((9, 9), np.nan), "holds NaN"),
        (255.0 - PHOTO, "holds numbers from 25 to 215; expected 0 .* to 1 .* uint8"),
        (-(PHOTO / 255), "holds numbers from -0.90"),
    ],
)
def test_wrong_pictures_are_named(wrong, words):
    for use in (center, shrink):
        with pytest.raises(ValueError, match="image " + words):
            use(wrong)


def test_digits_on_another_scale_are_named(mnist):
    bytes_as_floats = 255 * mnist[1][0][:3]
    with pytest.raises(ValueError, match="digit holds numbers from 0 to 255"):
        transform(bytes_as_floats[0])
    with pytest.raises(ValueError, match="digits holds numbers from 0 to 255"):
        DigitPad(lambda x: x, digits=bytes_as_floats, surface="sliders")


def test_the_right_scale_is_taken_and_what_overshoots_is_cut_off():
    ink = (255 - PHOTO) / 255
    np.testing.assert_allclose(center(ink), center(255 - PHOTO), atol=1e-6)
    np.testing.assert_allclose(shrink(ink), shrink(255 - PHOTO), atol=1e-6)
    drawn = rasterise(SEVEN)
    bent = np.where(drawn > 0.99, 1.05, np.where(drawn < 0.01, -0.05, drawn))
    np.testing.assert_allclose(center(bent), center(drawn), atol=0.01)


def test_mnists_own_digits_come_back(mnist, net):
    """Enlarged, moved and centred again, test digits are read as before: the form is MNIST's."""
    X, y = mnist[1][0][:1000], mnist[1][1][:1000]
    rng = np.random.default_rng(0)
    fourfold, bent = np.empty_like(X), np.empty_like(X)
    for i, x in enumerate(X):
        pad = np.zeros((280, 280), np.float32)
        down, right = rng.integers(0, 280 - 112, 2)
        pad[down : down + 112, right : right + 112] = np.kron(x.reshape(28, 28), np.ones((4, 4)))
        fourfold[i] = center(pad).ravel()
        right, down = rng.uniform(-30, 30, 2)
        moved = transform(x, right=right, down=down, size=rng.uniform(0.6, 1))
        bent[i] = center(moved).ravel()
    before = evaluate(net, X, y)[1]
    assert before > 0.95
    assert evaluate(net, fourfold, y)[1] > before - 0.005
    assert evaluate(net, bent, y)[1] > before - 0.01
    assert np.median(np.abs(fourfold - X).max(axis=1)) < 0.01  # most come back exactly


def test_transform_turns_clockwise_thickens_and_keeps_the_size(mnist):
    digit = np.zeros((28, 28))
    digit[4:24, 13:15] = 1  # upright
    assert np.abs(shrink(transform(digit)) - digit).max() < 0.3
    turned = shrink(transform(digit, turn=90))
    assert box(turned) == (2, 20) or box(turned) == (4, 22)
    lean = shrink(transform(digit, turn=30))
    assert lean[:14].sum(axis=0).argmax() > 14 > lean[14:].sum(axis=0).argmax()
    assert transform(digit, thicken=5).sum() > 1.2 * transform(digit).sum()
    assert transform(digit, thicken=-3).sum() < 0.9 * transform(digit).sum()
    np.testing.assert_allclose(
        transform(digit, right=30)[:, 30:], transform(digit)[:, :-30], atol=1e-5
    )


# ------------------------------------------------------------------ words
def test_the_guess_in_words():
    p = np.full(10, 0.003)
    p[7], p[1] = 0.936, 0.04
    assert in_words(p) == "a 7, 94 % sure; next 1, 4 %"
    p = np.zeros(10)
    p[8] = 1
    assert in_words(p) == "an 8, more than 99 % sure"
    p = np.full(10, 0.02)
    p[4], p[8] = 0.44, 0.40
    assert in_words(p) == "not sure: a 4 (44 %) or an 8 (40 %)"
    assert "Draw" in in_words(None)
    assert "smaller learning rate" in in_words(np.full(10, np.nan))


# ------------------------------------------------------------------ the pad without a browser
def test_a_drawn_digit_is_read(predict):
    pad = DigitPad(predict)
    assert pad.probabilities is None
    assert pad.image.sum() == 0
    for digit, strokes in ((7, SEVEN), (1, ONE), (0, CIRCLE)):
        assert pad.draw(strokes) is pad
        assert pad.probabilities.argmax() == digit
        assert pad.probabilities.sum() == pytest.approx(1, abs=1e-5)
        assert str(digit) in pad.words
        assert pad.words in pad._reading.value
    assert pad.clear().probabilities is None
    assert pad.words in pad._reading.value


def test_the_page_gets_what_python_draws_and_python_what_the_page_draws(predict):
    pad = DigitPad(predict)
    pad.draw(SEVEN)
    assert pad._surface.strokes == [[60, 60, 210, 58, 120, 235]]
    pad._surface.set_state({"strokes": [[145, 40, 135, 240]]})  # a message from the browser
    assert pad.probabilities.argmax() == 1
    pad._surface.set_state({"strokes": []})
    assert pad.probabilities is None
    pad.draw(SEVEN)
    pad.clear()
    assert pad._surface.strokes == []


def test_centring_can_be_switched_off(predict):
    pad = DigitPad(predict).draw([[(20, 20), (60, 19), (35, 70)]])
    centred = pad.image
    pad.centred.value = False
    assert np.abs(pad.image - centred).max() > 0.5
    assert box(pad.image)[0] < 9
    pad.centred.value = True
    np.testing.assert_array_equal(pad.image, centred)


def test_refresh_reads_the_drawing_with_the_network_as_it_is_now():
    answers = {"p": np.eye(10)[3]}
    pad = DigitPad(lambda x: answers["p"]).draw(SEVEN)
    answers["p"] = np.eye(10)[5]
    assert pad.probabilities.argmax() == 3
    assert pad.refresh().probabilities.argmax() == 5
    answers["p"] = np.full(10, np.nan)
    assert "smaller learning rate" in pad.refresh().words
    assert "smaller learning rate" in pad._reading.value


def test_the_network_gets_one_float32_row():
    seen = []
    DigitPad(lambda x: seen.append(x) or np.full((1, 10), 0.1)).draw(SEVEN)
    assert [(x.shape, x.dtype) for x in seen] == [((1, 784), np.float32)]  # none for an empty pad


def test_wrong_arguments_are_named():
    with pytest.raises(ValueError, match="predict is a int"):
        DigitPad(7)
    with pytest.raises(ValueError, match=r"'paint'.*'sliders'"):
        DigitPad(lambda x: x, surface="paint")


def failing(error):
    def predict(x):
        raise error

    return predict


@pytest.mark.parametrize(
    ("predict", "words"),
    [
        (lambda x: x, "predict returned 784 numbers; expected 10 probabilities"),
        (
            lambda x: [x, x[:, :5]],
            r"predict returned arrays of shapes \(1, 784\), \(1, 5\); expected",
        ),
        (lambda x: None, "predict returned None; expected"),
        (lambda x: ["7"] * 10, "predict returned .*'7'.*; expected"),
        (lambda x: np.arange(-2, 8), "predict returned numbers from -2 to 7; expected prob.* to 1"),
        (
            failing(NameError("name 'nett' is <gone>\nmore")),
            "predict failed: NameError: .* <gone>$",
        ),
        (failing(KeyboardInterrupt()), "Interrupted while the network was reading"),
    ],
)
@pytest.mark.parametrize("surface", ["draw", "sliders"])
def test_what_goes_wrong_in_predict_is_said_on_the_page_and_raised_in_python(
    predict, words, surface
):
    pad = DigitPad(predict, surface=surface)
    if surface == "draw":
        pad._surface.set_state({"strokes": [[145, 40, 135, 240]]})  # a message from the browser
    else:
        pad.sliders["digit"].value = 3
    pad.centred.value = False
    assert re.search(words, pad.words)
    assert pad.words in html.unescape(pad._reading.value)
    assert "<gone>" not in pad._reading.value
    assert pad.probabilities is None
    assert pad.png()
    for call in (lambda: pad.draw(SEVEN), pad.refresh):
        with pytest.raises((ValueError, NameError, KeyboardInterrupt)):
            call()
    pad.predict = lambda x: np.eye(10)[7]  # mended
    assert "a 7" in pad.refresh().words
    assert "a 7" in pad._reading.value


def test_it_shows_itself_live_and_as_a_picture(predict):
    pad = DigitPad(predict).draw(SEVEN)
    bundle = pad._repr_mimebundle_()
    assert pad.words in bundle["text/plain"]
    view = bundle["application/vnd.jupyter.widget-view+json"]
    assert view["model_id"] == pad.widget.model_id
    assert pad.png() != pad.clear().png()


def test_the_page_needs_no_network():
    for text in (drawing_surface.ESM, drawing_surface.CSS):
        assert "http" not in text
        assert "import" not in text
    assert "touch-action: none" in drawing_surface.CSS


# ------------------------------------------------------------------ the tally
def answers(*digits):
    """A network that reads these digits, one after the other, whatever is drawn."""
    said = iter(digits)
    return lambda x: np.eye(10)[next(said)]


def test_drawings_are_counted_by_what_they_were_meant_to_be():
    pad = DigitPad(answers(7, 7, 3, 8), tally=True)
    assert "Nothing counted yet" in pad.tally.words
    pad.draw(SEVEN)
    pad.tally.buttons[7].click()
    assert (pad.tally.right, pad.words) == ((1, 1), in_words(None)), "it is empty again"
    pad.draw(ONE).meant(1)
    pad.draw(CIRCLE).meant(8)
    assert pad.tally.words == "Read right: 1 of 3. Misread (2): a 1 as 7, an 8 as 3."
    assert pad.tally.words in html.unescape(pad.tally._said.value)
    pad.meant(4)
    assert pad.tally.right == (1, 3), "nothing was drawn"
    assert "Draw a digit first" in pad.tally._said.value


def test_another_network_is_counted_anew():
    pad = DigitPad(answers(1, 1, 7), tally=True).draw(SEVEN)
    pad.meant(7)
    pad.draw(SEVEN).refresh("after 2.0 s")
    assert pad.tally.words == "Nothing counted yet. Before: 0 of 1."
    assert "after 2.0 s" in pad._reading.value
    pad.tally.begin_anew()
    pad.meant(7)
    assert pad.tally.words == "Read right: 1 of 1. Before: 0 of 1."


def test_a_wrong_digit_is_named(predict):
    pad = DigitPad(predict, tally=True).draw(SEVEN)
    for wrong in (10, -1, "7", 2.5, None):
        with pytest.raises(ValueError, match=re.escape(f"0 to 9, got {wrong!r}")):
            pad.meant(wrong)
    with pytest.raises(ValueError, match="tally=True"):
        DigitPad(predict).meant(7)


def test_sliders_go_on_to_the_next_digit(predict, mnist):
    digits, labels = mnist[1][0][:3], mnist[1][1][:3]
    pad = DigitPad(predict, digits, surface="sliders", tally=True)
    for k, label in enumerate(labels):
        assert pad.sliders["digit"].value == k
        pad.meant(int(label))
    assert pad.sliders["digit"].value == 0
    assert pad.tally.right[1] == 3


def test_it_is_shown_at_once_and_stored_as_it_ends(tmp_path):
    """A network that changes within the cell: one output, with the last words and picture."""
    cell = """
from nbhelpers.playgrounds import DigitPad
import numpy as np
shares = np.eye(10)[1]
pad = DigitPad(lambda x: shares).draw([[(60, 60), (210, 58), (120, 235)]])
with pad.live():
    for k in range(3):
        shares = np.eye(10)[k]
        pad.refresh(f"after {k} s")
"""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell)])
    (output,) = execute(notebook, tmp_path, timeout=60).cells[0].outputs
    assert output.data["text/plain"] == "DigitPad: a 2, more than 99 % sure \u00b7 after 2 s"
    assert "image/png" in output.data


# ------------------------------------------------------------------ without anywidget
@pytest.fixture
def no_anywidget(monkeypatch):
    monkeypatch.setitem(sys.modules, "anywidget", None)  # import raises ImportError


def test_without_anywidget_sliders_stand_in(no_anywidget, predict, mnist):
    X, y = mnist[1]
    pad = DigitPad(predict)
    page = repr([w.get_state() for w in pad.widget.children[0].children[0].children])
    assert "pip install anywidget" in page
    np.testing.assert_allclose(pad.image, X[0].reshape(28, 28), atol=0.5)
    right = 0
    for i in range(20):
        pad.sliders["digit"].value = i
        right += pad.probabilities.argmax() == y[i]
    assert right >= 17
    with pytest.raises(ImportError, match="pip install anywidget"):
        DigitPad(predict, surface="draw")


def test_each_slider_changes_what_the_network_sees(predict):
    pad = DigitPad(predict, surface="sliders")
    pad.centred.value = False
    assert "pip install" not in repr(
        [w.get_state() for w in pad.widget.children[0].children[0].children]
    )
    for slider in pad.sliders.values():
        start, seen = slider.value, []
        for value in (slider.min, slider.max, start):
            slider.value = value
            assert np.isfinite(pad.probabilities).all()
            seen.append((pad.image.copy(), pad._preview.value))
        assert np.abs(seen[0][0] - seen[1][0]).max() > 0.1
        assert seen[0][1] != seen[1][1]
    pad.centred.value = True
    pad.draw(SEVEN)  # drawing from Python works here too
    assert pad.probabilities.argmax() == 7


# ------------------------------------------------------------------ in a real browser
CELL = """
import numpy as np
from nbhelpers.playgrounds.engine.digit_pad import DigitPad
from nbhelpers.network import MLP
net = MLP([784, 64, 10], rng=np.random.default_rng(0))
net.params[:] = np.load("params.npz")["params"]
pad = DigitPad(lambda x: net.forward(x)[-1][0])
pad
"""


def test_drawing_in_a_browser(browser, net, tmp_path):
    np.savez(tmp_path / "params.npz", params=net.params)
    sharp = SimpleNamespace(new_page=partial(browser.new_page, device_scale_factor=2))
    with run_cells(sharp, tmp_path, CELL) as opened:
        page = opened.page
        canvas = page.locator(".nbhelpers-pad canvas")
        canvas.scroll_into_view_if_needed()
        assert canvas.evaluate("c => c.width / c.clientWidth") == 2  # sharp on a dense screen
        at = canvas.bounding_box()
        reading = page.locator('.jp-OutputArea [role="status"]')
        seen = []

        def draw(points):
            page.mouse.move(at["x"] + points[0][0], at["y"] + points[0][1])
            page.mouse.down()
            for x, y in points[1:]:
                page.mouse.move(at["x"] + x, at["y"] + y, steps=8)
                seen.append(reading.inner_text())
            page.mouse.up()

        def reads(digit):
            reading.filter(has_text=f" {digit}, ").wait_for(timeout=10_000)

        draw(SEVEN[0])
        assert len(set(seen)) > 1  # it is read while it is drawn
        reads(7)
        page.get_by_label("Clear the drawing pad").press("Enter")
        reading.filter(has_text="Draw a digit").wait_for(timeout=10_000)
        draw(ONE[0])
        reads(1)
        page.get_by_label("Take back the last line").press("Space")
        reading.filter(has_text="Draw a digit").wait_for(timeout=10_000)
        draw(CIRCLE[0])
        reads(0)


def test_an_empty_pad_is_watched_with_its_last_drawing(predict):
    pad = DigitPad(predict, tally=True).draw(SEVEN)
    pad.meant(7)
    assert not pad.image.any()
    with pad.live():
        assert pad.words == DigitPad(predict).draw(SEVEN).words
    with DigitPad(predict).live() as empty:
        assert not empty.refresh().image.any()


LEARNING = """
import numpy as np
from nbhelpers.playgrounds import DigitPad
shares = np.eye(10)[0]
pad = DigitPad(lambda x: shares, tally=True).draw([[(60, 60), (210, 58), (120, 235)]])
with pad.live():
    for k in range(1, 10):
        shares = np.eye(10)[k]
        pad.refresh(f"step {k}")
"""


def test_a_network_is_watched_while_it_learns_and_counted_by_clicks(browser, tmp_path):
    with run_cells(browser, tmp_path, LEARNING) as opened:
        page, seen = opened.page, set()
        status = page.locator('.jp-OutputArea [role="status"]')
        page.evaluate(RUN_ALL)
        while not page.evaluate("() => window.ran"):
            seen.update(status.all_inner_texts())
        assert len([words for words in seen if words.startswith("a ")]) >= 3
        assert page.locator(".nbhelpers-pad canvas").count() == 1
        page.get_by_text("step 9").wait_for(timeout=10_000)
        page.get_by_role("button", name="7", exact=True).press("Enter")
        page.get_by_text("Read right: 0 of 1. Misread (1): a 7 as 9.").wait_for(timeout=10_000)
        status.filter(has_text="Draw a digit").wait_for(timeout=10_000)
