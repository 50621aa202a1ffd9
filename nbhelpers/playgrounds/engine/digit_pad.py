"""A pad to draw a digit on with mouse, pen or finger; it is centred and scaled as MNIST's were.

The pad sends the strokes as points, Python turns them into a picture, and the network's ten
probabilities come back while the line is still growing. Without `anywidget` the pad offers a real
digit with sliders to turn, shift, scale and thicken it instead. Used in notebooks 00 and 10.
"""

import base64
import html
import io
import time
from contextlib import contextmanager

import ipywidgets as widgets
import numpy as np
from IPython.display import display
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from nbhelpers.playgrounds.engine.drawing_surface import drawing_surface
from nbhelpers.playgrounds.engine.guards import LOCK
from nbhelpers.playgrounds.engine.strokes import (
    as_picture,
    as_strokes,
    center,
    rasterise,
    shrink,
    transform,
)
from nbhelpers.playgrounds.engine.tally import Tally, article
from nbhelpers.plots import PALETTE, own_style

INK, BLUE, GREY = PALETTE["ink"], PALETTE["blue"], PALETTE["grey"]


# ---------------------------------------------------------------- what the reader sees
def as_probabilities(returned):
    """Check what `predict` has returned and return it as float array (10,).

    NaN and infinity may be among them: a network that has left the range of numbers.

    Raises
    ------
    ValueError
        Something else than ten numbers, or numbers that cannot be probabilities.
    """
    try:
        p = np.asarray(returned)
    except ValueError:  # such as the list of all layers' activations
        shapes = ", ".join(str(np.shape(item)) for item in returned)
        raise ValueError(
            f"predict returned arrays of shapes {shapes}; expected 10 probabilities"
        ) from None
    if not p.ndim or p.dtype.kind not in "fiub":
        raise ValueError(f"predict returned {returned!r:.60}; expected 10 probabilities")
    if p.size != 10:
        raise ValueError(f"predict returned {p.size} numbers; expected 10 probabilities")
    p = p.astype(float).ravel()
    if p.min() < -1e-3 or p.max() > 1 + 1e-3:
        raise ValueError(
            f"predict returned numbers from {p.min():g} to {p.max():g}; expected probabilities, "
            "from 0 to 1"
        )
    return p


def trouble(error):
    """What ended `predict`, in words."""
    if isinstance(error, KeyboardInterrupt):
        return "Interrupted while the network was reading"
    words = str(error).partition("\n")[0][:200]
    if words.startswith("predict "):
        return words
    return f"predict failed: {type(error).__name__}: {words}"


def percent(p):
    """`p` in words: never 0 % or 100 %, which no probability of a softmax is."""
    if p >= 0.995:
        return "more than 99 %"
    return f"{100 * p:.0f} %" if p >= 0.005 else "less than 1 %"


def in_words(probabilities):
    """The guess in words: "a 7, 93 % sure; next 1, 4 %".

    Parameters
    ----------
    probabilities : array (10,) or None
        None stands for an empty pad.
    """
    if probabilities is None:
        return "Draw a digit, as large as you like"
    if not np.isfinite(probabilities).all():
        return "The network has left the range of numbers: reset it, with a smaller learning rate"
    first, second = np.argsort(-probabilities, kind="stable")[:2]
    p, q = probabilities[first], probabilities[second]
    name = f"{article(first)} {first}"
    if p < 0.5:
        other = f"{article(second)} {second}"
        return f"not sure: {name} ({percent(p)}) or {other} ({percent(q)})"
    rest = f"; next {second}, {percent(q)}" if q >= 0.005 else ""
    return f"{name}, {percent(p)} sure{rest}"


def _png(image):
    """PNG bytes of a picture from 0 (paper, white) to 1 (ink)."""
    paper, ink = 255.0, float(int(INK[1:3], 16))
    shades = np.rint(paper + (ink - paper) * np.clip(image, 0, 1)).astype(np.uint8)
    out = io.BytesIO()
    Image.fromarray(shades).save(out, "PNG", compress_level=1)
    return out.getvalue()


