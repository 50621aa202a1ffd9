"""A picture with handles that can be dragged: the page moves a handle at once, the picture follows.

The page sends where a handle is, and at most two such messages are under way: while the kernel
draws, only the newest place is kept. So a handle never lags behind the hand, and the picture is
never further behind than one drawing. Where `anywidget` is missing, or ipywidgets is older than 8,
there is a plain image, and sliders do all that a hand can do.
"""

import math
from functools import cache

import ipywidgets as widgets

_ESM = """
const UNDER_WAY = 2;                                   // messages at a time
const SVG = "http://www.w3.org/2000/svg";

function render({ model, el }) {
  const root = document.createElement("div"), img = document.createElement("img");
  const svg = document.createElementNS(SVG, "svg");
  const [width, height] = [model.get("width"), model.get("height")];
  root.className = "nbhelpers-screen";
  root.style.width = width + "px";
  root.setAttribute("data-lm-suppress-shortcuts", "true");
  img.width = width; img.height = height; img.alt = ""; img.draggable = false;
  svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  svg.setAttribute("aria-hidden", "true");             // sliders do the same for the keyboard
  root.append(img, svg); el.appendChild(root);

  const circles = new Map();                           // name -> circle
  let held = null, sent = model.get("seen"), newest = null, url = null;

  const picture = () => {
    const old = url;
    url = URL.createObjectURL(new Blob([model.get("value")], { type: "image/jpeg" }));
    img.src = url;
    if (old) img.decode().catch(() => 0).then(() => URL.revokeObjectURL(old));
  };
  const put = (name, x, y) => {
    const c = circles.get(name);
    c.setAttribute("cx", x); c.setAttribute("cy", y);
  };
  const places = () => {
    const now = model.get("handles");
    for (const [name, c] of circles) if (!(name in now)) { c.remove(); circles.delete(name); }
    for (const [name, [x, y]] of Object.entries(now)) {
      if (!circles.has(name)) {
        const c = document.createElementNS(SVG, "circle");
        c.setAttribute("r", 9); c.dataset.name = name;
        circles.set(name, c); svg.appendChild(c);
      }
      if (name !== held) put(name, x, y);              // the hand knows better where its own is
    }
  };
  const flush = () => {
    if (newest && sent - model.get("seen") < UNDER_WAY) {
      sent += 1;
      model.send({ ...newest, serial: sent });
      newest = null;
    }
  };
  const seen = () => { if (held === null && !newest) places(); flush(); };
  const place = e => {
    const box = svg.getBoundingClientRect();
    const clip = (v, most) => Math.min(most, Math.max(0, v));
    return [clip((e.clientX - box.left) / box.width * width, width),
            clip((e.clientY - box.top) / box.height * height, height)];
  };
  const down = e => {
    if (held !== null || e.button || !e.target.dataset.name) return;
    e.preventDefault(); e.stopPropagation();
    held = e.target.dataset.name;
    e.target.classList.add("held");
    try { svg.setPointerCapture(e.pointerId); } catch (_) { /* a pointer that is gone */ }
  };
  const move = e => {
    if (held === null) return;
    e.preventDefault();
    const [x, y] = place(e);
    put(held, x, y);
    newest = { handle: held, x, y, last: false };
    flush();
  };
  const up = () => {
    if (held === null) return;
    const c = circles.get(held);
    if (c) {
      c.classList.remove("held");
      const [x, y] = ["cx", "cy"].map(name => Number(c.getAttribute(name)));
      newest = { handle: held, x, y, last: true };
    }
    held = null;
    flush();
    if (sent === model.get("seen") && !newest) places();
  };
  svg.addEventListener("pointerdown", down);
  svg.addEventListener("pointermove", move);
  for (const end of ["pointerup", "pointercancel", "lostpointercapture"])
    svg.addEventListener(end, up);
  model.on("change:value", picture);
  model.on("change:handles", places);
  model.on("change:seen", seen);
  picture(); places();
  return () => {
    model.off("change:value", picture); model.off("change:handles", places);
    model.off("change:seen", seen);
    URL.revokeObjectURL(url);
  };
}
export default { render };
"""

_CSS = """
.nbhelpers-screen { position: relative; max-width: 100%; }
.nbhelpers-screen img { display: block; width: 100%; height: auto; margin: 0; }
.nbhelpers-screen svg { position: absolute; inset: 0; width: 100%; height: 100%;
  touch-action: pan-y; -webkit-user-select: none; user-select: none; }
.nbhelpers-screen circle { fill: #fff; fill-opacity: .85; stroke: #222; stroke-width: 2.5;
  cursor: grab; touch-action: none; }
.nbhelpers-screen circle:hover { fill: #F0E442; }
.nbhelpers-screen circle.held { fill: #F0E442; cursor: grabbing; }
"""


@cache
def screen_class():
    """The class of the widget, or None where there can't be one."""
    try:
        import anywidget
    except ImportError:
        return None
    if int(widgets.__version__.split(".")[0]) < 8:
        return None
    import traitlets

    class Screen(anywidget.AnyWidget):
        """The picture (`value`, a JPEG file's bytes) and its handles, in its pixels."""

        _esm = _ESM
        _css = _CSS
        value = traitlets.Bytes().tag(sync=True)
        width = traitlets.Int().tag(sync=True)
        height = traitlets.Int().tag(sync=True)
        handles = traitlets.Dict().tag(sync=True)  # name -> [x, y], from the top left
        seen = traitlets.Int().tag(sync=True)  # the serial number of the last message

        def __init__(self, picture, pointed):
            super().__init__(width=picture.width, height=picture.height)
            self._pointed = pointed
            self.on_msg(self._heard)

        def show(self, jpeg, places):
            """Show the picture, its handles at these places {name: (x, y)}."""
            self.value = jpeg
            self.handles = {name: [round(float(v), 1) for v in at] for name, at in places.items()}

        def _heard(self, _, content, buffers):
            """A handle was moved; what isn't such a message is passed over."""
            try:
                name, x, y, serial = (content[key] for key in ("handle", "x", "y", "serial"))
                good = isinstance(name, str) and math.isfinite(x) and math.isfinite(y)
                serial, last = int(serial), bool(content.get("last", True))
            except (TypeError, KeyError, ValueError, OverflowError):
                return
            with self.hold_sync():  # one message brings picture, handles and number
                try:
                    if good:
                        self._pointed(name, float(x), float(y), last)
                finally:
                    self.seen = serial  # whatever happened: the page waits for it

    return Screen


def screen(picture, pointed):
    """A new Screen that calls pointed(name, x, y, last), or None where there can't be one."""
    made = screen_class()
    return None if made is None else made(picture, pointed)
