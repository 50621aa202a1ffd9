"""A canvas to draw on with mouse, pen or finger; the page sends the strokes as points."""

ESM = """
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

CSS = """
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

_class = None


def drawing_surface():
    """A new drawing widget, or None where `anywidget` is missing."""
    global _class
    try:
        import anywidget
    except ImportError:
        return None
    if _class is None:
        import traitlets

        class DrawingSurface(anywidget.AnyWidget):
            """The canvas; `strokes` is a list of flat lists x0, y0, x1, y1, ... from 0 to 280."""

            _esm = ESM
            _css = CSS
            strokes = traitlets.List().tag(sync=True)

        _class = DrawingSurface
    return _class()
