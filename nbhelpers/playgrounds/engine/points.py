"""Points that a reader adds to a playground's data: as text, and by a click in the picture.

As text a point is class:x1:x2, and several are joined by semicolons: "0:0.5:1.2;1:-1:0.3". So
they are part of a settings string.

A click needs JavaScript, and with it `anywidget` and ipywidgets 8. Its widget shows one line of
words only and watches for clicks in the picture of the panel that it stands in. Where it is
missing, a panel's number boxes place a point as exactly.
"""

import math

import ipywidgets

EDGE = 5.5  # coordinates lie between -EDGE and EDGE
CLASSES = 5  # classes 0 to 4
MOST = 60  # points


def read_points(text):
    """The points of a text: a list of (class, x1, x2), coordinates rounded to two digits.

    Raises
    ------
    ValueError
        Says what is wrong: not three numbers, an unknown class, outside the picture, too many.
    """
    pieces = [piece for piece in text.split(";") if piece.strip()]
    if len(pieces) > MOST:
        raise ValueError(f"{len(pieces)} points are too many, {MOST} are allowed")
    points = []
    for piece in pieces:
        try:
            k, x1, x2 = piece.split(":")
            points.append(checked_point(int(k), float(x1), float(x2)))
        except (ValueError, OverflowError) as error:
            wrong = str(error) if "must" in str(error) else "it is not class:x1:x2"
            raise ValueError(f"{piece.strip()!r:.40} is no point: {wrong}") from None
    return points


def checked_point(k, x1, x2):
    """The point (class, x1, x2) with rounded coordinates, or ValueError if it cannot be one."""
    if not 0 <= k < CLASSES:
        raise ValueError(f"the class must be 0 to {CLASSES - 1}")
    if not (abs(x1) <= EDGE and abs(x2) <= EDGE):  # NaN fails here too
        raise ValueError(f"x1 and x2 must lie from {-EDGE} to {EDGE}")
    return k, round(x1, 2) + 0.0, round(x2, 2) + 0.0  # never -0.0


def write_points(points):
    """The text of some points; `read_points` reads it back."""
    return ";".join(f"{k}:{x1:g}:{x2:g}" for k, x1, x2 in points)


def normalize_points(text):
    """A text of points in its one proper form (see `read_points` for errors)."""
    return write_points(read_points(text))


# ---------------------------------------------------------------- a click in the picture
_ESM = """
function render({ model, el }) {
  const words = document.createElement("span");
  words.className = "nn-click-words";
  words.textContent = model.get("words");
  el.appendChild(words);

  // Where an event hit the part of this panel's picture that takes clicks: [x, y], or null.
  const place = e => {
    const img = e.target, panel = el.closest(".nn-panel");
    if (!(img instanceof HTMLImageElement) || !img.classList.contains("nn-picture")) return null;
    if (!panel || !panel.contains(img)) return null;
    const box = img.getBoundingClientRect(), [left, top, right, bottom] = model.get("area");
    const x = ((e.clientX - box.left) / box.width - left) / (right - left);
    const y = ((e.clientY - box.top) / box.height - top) / (bottom - top);
    img.style.cursor = x >= 0 && x <= 1 && y >= 0 && y <= 1 ? "crosshair" : "";
    return img.style.cursor ? [x, y] : null;
  };
  const down = e => {                     // no dragging of the picture, no selecting of cells
    if (e.button || !place(e)) return;
    e.preventDefault();
    if (e.shiftKey) e.stopPropagation();
  };
  const click = e => {
    const at = place(e);
    if (at) model.send({ x: at[0], y: at[1], back: e.shiftKey });
  };
  document.addEventListener("mousedown", down, true);
  document.addEventListener("click", click);
  document.addEventListener("mousemove", place);
  return () => {
    document.removeEventListener("mousedown", down, true);
    document.removeEventListener("click", click);
    document.removeEventListener("mousemove", place);
  };
}
export default { render };
"""

_click_class = None


def click_watcher(area, clicked, words):
    """A widget that reports clicks in the picture of its panel, or None where there is none.

    Parameters
    ----------
    area : (left, top, right, bottom)
        The part of the picture that takes clicks, in shares of its width and height.
    clicked : callable
        clicked(x, y, back): where, from 0 to 1 from the left and from the top of the area, and
        whether the shift key was down.
    words : str
        What it shows once it works in the page.
    """
    global _click_class
    if int(ipywidgets.__version__.split(".")[0]) < 8:
        return None
    try:
        import anywidget
    except ImportError:
        return None
    if _click_class is None:
        import traitlets

        class ClickWatcher(anywidget.AnyWidget):
            """Sends a message {x, y, back} for every click in the picture."""

            _esm = _ESM
            area = traitlets.List().tag(sync=True)
            words = traitlets.Unicode().tag(sync=True)

        _click_class = ClickWatcher
    watcher = _click_class(area=list(area), words=words)

    def heard(widget, content, buffers):
        x, y = content.get("x"), content.get("y")
        numbers = all(isinstance(v, (int, float)) and math.isfinite(v) for v in (x, y))
        if numbers and 0 <= x <= 1 and 0 <= y <= 1:
            clicked(x, y, bool(content.get("back")))

    watcher.on_msg(heard)
    return watcher
