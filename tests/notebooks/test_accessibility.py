"""Readable by everybody: words beside pictures, colours, contrast, the keyboard, zoom, a phone.

What a browser makes of it is measured in one real JupyterLab, in one page: a notebook with
everything that the helpers put on a page. Without a browser those tests are skipped; with
REQUIRE_BROWSER=1 they fail.
"""

import itertools
import re
import shutil

import matplotlib as mpl
import matplotlib.pyplot as plt
import nbformat
import numpy as np
import pytest
from lab import jupyter_lab, open_notebook
from matplotlib.colors import to_hex, to_rgb
from matplotlib.text import Text
from nbformat.v4 import new_code_cell, new_notebook
from notebook_tools import contrast, notebooks, plain_text, read

from nbhelpers import boxes, plots
from nbhelpers.history import History
from nbhelpers.network import MLP
from nbhelpers.playgrounds import PLAYGROUNDS
from nbhelpers.playgrounds.curve import COLOURS as UNITS
from nbhelpers.playgrounds.engine.curves import PREVIOUS, LossCurves
from nbhelpers.playgrounds.optimizers import COLOURS as RUNNERS
from nbhelpers.plots import CLASS_COLORS, CYCLE, DIVERGING, PALE_DIVERGING, PALETTE

# -- colours -----------------------------------------------------------------------------------

