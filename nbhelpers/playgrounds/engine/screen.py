"""A picture under a hand: its handles are dragged, its places are clicked and pointed at.

A handle can be held at its circle, or anywhere along its line if the picture has one (`reach`; not
by a finger, whose swipe scrolls); it never jumps to the hand. The page moves it at once, and the
picture follows: the page sends where the handle is, and at most two such messages are under way;
while the kernel draws, only the newest place is kept. So a handle never lags behind the hand, and
the picture is never further behind than one drawing. Where the hand rests or lets go is said to be
the `last` place: all the rest is brought up to it. A click that isn't on a handle is such a
message, too. What a resting pointer asks, one question at a time, is answered in words that the
page shows beside it. Where `anywidget` is missing, or ipywidgets is older than 8, there is a plain
image, and sliders and menus do all that a hand can do.
"""

import math
from functools import cache

import ipywidgets as widgets

_ESM = """
const UNDER_WAY = 2;                                   // messages at a time
const REST = 200;                                      // ms without a move: the hand rests
const SVG = "http://www.w3.org/2000/svg";

function render({ model, el }) {
  const root = document.createElement("div"), img = document.createElement("img");
  const svg = document.createElementNS(SVG, "svg"), tip = document.createElement("div");
  const [width, height] = [model.get("width"), model.get("height")];
  root.className = "nbhelpers-screen";
  root.style.width = width + "px";
  root.setAttribute("data-lm-suppress-shortcuts", "true");
  img.width = width; img.height = height; img.alt = ""; img.draggable = false;
  svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  svg.setAttribute("aria-hidden", "true");             // sliders do the same for the keyboard
  tip.className = "tip"; tip.hidden = true;
  tip.setAttribute("aria-hidden", "true");             // the words below say the same
  root.append(img, svg, tip); el.appendChild(root);

  const circles = new Map(), lines = new Map();        // name -> circle, line
  let held = null, grip = null, sent = model.get("seen"), newest = null, url = null, loading = null;
  let resting = null, down_at = null, asked = model.get("told")[0], over = null, question = null;

  const set = (shape, values) => {
    for (const [k, v] of Object.entries(values)) shape.setAttribute(k, v);
  };
  for (const [name, [x, y, w, h]] of Object.entries(model.get("places"))) {
    const area = document.createElementNS(SVG, "rect");
    set(area, { x, y, width: w, height: h });
    area.dataset.place = name;
    svg.appendChild(area);
  }

  const picture = () => {
    if (loading) return;                               // replaced now, it would never be seen
    const old = url;
    loading = model.get("value");
    url = URL.createObjectURL(new Blob([loading], { type: "image/jpeg" }));
    img.onload = img.onerror = () => {
      const last = loading;
      loading = null;
      if (old) URL.revokeObjectURL(old);
      if (model.get("value") !== last) picture();
    };
    img.src = url;
  };
  const shape = (all, kind, name) => {
    if (all.has(name)) return all.get(name);
    const made = document.createElementNS(SVG, kind);
    made.dataset.name = name;
    svg.insertBefore(made, kind === "line" ? svg.querySelector("circle") : null);
    all.set(name, made);
    return made;
  };
  const put = (name, cx, cy) => set(shape(circles, "circle", name), { cx, cy, r: 9 });
  const places = () => {
    const now = model.get("handles"), reach = model.get("reach");
    for (const [all, names] of [[circles, now], [lines, reach]])
      for (const [name, s] of all) if (!(name in names)) { s.remove(); all.delete(name); }
    for (const [name, [x, y]] of Object.entries(now))
      if (name !== held) put(name, x, y);              // the hand knows better where its own is
    for (const [name, [x1, y1, x2, y2]] of Object.entries(reach))
      set(shape(lines, "line", name), { x1, y1, x2, y2 });
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
  const ask = () => {
    const [last] = model.get("told");
    if (question === null || last < asked) return;
    asked = last + 1;
    model.send({ ...question, serial: asked });
    question = null;
  };
  const told = () => {
    tip.textContent = model.get("told")[1];
    tip.hidden = over === null || !tip.textContent;
    ask();
  };
  const leave = () => { over = question = null; tip.hidden = true; };
  const point = e => {                                 // a mouse that is on a place
    const name = e.target.dataset.place;
    if (!name || e.buttons || e.pointerType === "touch") return leave();
    const [x, y] = place(e);
    over = name; question = { hover: name, x, y };
    const box = svg.getBoundingClientRect();
    tip.style.top = `${e.clientY - box.top + 18}px`;
    const left = e.clientX - box.left, scale = box.width / width;
    const [from, , wide] = model.get("places")[name], middle = (from + wide / 2) * scale;
    const room = wide / 2 * scale + Math.abs(left - middle) - 12;  // what is beside it stays seen
    tip.style.maxWidth = `${Math.max(room, 0.3 * box.width)}px`;
    if (left < middle) { tip.style.left = `${left + 12}px`; tip.style.right = ""; }
    else { tip.style.right = `${box.width - left + 12}px`; tip.style.left = ""; }
    ask();
  };
  const where = () => ["cx", "cy"].map(k => Number(circles.get(held).getAttribute(k)));
  const pulled = (x, y) => {                           // where the hand at (x, y) has its handle
    const { px, py, more, dx, dy } = grip;
    if (more === undefined) return [x + dx, y + dy];
    const far = Math.hypot(x - px, y - py) || 1, s = Math.max(far + more, 1) / far;
    return [px + s * (x - px), py + s * (y - py)];     // it turns, and its length changes
  };
  const down = e => {
    down_at = e.button ? null : e.target.dataset.place ? e : null;
    if (held !== null || e.button || !circles.has(e.target.dataset.name)) return;
    if (e.pointerType === "touch" && e.target.tagName === "line") return;   // a swipe scrolls
    e.preventDefault(); e.stopPropagation();
    held = e.target.dataset.name;
    circles.get(held).classList.add("held");
    const [x, y] = place(e), [u, v] = where(), [px, py, , , turns] = model.get("reach")[held] ?? [];
    grip = turns ? { px, py, more: Math.hypot(u - px, v - py) - Math.hypot(x - px, y - py) }
                 : { dx: u - x, dy: v - y };
    try { svg.setPointerCapture(e.pointerId); } catch (_) { /* a pointer that is gone */ }
  };
  const move = e => {
    if (held === null) return point(e);
    e.preventDefault();
    const [x, y] = pulled(...place(e));
    put(held, x, y);
    newest = { handle: held, x, y, last: false };
    flush();
    clearTimeout(resting);
    resting = setTimeout(rest, REST);
  };
  const rest = () => {                                 // once after a move
    if (resting === null) return;
    clearTimeout(resting);
    resting = null;
    if (!circles.has(held)) return;
    const [x, y] = where();
    newest = { handle: held, x, y, last: true };
    flush();
  };
  const up = e => {
    const from = down_at;
    down_at = null;
    if (held === null) {
      if (!from || e.type !== "pointerup") return;
      if (Math.hypot(e.clientX - from.clientX, e.clientY - from.clientY) > 5) return;
      const [x, y] = place(from);
      newest = { press: from.target.dataset.place, x, y };
      flush();
      return;
    }
    rest();
    circles.get(held)?.classList.remove("held");
    held = null;
    if (sent === model.get("seen") && !newest) places();
  };
  svg.addEventListener("pointerdown", down);
  svg.addEventListener("touchstart", e => {            // a finger on a handle drags: no scrolling
    if (e.target.tagName === "circle") e.preventDefault();
  }, { passive: false });
  svg.addEventListener("pointermove", move);
  for (const end of ["pointerup", "pointercancel", "lostpointercapture"])
    svg.addEventListener(end, up);
  svg.addEventListener("pointerleave", leave);
  model.on("change:value", picture);
  model.on("change:handles change:reach", places);
  model.on("change:seen", seen);
  model.on("change:told", told);
  picture(); places();
  return () => {
    clearTimeout(resting);
    model.off("change:value", picture); model.off("change:handles change:reach", places);
    model.off("change:seen", seen); model.off("change:told", told);
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
.nbhelpers-screen line { stroke: transparent; stroke-width: 20; stroke-linecap: round;
  cursor: grab; }
.nbhelpers-screen rect { fill: transparent; cursor: pointer; }
.nbhelpers-screen .tip { position: absolute; z-index: 2; padding: 4px 8px;
  font-size: 14px; line-height: 1.35; color: #fff; background: #222; border-radius: 4px;
  pointer-events: none; white-space: pre-line; box-sizing: border-box; }
.nbhelpers-screen .tip[hidden] { display: none; }
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
        """The picture (`value`, a JPEG file's bytes), its handles and places, in its pixels."""

        _esm = _ESM
        _css = _CSS
        value = traitlets.Bytes().tag(sync=True)
        width = traitlets.Int().tag(sync=True)
        height = traitlets.Int().tag(sync=True)
        handles = traitlets.Dict().tag(sync=True)  # name -> [x, y], from the top left
        reach = traitlets.Dict().tag(sync=True)  # name -> [x1, y1, x2, y2, turns], see Picture
        seen = traitlets.Int().tag(sync=True)  # the serial number of the last message
        places = traitlets.Dict().tag(sync=True)  # name -> [left, top, width, height]
        told = traitlets.List([0, ""]).tag(sync=True)  # the number of the last question, its answer

        def __init__(self, picture, dragged, pressed, hovered):
            boxes = {name: ax.bbox for name, ax in picture.places().items()}
            super().__init__(
                width=picture.width,
                height=picture.height,
                places={
                    name: [box.x0, picture.height - box.y1, box.width, box.height]
                    for name, box in boxes.items()
                },
            )
            self._dragged, self._pressed, self._hovered = dragged, pressed, hovered
            self.on_msg(self._heard)

        def show(self, jpeg, places, reach):
            """Show the picture, its handles at these places {name: (x, y)}, and their lines.

            `reach`: {name: (x1, y1, x2, y2, turns)}.
            """
            self.value = jpeg
            self.handles, self.reach = (
                {name: [round(float(v), 1) for v in at] for name, at in each.items()}
                for each in (places, reach)
            )

        def _heard(self, _, content, buffers):
            """What the hand does; what isn't such a message is passed over."""
            try:
                (kind,) = {"handle", "press", "hover"}.intersection(content)
                name, x, y, serial = (content[key] for key in (kind, "x", "y", "serial"))
                good = isinstance(name, str) and math.isfinite(x) and math.isfinite(y)
                serial, last = int(serial), bool(content.get("last", True))
            except (TypeError, KeyError, ValueError, OverflowError):
                return
            words = ""
            with self.hold_sync():  # one message brings picture, handles and number
                try:
                    if good and kind == "hover":
                        words = self._hovered(name, float(x), float(y))
                    elif good and kind == "press":
                        self._pressed(name, float(x), float(y))
                    elif good:
                        self._dragged(name, float(x), float(y), last)
                finally:  # whatever happened: the page waits for it
                    if kind == "hover":
                        self.told = [serial, words]
                    else:
                        self.seen = serial

    return Screen


def screen(picture, dragged, pressed, hovered):
    """A new Screen, or None where there can't be one.

    It calls dragged(name, x, y, last), pressed(place, x, y) and hovered(place, x, y) -> words.
    """
    made = screen_class()
    return None if made is None else made(picture, dragged, pressed, hovered)
