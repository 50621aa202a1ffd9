"""A pad to draw a digit on with mouse, pen or finger; it is centred and scaled as MNIST's were.

The pad sends the strokes as points, Python turns them into a picture, and the network's ten
probabilities come back while the line is still growing. Without `anywidget` the pad offers a real
digit with sliders to turn, shift, scale and thicken it instead. Used in notebook 10.
"""

import base64
import html
import io

import ipywidgets as widgets
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from nbhelpers.playgrounds.engine.guards import LOCK
from nbhelpers.playgrounds.engine.strokes import (
    as_picture,
    as_strokes,
    center,
    rasterise,
    shrink,
    transform,
)
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
    name = f"{'an' if first == 8 else 'a'} {first}"
    if p < 0.5:
        other = f"{'an' if second == 8 else 'a'} {second}"
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


def _reading(words, image, probabilities, centred):
    """HTML: the guess, the 28 x 28 picture, ten bars."""
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
        f"{''.join(bars)}</div></div></div>"
    )


# ---------------------------------------------------------------- the drawing surface
_ESM = """
const SIDE = 280, PEN = 25, GAP = 2.5, WAIT = 90;   // pad units; milliseconds between messages

function render({ model, el }) {
  const root = document.createElement("div");
  root.className = "nbhelpers-pad";
  root.setAttribute("data-lm-suppress-shortcuts", "true");
  const canvas = document.createElement("canvas");
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label",
    "Drawing pad: draw a digit with the mouse, a pen or a finger. The reading beside it says "
    + "what the network makes of it.");
  const row = document.createElement("div");
  row.className = "nbhelpers-pad-buttons";
  const button = (text, label, act) => {
    const b = document.createElement("button");
    b.type = "button"; b.textContent = text; b.setAttribute("aria-label", label);
    b.addEventListener("click", act);
    row.appendChild(b);
  };
  button("Clear", "Clear the drawing pad", () => { strokes = []; paint(); soon(); });
  button("Undo", "Take back the last line", () => { strokes.pop(); paint(); soon(); });
  root.append(canvas, row);
  el.appendChild(root);

  const copy = list => (list || []).map(s => Array.from(s));
  let strokes = copy(model.get("strokes"));
  let pointer = null;                 // the one mouse, pen or finger that is drawing
  let timer = 0, last = 0, frame = 0;

  const paint = () => {
    frame = 0;
    const shown = canvas.clientWidth || SIDE;
    const size = Math.max(1, Math.round(shown * (window.devicePixelRatio || 1)));
    if (canvas.width !== size) { canvas.width = size; canvas.height = size; }
    const g = canvas.getContext("2d");
    g.setTransform(size / SIDE, 0, 0, size / SIDE, 0, 0);
    g.fillStyle = "#ffffff"; g.fillRect(0, 0, SIDE, SIDE);
    if (!strokes.length) {
      g.fillStyle = "#8C8C8C"; g.font = "15px sans-serif"; g.textAlign = "center";
      g.fillText("draw a digit here", SIDE / 2, SIDE / 2 + 5);
    }
    g.lineCap = "round"; g.lineJoin = "round"; g.lineWidth = PEN;
    g.strokeStyle = "#222222";
    for (const s of strokes) {
      g.beginPath(); g.moveTo(s[0], s[1]);
      if (s.length === 2) g.lineTo(s[0] + 0.01, s[1]);
      for (let i = 2; i < s.length; i += 2) g.lineTo(s[i], s[i + 1]);
      g.stroke();
    }
  };
  const repaint = () => { if (!frame) frame = requestAnimationFrame(paint); };

  const send = () => {
    timer = 0; last = performance.now();
    model.set("strokes", copy(strokes));
    model.save_changes();             // Jupyter keeps one message in flight and merges the rest
  };
  const soon = () => {
    if (!timer) timer = setTimeout(send, Math.max(0, last + WAIT - performance.now()));
  };

  const place = e => {
    const box = canvas.getBoundingClientRect();
    const clip = v => Math.round(10 * Math.min(SIDE, Math.max(0, v))) / 10;
    return [clip((e.clientX - box.left) / box.width * SIDE),
            clip((e.clientY - box.top) / box.height * SIDE)];
  };
  const down = e => {
    if (pointer !== null || e.button) return;
    e.preventDefault(); e.stopPropagation();
    pointer = e.pointerId;
    try { canvas.setPointerCapture(pointer); } catch (_) { /* a pointer that is already gone */ }
    strokes.push(place(e)); repaint(); soon();
  };
  const move = e => {
    if (e.pointerId !== pointer) return;
    e.preventDefault();
    const s = strokes[strokes.length - 1];
    const events = e.getCoalescedEvents ? e.getCoalescedEvents() : [];
    for (const one of events.length ? events : [e]) {
      const [x, y] = place(one), n = s.length;
      if (Math.hypot(x - s[n - 2], y - s[n - 1]) >= GAP) s.push(x, y);
    }
    repaint(); soon();
  };
  const up = e => { if (e.pointerId === pointer) { pointer = null; soon(); } };
  canvas.addEventListener("pointerdown", down);
  canvas.addEventListener("pointermove", move);
  canvas.addEventListener("pointerup", up);
  canvas.addEventListener("pointercancel", up);
  canvas.addEventListener("lostpointercapture", up);

  const fromPython = () => {
    if (pointer !== null || timer) return;          // what is being drawn is newer
    strokes = copy(model.get("strokes")); repaint();
  };
  model.on("change:strokes", fromPython);
  window.addEventListener("resize", repaint);       // zoom, or another screen: draw it sharp again
  const watcher = new ResizeObserver(repaint);
  watcher.observe(canvas);
  paint();
  return () => {
    model.off("change:strokes", fromPython);
    window.removeEventListener("resize", repaint);
    watcher.disconnect(); clearTimeout(timer); cancelAnimationFrame(frame);
  };
}
export default { render };
"""