def _reading(words, image, probabilities, centred, after):
    """HTML: the guess, the 28 x 28 picture, ten bars, how far the network has come."""
    words = html.escape(words)
    source = base64.b64encode(_png(image)).decode()
    ok = probabilities is not None and np.isfinite(probabilities).all()
    guess = int(np.argmax(probabilities)) if ok else -1
    bars = []
    for k in range(10):
        p = float(probabilities[k]) if ok else 0.0
        colour, weight = (BLUE, 700) if k == guess else (GREY, 400)
        bars.append(
            f'<div style="font-weight:{weight};text-align:right">{k}</div>'
            '<div style="background:rgba(140,140,140,.18);height:11px;border-radius:2px">'
            f'<div style="width:{100 * p:.1f}%;height:11px;border-radius:2px;'
            f'background:{colour}"></div></div>'
            f'<div style="text-align:right;white-space:nowrap;font-weight:{weight}">'
            f"{f'{100 * p:.0f} %' if ok else ''}</div>"
        )
    how = "centred and scaled as MNIST's digits" if centred else "as it lies on the pad"
    return (
        '<div style="color:var(--jp-content-font-color1,inherit);line-height:1.35;'
        'font-variant-numeric:tabular-nums">'
        '<div role="status" style="font-size:17px;font-weight:600;min-height:1.5em">'
        f"{words}</div>"
        '<div style="display:flex;gap:22px;align-items:flex-start;margin-top:6px">'
        '<div style="width:140px;flex:none"><img decoding="sync" width="140" height="140" '
        f'alt="the 28 by 28 pixels that the network sees: {words}" '
        f'src="data:image/png;base64,{source}" style="width:140px;height:140px;max-width:none;'
        'margin:0;display:block;image-rendering:pixelated;outline:1px solid rgba(140,140,140,.6)">'
        '<div style="font-size:12px;margin-top:5px">What the network sees: '
        f"28 × 28 pixels, {how}</div></div>"
        '<div style="display:grid;grid-template-columns:1em 180px 4em;column-gap:8px;'
        'row-gap:3px;align-items:center;font-size:13px;line-height:1.3">'
        f"{''.join(bars)}</div></div>"
        f'<div style="font-weight:600;margin-top:6px">{html.escape(after)}</div></div>'
    )