#: What the eyes of a dichromat make of linear RGB: Machado, Oliveira and Fernandes, "A
#: Physiologically-based Model for Simulation of Color Vision Deficiency", IEEE Transactions on
#: Visualization and Computer Graphics 15 (2009), severity 1.0.
EYES = {
    "usual": np.eye(3),
    "protanopia": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritanopia": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}
# Two colours side by side are told apart from a distance of about 2.3 in CIELAB (Mahy et al.
# 1994). Thin lines and small dots, far apart, need several times that.
DISTANCE = 12
KEPT = [PALETTE[name] for name in LossCurves.KEPT_COLOURS]
TOGETHER = {  # colours that have to be told apart in one picture
    "classes": CLASS_COLORS,
    "lines": [PALETTE[name] for name in CYCLE],
    "optimizers": [PALETTE[name] for name in RUNNERS.values()],
    "units": UNITS,
    "runs": [PALETTE["blue"], PALETTE["vermilion"], PREVIOUS, *KEPT],
    "signals": [PALETTE[name] for name in ("blue", "vermilion", "green", "ink")],
}


def cielab(colours, eyes="usual"):
    """CIELAB coordinates (n, 3) under daylight D65 of colours as these eyes see them."""
    rgb = np.array([to_rgb(colour) for colour in colours])
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    linear = np.clip(linear @ np.transpose(EYES[eyes]), 0, 1)
    to_xyz = [
        [0.4124564, 0.3575761, 0.1804375],
        [0.2126729, 0.7151522, 0.0721750],
        [0.0193339, 0.1191920, 0.9503041],
    ]
    xyz = linear @ np.transpose(to_xyz) / [0.95047, 1, 1.08883]
    f = np.where(xyz > 216 / 24389, np.cbrt(xyz), (24389 / 27 * xyz + 16) / 116)
    return np.stack(
        [116 * f[:, 1] - 16, 500 * (f[:, 0] - f[:, 1]), 200 * (f[:, 1] - f[:, 2])], axis=1
    )


def nearest(colours, eyes):
    """The smallest distance between two of the colours, and these two."""
    seen = cielab(colours, eyes)
    pairs = itertools.combinations(range(len(colours)), 2)
    return min((np.linalg.norm(seen[i] - seen[j]), colours[i], colours[j]) for i, j in pairs)


@pytest.mark.parametrize("eyes", EYES)
def test_colours_used_together_differ(eyes):
    """Blue and vermilion, which say everywhere which sign and class it is, are far apart."""
    for together in TOGETHER.values():
        distance, first, second = nearest(together, eyes)
        assert distance > DISTANCE, (first, second)
    assert nearest([PALETTE["blue"], PALETTE["vermilion"]], eyes)[0] > 50
    assert nearest(["#FFFFFF", "#000000"], eyes)[0] == pytest.approx(100, abs=0.1)


@pytest.mark.parametrize("eyes", EYES)
def test_maps_of_colours_grow_lighter_or_darker_all_the_way(eyes):
    """Every one that a notebook names, the default one, and both halves of the diverging ones."""
    code = "\n".join(c.source for p in notebooks() for c in read(p).cells if c.cell_type == "code")
    names = set(re.findall(r'cmap="(\w+)"', code)) | {plots.STYLE["image.cmap"]}
    assert len(names) > 1
    for name in names:
        steps = np.diff(cielab(mpl.colormaps[name](np.linspace(0, 1, 64)), eyes)[:, 0])
        assert np.all(steps > 0) or np.all(steps < 0), name
    for colormap in (DIVERGING, PALE_DIVERGING):
        lightness = cielab(colormap(np.arange(256)), eyes)[:, 0]
        assert np.all(np.diff(lightness[:128]) > 0)
        assert np.all(np.diff(lightness[128:]) < 0)
        assert lightness[127] > 97
        assert max(lightness[0], lightness[-1]) < 76


# -- words in pictures -------------------------------------------------------------------------

SWATCH = "■"  # a piece of colour in a key, not a word


def texts_of(figure, picture=None):
    """(text, its colour, the commonest colour behind it) of all that is written in a figure.

    A panel's figure is drawn by its `picture`.
    """

    def draw():
        """Pixels (height, width, 4)."""
        if picture:
            picture.refresh()
            return picture.draw()
        figure.canvas.draw()
        return figure.canvas.buffer_rgba()

    draw()
    written = [t for t in figure.findobj(Text) if t.get_visible() and t.get_text().strip()]
    renderer = figure.canvas.get_renderer()
    places = [text.get_window_extent(renderer) for text in written]
    for text in written:  # transparent: invisible ones would leave their room to others
        text.set_alpha(0)
    pixels = np.array(draw())[::-1, :, :3]  # from the bottom, as places are
    for text, place in zip(written, places, strict=True):
        text.set_alpha(None)
        left, bottom, right, top = np.maximum(np.round(place.extents), 0).astype(int)
        behind = pixels[bottom : top + 1, left : right + 1].reshape(-1, 3)
        if len(behind):  # or it is outside of the picture, as a tick beyond the limits
            found, counts = np.unique(behind, axis=0, return_counts=True)
            yield text.get_text(), to_hex(text.get_color()), to_hex(found[counts.argmax()] / 255)


def faint(texts):
    """Those of the texts that have too little contrast."""
    return [t for t in texts if t[0] != SWATCH and contrast(t[1], t[2]) < 4.5]


@pytest.mark.parametrize("name", PLAYGROUNDS)
def test_panel_says_in_words_what_its_picture_shows(name):
    """The line is the picture's neighbour in the panel, and its words where there is no panel.

    An image widget takes no alternative text: ipywidgets 7.7.1 has no trait for one, and in 8 its
    `tooltip` makes the image's view fail in the page.
    """
    options = {"pad": False} if name == "mnist" else {}
    panel = PLAYGROUNDS[name](steps=0, **options)
    parts = list(panel.widget.children)
    assert parts[parts.index(panel.image) + 1] is panel.words
    assert 'role="status" aria-live="polite"' in panel.words.value
    assert boxes.plain(panel.words.value) == panel.summary
    assert re.search(r"\d", panel.summary)
    assert plain_text({"data": panel._repr_mimebundle_()}) == f"{panel.title}: {panel.summary}"
    assert len(panel.title.split()) > 2
    number_boxes = panel.number_boxes.values()
    for widget in (*panel.controls.values(), *number_boxes, panel.text, panel.script):
        assert widget.description, f"a {type(widget).__name__} without a name"

    texts = list(texts_of(panel.picture.figure, panel.picture))
    assert len(texts) > 5
    assert faint(texts) == []
    panel.close()


def test_words_in_plots_are_readable(rng):
    """On circles of every colour, on the fields of a confusion matrix, in titles and legends."""
    net = MLP([3, 4, 1], "tanh", "tanh", rng=rng)
    matrix = np.arange(16).reshape(4, 4)
    history = History(np.linspace(1, 0.1, 20), validation_loss=np.linspace(1, 0.2, 20))
    drawn = []
    for x in np.linspace(-1, 1, 21):
        net.params *= 1.2
        drawn.append(lambda x=x: plots.network_diagram(net, x=[x, -x, 0]))
    drawn.append(lambda: plots.confusion(matrix))
    drawn.append(lambda: plots.loss_curves(history))
    drawn.append(lambda: plots.image_grid(np.ones((4, 5, 5)), titles="abcd"))
    count = 0
    for make in drawn:
        ax = make()
        texts = list(texts_of(ax.figure))
        count += len(texts)
        assert faint(texts) == []
        plt.close(ax.figure)
    assert count > 200


def test_a_text_on_any_colour_is_readable_and_a_faint_one_is_found():
    for name in ("red", "white", "#767676", "#777777", "#0072B2", "#D55E00"):
        assert contrast(to_hex(plots.readable_on(name)), to_hex(name)) >= 4.5
    figure, ax = plt.subplots()
    ax.text(0.5, 0.5, "you can hardly read this", color="#AAAAAA")
    assert [t[0] for t in faint(texts_of(figure))] == ["you can hardly read this"]
    plt.close(figure)


# -- words beside the pictures of the notebooks ------------------------------------------------


def beside(notebook, i):
    """The Markdown before and after a cell, with the answers that are revealed on the way."""
    texts = []
    for way in (reversed(notebook.cells[:i]), notebook.cells[i + 1 :]):
        for cell in way:
            if cell.cell_type == "markdown":
                texts.append(cell.source)
                break
            boxed = [o for o in cell.get("outputs", ()) if "text/html" in o.get("data", {})]
            texts += map(plain_text, boxed)
    return " ".join(texts)


def bare(text):
    """The words of a text alone, without Markdown, punctuation and capitals."""
    return " ".join(re.findall(r"[^\W_]+", text.lower()))


def test_every_picture_is_described_in_its_cell_and_in_the_text_beside_it():
    """`alt` in a cell's metadata says what is to be seen, in words that stand next to the picture.

    Somebody chose them with the picture before their eyes; whoever changes a picture, or the text
    beside it, looks at both. A figure's picture has the figure's own line of words.
    """
    alts = []
    for notebook in map(read, notebooks()):
        for i, cell in enumerate(notebook.cells):
            shown = any("image/png" in output.get("data", {}) for output in cell.get("outputs", ()))
            if shown and "playgrounds." in cell.source:
                said = " ".join(map(plain_text, cell.outputs))
                assert re.search(r": (\w+ [\d,.]+ (·|of \d)|\d of \d |.* %)", said), cell.id
            else:
                assert shown == ("alt" in cell.metadata), cell.id
            if "alt" in cell.metadata:
                alts.append(bare(cell.metadata.alt))
                assert len(alts[-1].split()) > 3, cell.id
                assert alts[-1] in bare(beside(notebook, i)), cell.id
    assert len(set(alts)) == len(alts) > 80


# -- a real page -------------------------------------------------------------------------------

CELLS = [
    "from nbhelpers.notebook import checks, lessons, playgrounds, questions",
    'questions.ask("xor_loop.hidden_units")',
    "playgrounds.regions(steps=94)",
    'questions.reveal("start_here.untrained")',
    'checks.check("start_here.weighted_sum", lambda x, w: x * w)',
    'checks.check("start_here.weighted_sum", lambda x, w: (x * w).sum())',
    'lessons.recall("01", notebooks="notebooks")',
    'lessons.difference("01", "02", notebooks="notebooks")',
]

# Every text in the outputs with the colour that it has and that is behind it.
COLOURS_OF_TEXTS = """() => {
  const parse = c => c.match(/[\\d.]+/g).map(Number);
  const over = (c, below) => { const a = c.length < 4 ? 1 : c[3];
    return [0, 1, 2].map(i => a * c[i] + (1 - a) * below[i]); };
  const behind = e => {
    const layers = [];
    for (let n = e; n; n = n.parentElement) layers.push(parse(getComputedStyle(n).backgroundColor));
    return layers.reduceRight((below, c) => over(c, below), [255, 255, 255]);
  };
  const hex = c => '#' + c.map(v => Math.round(v).toString(16).padStart(2, '0')).join('');
  const found = [];
  for (const root of document.querySelectorAll('.jp-OutputArea-output')) {
    const texts = [...root.querySelectorAll('input, textarea')].map(e => [e.value, e]);
    const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
      const e = walker.currentNode.parentElement;
      texts.push([walker.currentNode.textContent, e]);
    }
    for (const [text, e] of texts) {
      if (!text.trim() || !e.getClientRects().length || e.closest('style, :disabled')) continue;
      let opacity = 1;
      for (let n = e; n; n = n.parentElement) opacity *= getComputedStyle(n).opacity;
      const ground = behind(e), c = parse(getComputedStyle(e).color);
      const seen = over([...c.slice(0, 3), (c.length < 4 ? 1 : c[3]) * opacity], ground);
      found.push([text.trim().slice(0, 60), hex(seen), hex(ground)]);
    }
  }
  return found;
}"""

# What has the focus: its kind, its words, where it is.
FOCUSED = """() => {
  const e = document.activeElement, box = e.getBoundingClientRect();
  const label = e.id && document.querySelector(`label[for="${e.id}"]`);
  return {
    kind: e.getAttribute('role') || e.tagName.toLowerCase(), inside: !!e.closest('.nn-panel'),
    text: (label || e).textContent.trim(), number: [...document.querySelectorAll('*')].indexOf(e),
    outline: getComputedStyle(e).outlineStyle + ' ' + getComputedStyle(e).outlineWidth,
  };
}"""

# The controls of the panel that can be seen and used, by their places in the page.
USABLE = """root => {
  const all = [...document.querySelectorAll('*')];
  const able = 'button, select, input, textarea, a[href], [tabindex="0"], [contenteditable="true"]';
  return [...root.querySelectorAll(able)]
    .filter(e => e.getClientRects().length && !e.disabled).map(e => all.indexOf(e));
}"""

# Parts of the panel that stick out of it, that cut their own words, or that lie over each other.
CLASHES = """root => {
  const edge = root.getBoundingClientRect(), wrong = [];
  const parts = [...root.querySelectorAll(
    'img, p, label, button, select, input, .slider-container, .widget-readout')]
    .filter(e => e.getClientRects().length && e.getBoundingClientRect().width > 2);
  const boxes = parts.map(e => e.getBoundingClientRect());
  const name = e => e.tagName + ' ' + (e.textContent || e.value || '').slice(0, 40);
  parts.forEach((e, i) => {
    if (boxes[i].left < edge.left - 1 || boxes[i].right > edge.right + 1)
      wrong.push(name(e) + ' sticks out');
    if (/LABEL|BUTTON|^P$/.test(e.tagName) && e.scrollWidth > e.clientWidth + 1)
      wrong.push(name(e) + ' is cut off');
    for (let j = 0; j < i; j++) {
      const [a, b] = [boxes[i], boxes[j]];
      const over = Math.min(a.right, b.right) - Math.max(a.left, b.left) > 2
        && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 2;
      if (over && !e.contains(parts[j]) && !parts[j].contains(e))
        wrong.push(name(e) + ' lies over ' + name(parts[j]));
    }
  });
  return wrong;
}"""

CELL = """() => { const n = window.jupyterapp.shell.currentWidget.content;
  return [n.activeCellIndex, n.widgets.length]; }"""


@pytest.fixture(scope="module")
def opened(browser, tmp_path_factory):
    """A notebook in JupyterLab with everything that the helpers put on a page, run."""
    folder = tmp_path_factory.mktemp("project")
    shutil.copytree(notebooks()[0].parent, folder / "notebooks")
    spec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    cells = [new_code_cell(source) for source in CELLS]
    nbformat.write(new_notebook(cells=cells, metadata={"kernelspec": spec}), folder / "all.ipynb")
    with jupyter_lab(folder) as address:
        opened = open_notebook(browser, address, "all.ipynb")
        opened.run_all()
        assert opened.said() == []
        yield opened
        opened.close()


@pytest.fixture
def panel(browser, opened):
    """Its panel. (`browser` is named so that the tests are marked.)"""
    (panel,) = opened.panels()
    return panel


def words(panel):
    """The panel's line of words."""
    return panel.root.locator(".nn-summary").inner_text()


def test_everything_has_a_name(panel):
    """What a screen reader calls the controls; the slider's label is not tied to its handle.

    ipywidgets gives the handle of a slider no name. The label is what stands before it, and a
    number box of the same name, or the readout, shows the value.
    """
    tree = panel.page.context.new_cdp_session(panel.page).send("Accessibility.getFullAXTree")
    named = [(n["role"]["value"], n["name"].get("value", "").strip("\uf04b\uf04d\uf04c "))
             for n in tree["nodes"] if "name" in n and not n["ignored"]]  # fmt: skip
    for wanted in [
        ("button", "Play"),
        ("button", "Stop and go back to the start"),
        ("button", "Step"),
        ("button", "B"),
        ("spinbutton", "learning rate"),
        ("combobox", "activation"),
        ("textbox", "settings"),
    ]:
        assert wanted in named
    nameless = {"button", "spinbutton", "combobox", "checkbox"}
    assert [n for n in named if n[0] in nameless and not n[1]] == []


def test_keyboard_reaches_everything(panel):
    """Tab goes through all controls in the order in which they stand, and out at the end."""
    page, root = panel.page, panel.root
    page.locator(".jp-CodeCell").nth(2).locator(".cm-content").click()
    page.keyboard.press("Escape")  # out of the editor, as JupyterLab wants it
    usable, visited, unseen = root.evaluate(USABLE), [], []
    for _ in range(len(usable) + 10):
        page.keyboard.press("Tab")
        focused = page.evaluate(FOCUSED)
        if focused["inside"]:
            visited.append(focused["number"])
            if focused["outline"] != "solid 2px":
                unseen.append(focused)
        elif visited:
            break
    else:
        pytest.fail(f"the focus does not leave the panel: {focused}")
    assert visited == usable
    assert unseen == []
    for _ in range(10):  # back again, past the buttons of the cell that is now the active one
        page.keyboard.press("Shift+Tab")
        if (back := page.evaluate(FOCUSED))["inside"]:
            break
    assert back["text"] == "Show code"


def press(panel, part, *keys):
    """Give a part of the panel the focus, then press keys."""
    part.focus()
    for key in keys:
        panel.page.keyboard.press(key)


def test_keyboard_moves_everything(panel):
    """Enter and Space press, arrows move, a menu opens with Space or Enter; no cell is touched.

    An arrow on a closed menu goes to JupyterLab itself, which selects another cell.
    """
    page, root = panel.page, panel.root
    step, play = panel.button("Step").first, panel.play
    for part, key in ((step, "Enter"), (step, "Space"), (play, "Space"), (play, "Enter")):
        before = words(panel)
        press(panel, part, key)
        assert panel.until(lambda before=before: words(panel) != before), key
    panel.settled()
    for label, handle in panel.sliders():
        start = handle.get_attribute("aria-valuetext")
        keys = ("ArrowRight", "ArrowLeft", "ArrowUp", "ArrowDown")
        if handle.get_attribute("aria-valuenow") == handle.get_attribute("aria-valuemax"):
            keys = ("ArrowLeft", "ArrowRight", "ArrowDown", "ArrowUp")
        for key in keys:
            before = handle.get_attribute("aria-valuetext")
            press(panel, handle, key)
            assert handle.get_attribute("aria-valuetext") != before, (label, key)
        assert handle.get_attribute("aria-valuetext") == start
    line = root.locator('input[type="text"]').last
    menu = root.locator(".widget-dropdown", has_text="activation").locator("select")
    for key, arrow in (("Space", "ArrowDown"), ("Enter", "ArrowUp")):
        before = menu.input_value()
        menu.focus()
        for pressed in (key, arrow, "Enter"):
            page.keyboard.press(pressed)
            page.wait_for_timeout(300)  # the list of a menu is another window, and comes later
        chosen = menu.input_value()
        assert chosen != before, key
        assert panel.until(lambda c=chosen: f"activation={c}," in line.input_value()), key
    press(panel, root.get_by_role("spinbutton", name="learning rate"), "Control+a", *"0.123", "Tab")
    assert panel.until(lambda: "learning_rate=0.123" in line.input_value())
    panel.settled()
    press(panel, line, "Control+a", *"data=moons,hidden=4,steps=9", "Enter")
    assert panel.until(lambda: "data=moons" in line.input_value() and "seed" in line.input_value())
    press(panel, panel.button("Show code").first, "Enter")
    script = root.locator("textarea:visible")
    script.wait_for(timeout=10_000)
    press(panel, script, "Tab")  # goes on, and is not written into the script
    assert page.evaluate(FOCUSED)["kind"] != "textarea"
    press(panel, panel.button("Hide code").first, "Space")
    assert panel.until(lambda: script.count() == 0)
    assert page.evaluate(CELL) == [2, len(CELLS)]


def test_keyboard_answers_a_question(panel):
    page = panel.page
    button = page.locator(".nn-question button").nth(1)
    button.focus()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Tab")
    assert page.evaluate(FOCUSED)["outline"] == "solid 2px"
    assert button.get_attribute("title") == "2"  # what the option says
    page.keyboard.press("Space")
    page.locator(".nn-question", has_text="You predict: B").wait_for(timeout=10_000)


@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark"])
def test_texts_are_readable_in_both_themes(panel, theme):
    """All that the helpers have put on the page, as the browser shows it."""
    page = panel.page
    page.locator(".nn-question button").nth(1).click()  # so that one of them is coloured
    command = "t => window.jupyterapp.commands.execute('apputils:change-theme', {theme: t})"
    page.evaluate(command, theme)
    page.locator(f'body[data-jp-theme-name="{theme}"]').wait_for(state="attached", timeout=20_000)
    page.wait_for_timeout(800)  # its style sheet, and colours that glide
    texts = page.evaluate(COLOURS_OF_TEXTS)
    assert len(texts) > 150
    shown = " ".join(text for text, _, _ in texts)
    for part in ("Predict first", "steps at a time", "✓", "△", "You predict", "program so far"):
        assert part in shown
    assert [t for t in texts if contrast(t[1], t[2]) < 4.5] == []


@pytest.mark.parametrize("width", [640, 500])
def test_panel_at_200_per_cent(panel, width):
    """A window of 1,280 pixels at 200 % zoom is 640 wide to the page; 500 is narrower still."""
    page = panel.page
    before = page.viewport_size
    page.evaluate("() => window.jupyterapp.shell.collapseLeft()")
    page.set_viewport_size({"width": width, "height": 500})
    page.wait_for_timeout(500)
    try:
        assert panel.root.locator(".nn-panel").first.evaluate(CLASHES) == []
    finally:
        page.set_viewport_size(before)