_CSS = """
.nbhelpers-pad { width: 280px; max-width: 100%; }
.nbhelpers-pad canvas { display: block; width: 100%; aspect-ratio: 1; background: #fff;
  border-radius: 4px; outline: 1px solid rgba(140, 140, 140, .8);
  outline-offset: -1px; cursor: crosshair;
  touch-action: none; -webkit-user-select: none; user-select: none; }
.nbhelpers-pad-buttons { display: flex; gap: 8px; margin-top: 8px; }
.nbhelpers-pad-buttons button { flex: 1; padding: 6px 10px; font: inherit; font-size: 13px;
  cursor: pointer; color: var(--jp-ui-font-color1, #222); border-radius: 3px;
  background: var(--jp-layout-color2, #eee); border: 1px solid rgba(140, 140, 140, .6); }
.nbhelpers-pad-buttons button:hover { background: var(--jp-layout-color3, #ddd); }
.nbhelpers-pad-buttons button:focus-visible { outline: 2px solid #0072B2; outline-offset: 1px; }
"""

_surface_class = None


def _drawing_surface():
    """A new drawing widget, or None where `anywidget` is missing."""
    global _surface_class
    try:
        import anywidget
    except ImportError:
        return None
    if _surface_class is None:
        import traitlets

        class DrawingSurface(anywidget.AnyWidget):
            """The canvas; `strokes` is a list of flat lists x0, y0, x1, y1, ... from 0 to 280."""

            _esm = _ESM
            _css = _CSS
            strokes = traitlets.List().tag(sync=True)

        _surface_class = DrawingSurface
    return _surface_class()


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

    Attributes
    ----------
    image : ndarray (28, 28), float32
        What the network sees.
    probabilities : ndarray (10,) or None
        None while the pad is empty.
    words : str
        The guess in words, or what went wrong.
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

    def __init__(self, predict, digits=None, surface="auto"):
        if not callable(predict):
            raise ValueError(
                f"predict is a {type(predict).__name__}; expected a function that takes "
                "x (1, 784) and returns ten probabilities"
            )
        if surface not in ("auto", "draw", "sliders"):
            raise ValueError(f"surface is {surface!r}; expected 'auto', 'draw' or 'sliders'")
        self.predict = predict
        self.centred = widgets.Checkbox(
            value=True,
            indent=False,
            description="centre and scale it, as MNIST's digits were",
            layout=widgets.Layout(width="auto", margin="6px 0 0 0"),
        )
        self._reading = widgets.HTML()
        self._following = False
        self.sliders = {}
        self._surface = None if surface == "sliders" else _drawing_surface()
        if surface == "draw" and self._surface is None:
            raise ImportError("drawing needs the package anywidget: pip install anywidget")
        if self._surface is not None:
            self._surface.observe(self._drawn, "strokes")
            left = self._surface
        else:
            left = self._make_sliders(digits, missing=surface == "auto")
        self.centred.observe(lambda change: self._read(), "value")
        right = widgets.VBox([self._reading, self.centred])
        self.widget = widgets.HBox(
            [left, right], layout=widgets.Layout(flex_flow="row wrap", grid_gap="24px")
        )
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

    def refresh(self):
        """Read the same drawing again, with the network as it is now; returns the pad."""
        return self._answer(self._read())

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
                self.words, self.image, self.probabilities, self.centred.value
            )
        return error

    @property
    def words(self):
        """The guess in words, or what went wrong."""
        return self._trouble or in_words(self.probabilities)

    def _show(self, picture, strokes):
        with LOCK:
            self._picture, self.strokes = picture, strokes
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
        out = io.BytesIO()
        figure.savefig(out, format="png")
        return out.getvalue()

    def _repr_mimebundle_(self, include=None, exclude=None):
        return {
            "text/plain": f"DigitPad: {self.words}",
            "image/png": base64.b64encode(self.png()).decode(),
            "application/vnd.jupyter.widget-view+json": {
                "version_major": 2,
                "version_minor": 0,
                "model_id": self.widget.model_id,
            },
        }