class DigitPad:
    """A pad on which one draws a digit, and beside it what a network makes of it.

    As the last expression of a cell it shows itself. It works without a browser too:
    `pad.draw(strokes)`, then `pad.image`, `pad.probabilities`, `pad.words`.

    Parameters
    ----------
    predict : callable
        predict(x) takes the picture as float32 of shape (1, 784), from 0 (paper) to 1 (ink), and
        returns the ten probabilities, shape (10,) or (1, 10). What goes wrong in it is said beside
        the drawing; `draw` and `refresh` raise it as well.
    digits : array (n, 784), optional
        The digits that the sliders offer; without it, the first 200 of MNIST's test set.
    surface : {"auto", "draw", "sliders"}
        "auto" draws where `anywidget` is installed and offers sliders where it is not; "sliders"
        is also the way to play without a pointing device.
    tally : bool
        Whether it asks what was drawn, by ten buttons, and counts what is read right. `refresh`
        begins to count anew.

    Attributes
    ----------
    image : ndarray (28, 28), float32
        What the network sees.
    probabilities : ndarray (10,) or None
        None while the pad is empty.
    words : str
        The guess in words, or what went wrong.
    latest : list of arrays
        The strokes of the last drawing, also after the pad was emptied.
    tally : Tally or None
        What is counted: `pad.tally.right`, (how many, of how many).
    centred : ipywidgets.Checkbox
        Whether the drawing is centred and scaled as MNIST's digits are.
    sliders : dict of ipywidgets
        Only where the sliders stand in for the drawing surface.

    Examples
    --------
    >>> pad = DigitPad(lambda x: net.forward(x)[-1][0])  # doctest: +SKIP
    >>> pad.draw([[(70, 60), (210, 60), (120, 230)]]).words  # doctest: +SKIP
    'a 7, 93 % sure; next 1, 4 %'
    """

    PAUSE = 0.25  # seconds between two readings under `live`, at least

    def __init__(self, predict, digits=None, surface="auto", tally=False):
        if not callable(predict):
            raise ValueError(
                f"predict is a {type(predict).__name__}; expected a function that takes "
                "x (1, 784) and returns ten probabilities"
            )
        if surface not in ("auto", "draw", "sliders"):
            raise ValueError(f"surface is {surface!r}; expected 'auto', 'draw' or 'sliders'")
        self.predict, self.after = predict, ""
        self.latest, self._due = [], None  # _due: under `live`, when to show the next reading
        self.tally = Tally(self.meant) if tally else None
        self.centred = widgets.Checkbox(
            value=True,
            indent=False,
            description="centre and scale it, as MNIST's digits were",
            layout=widgets.Layout(width="auto", margin="6px 0 0 0"),
        )
        self._reading = widgets.HTML()
        self._following = False
        self.sliders = {}
        self._surface = None if surface == "sliders" else drawing_surface()
        if surface == "draw" and self._surface is None:
            raise ImportError("drawing needs the package anywidget: pip install anywidget")
        if self._surface is not None:
            self._surface.observe(self._drawn, "strokes")
            left = self._surface
        else:
            left = self._make_sliders(digits, missing=surface == "auto")
        self.centred.observe(lambda change: self._read(), "value")
        right = widgets.VBox([self._reading, self.centred])
        both = widgets.HBox(
            [left, right], layout=widgets.Layout(flex_flow="row wrap", grid_gap="24px")
        )
        self.widget = widgets.VBox([both, self.tally.widget] if tally else [both])
        if self.sliders:
            self._from_sliders()
        else:
            self.clear()

    # -- drawing
    def draw(self, strokes):
        """Replace the drawing by `strokes` (see `as_strokes`) and read it; returns the pad."""
        strokes = as_strokes(strokes)
        return self._answer(self._show(rasterise(strokes), strokes))

    def clear(self):
        """Empty the pad; returns the pad."""
        return self.draw([])

    def refresh(self, after=""):
        """Read the same drawing again, with the network as it is now; returns the pad.

        `after` says in words how far that one has come.
        """
        self.after = after
        if self.tally:
            self.tally.begin_anew()
        if self._due is not None:
            time.sleep(max(0.0, self._due - time.monotonic()))
            self._due = time.monotonic() + self.PAUSE
        return self._answer(self._read())

    def meant(self, digit):
        """Count the drawing as read right or not, by what it was meant to be; then empty the pad.

        Where sliders stand in, the next digit takes its place. Returns the pad.

        Raises
        ------
        ValueError
            If the digit isn't a whole number from 0 to 9, or the pad counts nothing.
        """
        if not self.tally:
            raise ValueError("this pad counts nothing: make it with tally=True")
        if digit not in range(10):
            raise ValueError(f"meant takes a digit from 0 to 9, got {digit!r:.60}")
        with LOCK:
            p = self.probabilities
            if p is None or not np.isfinite(p).all():
                self.tally.say("Draw a digit first; then say which one it was.")
                return self
            self.tally.count(int(digit), int(p.argmax()))
            if not self.sliders:
                return self.clear()
            number = self.sliders["digit"]
            number.value = (number.value + 1) % len(self.digits)
            return self

    @contextmanager
    def live(self):
        """Show the pad at once, for a network that is about to change; what is stored is its end.

        An empty pad gets its last drawing back. Readings follow each other slowly enough to see.

        >>> with pad.live():  # doctest: +SKIP
        ...     fit(net, X, y, callback=lambda net, history: pad.refresh())
        """
        if not self.image.any():
            self.draw(self.latest)
        shown, self._due = display(self, display_id=True), time.monotonic() + self.PAUSE
        try:
            yield self
        finally:
            self._due = None
            if shown is not None:
                shown.update(self)

    def _answer(self, error):
        """The pad, to whoever called from Python; or the error, if `predict` has raised one."""
        if error is not None:
            raise error
        return self

    def _read(self):
        """Read the drawing; return the error that `predict` has raised, or None.

        A page has nobody to catch it: it is shown where the guess would be.
        """
        error = None
        with LOCK:  # browser messages may come on different threads, and the network may train
            self.image = center(self._picture) if self.centred.value else shrink(self._picture)
            self.probabilities, self._trouble = None, ""
            if self.image.any():
                try:
                    self.probabilities = as_probabilities(self.predict(self.image.reshape(1, 784)))
                except (Exception, KeyboardInterrupt) as raised:
                    error, self._trouble = raised, trouble(raised)
            self._reading.value = _reading(
                self.words, self.image, self.probabilities, self.centred.value, self.after
            )
        return error

    @property
    def words(self):
        """The guess in words, or what went wrong."""
        return self._trouble or in_words(self.probabilities)

    def _show(self, picture, strokes):
        with LOCK:
            self._picture, self.strokes = picture, strokes
            self.latest = strokes or self.latest
            if self._surface is not None:
                self._following = True  # the surface follows; it has not been drawn on
                try:
                    self._surface.strokes = [np.round(s, 1).ravel().tolist() for s in strokes]
                finally:
                    self._following = False
            elif self.sliders:
                self._preview.value = _png(picture)
            return self._read()

    def _drawn(self, change):
        with LOCK:
            if not self._following:
                self.strokes = as_strokes(change["new"])
                self.latest = self.strokes or self.latest
                self._picture = rasterise(self.strokes)
                self._read()

    # -- the stand-in: a real digit, bent by sliders
    def _make_sliders(self, digits, missing):
        if digits is None:
            from nbhelpers import datasets

            digits = datasets.mnist()[1][0][:200]
        self.digits = as_picture(np.reshape(digits, (-1, 784)), "digits")

        def slider(kind, text, low, high, value, step):
            return kind(
                value=value,
                min=low,
                max=high,
                step=step,
                description=text,
                style={"description_width": "70px"},
                layout=widgets.Layout(width="290px"),
            )

        whole, real = widgets.IntSlider, widgets.FloatSlider
        self.sliders = {
            "digit": slider(whole, "digit no.", 0, len(self.digits) - 1, 0, 1),
            "turn": slider(whole, "turn (°)", -60, 60, 0, 5),
            "size": slider(real, "size", 0.4, 1.4, 1.0, 0.1),
            "right": slider(whole, "right", -80, 80, 0, 10),
            "down": slider(whole, "down", -80, 80, 0, 10),
            "thicken": slider(whole, "thicken", -6, 12, 0, 1),
        }
        for one in self.sliders.values():
            one.observe(lambda change: self._from_sliders(), "value")
        self._preview = widgets.Image(
            format="png",
            layout=widgets.Layout(width="280px", height="280px", border="1px solid #8C8C8C"),
        )
        note = "Drawing needs one more package: <code>pip install anywidget</code>, then restart. "
        note = (note if missing else "") + "Make a handwritten digit your own with the sliders:"
        text = widgets.HTML(f'<div style="width:290px;line-height:1.35">{note}</div>')
        return widgets.VBox([text, self._preview, *self.sliders.values()])

    def _from_sliders(self):
        values = {name: one.value for name, one in self.sliders.items()}
        self._show(transform(self.digits[values.pop("digit")], **values), [])

    # -- showing
    def png(self):
        """The pad as a static PNG: the drawing, what the network sees, the ten bars (bytes)."""
        with LOCK, own_style():
            return self._static_picture()

    def _static_picture(self):
        figure = Figure(figsize=(8.2, 3.1), dpi=96, layout="constrained")
        FigureCanvasAgg(figure)
        left, middle, right = figure.subplots(1, 3, width_ratios=[1.25, 1, 1.1])
        for ax, picture, title in (
            (left, self._picture, "the drawing"),
            (middle, self.image, "what the network sees"),
        ):
            ax.imshow(picture, cmap="gray_r", vmin=0, vmax=1, interpolation="nearest")
            ax.set(xticks=[], yticks=[])
            ax.spines[:].set_visible(True)
            ax.set_title(title, fontsize=11)
        p = np.zeros(10) if self.probabilities is None else np.nan_to_num(self.probabilities)
        colours = [BLUE if k == p.argmax() else GREY for k in range(10)]
        right.barh(range(10), p, color=colours)
        right.set(xlim=(0, 1), yticks=range(10), xlabel="probability")
        right.invert_yaxis()
        right.spines[["top", "right"]].set_visible(False)
        right.set_title(self.words, fontsize=11)
        left.set_xlabel(self.after)
        out = io.BytesIO()
        figure.savefig(out, format="png")
        return out.getvalue()

    def _repr_mimebundle_(self, include=None, exclude=None):
        return {
            "text/plain": " \u00b7 ".join(filter(None, [f"DigitPad: {self.words}", self.after])),
            "image/png": base64.b64encode(self.png()).decode(),
            "application/vnd.jupyter.widget-view+json": {
                "version_major": 2,
                "version_minor": 0,
                "model_id": self.widget.model_id,
            },
        }
