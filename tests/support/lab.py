"""A real JupyterLab and a real Chromium for the tests, isolated from the user's own settings.

Use it as::

    with jupyter_lab(folder) as address, chromium() as browser:
        notebook = open_notebook(browser, address, "notebooks/01_xor_loop.ipynb")
        notebook.run_all()

or, for a few cells, ``with run_cells(browser, folder, "1 + 1") as notebook:``.
"""

import contextlib
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

import nbformat
from notebook_tools import write

BROWSERS = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
    "microsoft-edge",
    "msedge",
)
INSTALLED = (  # where macOS and Windows put a browser that is not on the PATH
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "C:/Program Files/Google/Chrome/Application/chrome.exe",
    "C:/Program Files (x86)/Microsoft/Edge/Application/msedge.exe",
)
# What ipykernel says of JupyterLab's own doings (it looks for widgets before ipywidgets is
# imported, and closes a channel on which a message is still on its way), and Dask of a worker that
# takes more than 4 seconds to end, on a busy machine.
NOT_OURS = re.compile(
    r"^No such comm target registered: jupyter\.widget\.control\s*$"
    r"|^No such comm: [0-9a-f-]+\s*$"
    r"|never retrieved.*ipykernel.*subshell"
    r"|distributed\.nanny - WARNING - Worker process still alive after [\d.]+ seconds, killing\s*$",
    re.DOTALL,
)
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def until(true, seconds, pause=time.sleep):
    """What ``true()`` gives as soon as that is something true, or at last, after ``seconds``."""
    end = time.monotonic() + seconds
    while not (found := true()) and time.monotonic() < end:
        pause(0.1)
    return found


def find_browser():
    """Path of a Chromium, Chrome or Edge (``CHROMIUM`` names one), or None."""
    named = os.environ.get("CHROMIUM")
    if named:
        if shutil.which(named) is None:
            raise FileNotFoundError(f"CHROMIUM names {named!r}, which is not a program")
        return shutil.which(named)
    for name in BROWSERS:
        if found := shutil.which(name):
            return found
    return next((path for path in INSTALLED if Path(path).is_file()), None)


def free_port():
    """A TCP port of this machine that nobody listens on."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def lab_environment(home):
    """Environment variables that keep every Jupyter file below the folder ``home``."""
    home = Path(home)
    settings = home / "settings"
    overrides = {
        "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
        # Every cell is in the page, so that a test reaches it without scrolling.
        "notebook-extension/tracker": {"windowingMode": "none"},
        "docmanager-extension/plugin": {"autosave": False},
    }
    for name, values in overrides.items():
        file = settings / "@jupyterlab" / f"{name}.jupyterlab-settings"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(values), encoding="utf-8")
    env = dict(os.environ)
    env.update(
        JUPYTER_CONFIG_DIR=str(home / "config"),
        JUPYTER_DATA_DIR=str(home / "data"),
        JUPYTER_RUNTIME_DIR=str(home / "runtime"),
        JUPYTERLAB_SETTINGS_DIR=str(settings),
        JUPYTERLAB_WORKSPACES_DIR=str(home / "workspaces"),
        IPYTHONDIR=str(home / "ipython"),
        XDG_CACHE_HOME=str(home / "cache"),  # where best scores are kept
        JUPYTER_PREFER_ENV_PATH="1",
    )
    for name in ("JUPYTER_TOKEN", "JUPYTER_PATH", "JUPYTER_CONFIG_PATH", "MPLBACKEND"):
        env.pop(name, None)
    env.pop("NBHELPERS_MY_NETWORK", None)  # `folder` is a copy: what a reader writes may be there
    return env


@contextlib.contextmanager
def jupyter_lab(folder, *options, seconds=90):
    """Serve ``folder`` with a JupyterLab of its own; yields its address, stops it at the end.

    ``options`` are further words of its command line.
    """
    home = Path(tempfile.mkdtemp(prefix="lab-"))
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    command = [
        *(sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root"),
        *("--ip=127.0.0.1", f"--port={port}", "--ServerApp.port_retries=0"),
        "--ServerApp.disable_check_xsrf=True",
        *("--IdentityProvider.token=", "--expose-app-in-browser"),
        f"--ServerApp.root_dir={Path(folder).resolve()}",
        *options,
    ]
    log, env = home / "log.txt", lab_environment(home)
    try:
        with log.open("w", encoding="utf-8") as sink:
            lab = subprocess.Popen(command, env=env, cwd=folder, stdout=sink, stderr=sink)
            try:
                wait_for(address, lab, seconds, log)
                yield address
            finally:
                stop(lab, address)
    finally:
        shutil.rmtree(home, ignore_errors=True)


def wait_for(address, lab, seconds, log):
    """Return as soon as the server answers; RuntimeError with its log when it does not."""

    def answers():
        with contextlib.suppress(OSError):
            return urllib.request.urlopen(f"{address}/api", timeout=2).close() is None

    until(lambda: lab.poll() is not None or answers(), seconds)
    if lab.poll() is not None or not answers():
        tail = log.read_text(encoding="utf-8", errors="replace")[-3000:]
        raise RuntimeError(f"JupyterLab did not answer at {address} within {seconds} s:\n{tail}")


def end_kernels(address):
    """Shut down every kernel of a server."""
    with urllib.request.urlopen(f"{address}/api/kernels", timeout=5) as answer:
        kernels = json.load(answer)
    for kernel in kernels:
        request = urllib.request.Request(f"{address}/api/kernels/{kernel['id']}", method="DELETE")
        with contextlib.suppress(urllib.error.HTTPError):
            urllib.request.urlopen(request, timeout=20).close()


def stop(lab, address):
    """Shut the kernels down, then the server."""
    with contextlib.suppress(OSError):  # a server that died has no kernels left
        end_kernels(address)
    lab.terminate()
    try:
        lab.wait(20)
    except subprocess.TimeoutExpired:
        lab.kill()
        lab.wait()


@contextlib.contextmanager
def chromium():
    """A headless browser; yields playwright's Browser."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as p:
        browser = p.chromium.launch(executable_path=find_browser(), args=list(FLAGS))
        try:
            yield browser
        finally:
            browser.close()


READY = """() => {
  const w = window.jupyterapp && window.jupyterapp.shell.currentWidget;
  const k = w && w.sessionContext && w.sessionContext.session && w.sessionContext.session.kernel;
  return !!(k && k.status === 'idle' && k.connectionStatus === 'connected');
}"""

KERNEL = """() => {
  const w = window.jupyterapp && window.jupyterapp.shell.currentWidget;
  const s = w && w.sessionContext;
  const k = s && s.session && s.session.kernel;
  return {
    widget: w && w.title.label, ready: s && s.isReady, kernel: k && k.status,
    connection: k && k.connectionStatus,
    dialogs: [...document.querySelectorAll('.jp-Dialog')].map(d => d.textContent),
  };
}"""

ASK = """() => {
  const s = window.jupyterapp && window.jupyterapp.shell.currentWidget.sessionContext;
  if (s && s.session && s.session.kernel) s.session.kernel.requestKernelInfo().catch(() => 0);
}"""

OPEN = """async path => {
  await window.jupyterapp.commands.execute('docmanager:open', {path});
}"""

LEAVE = """async () => {
  const notebook = window.jupyterapp.shell.currentWidget;
  await notebook.sessionContext.shutdown();
  notebook.dispose();
}"""

# Everything that the kernel says on stderr or raises, a widget's callback included, which
# JupyterLab shows in no cell.
LISTEN = """() => {
  window.said = [];
  window.jupyterapp.shell.currentWidget.sessionContext.iopubMessage.connect((_, m) => {
    const c = m.content;
    if (m.header.msg_type === 'error') window.said.push(c.ename + ': ' + c.evalue);
    if (m.header.msg_type === 'stream' && c.name === 'stderr') window.said.push(c.text);
  });
}"""

RUN_ALL = """() => {
  window.ran = false;
  window.jupyterapp.commands.execute('notebook:run-all-cells').then(() => { window.ran = true; });
}"""

RUNNING = """() => {
  const cells = [...document.querySelectorAll('.jp-CodeCell')];
  const prompt = c => (c.querySelector('.jp-InputPrompt') || {}).textContent || '';
  const waiting = cells.filter(c => prompt(c).includes('*'));
  const first = waiting.length ? waiting[0].querySelector('.jp-InputArea').textContent : '';
  return waiting.length + ' of ' + cells.length + ' cells wait, the first: ' + first.slice(0, 200);
}"""

# The outermost output around each slider, play button or canvas is a panel. Each gets a number.
PANELS = """() => {
  const roots = [];
  for (const e of document.querySelectorAll(
      '.jp-OutputArea .widget-slider, .jp-OutputArea .widget-play, .jp-OutputArea canvas')) {
    let root = null;
    for (let n = e; n; n = n.parentElement) {
      if (n.classList.contains('jp-OutputArea-child')) root = n;
    }
    if (root && !roots.includes(root)) roots.push(root);
  }
  roots.forEach((root, i) => root.setAttribute('data-panel', i));
  return roots.length;
}"""

# What a panel shows: its pictures' bytes (never only their addresses, each of which stands for the
# same bytes as long as it exists) and its words, without the sliders' own numbers.
SHOWN = """async root => {
  root.known = root.known || new Map();
  const bytes = async img => {
    if (!img.src.startsWith('blob:')) return img.src;
    if (root.known.has(img.src)) return root.known.get(img.src);
    const src = img.src;
    try {
      const data = new Uint8Array(await (await fetch(src)).arrayBuffer());
      let h = 2166136261;
      for (const b of data) h = Math.imul(h ^ b, 16777619) >>> 0;
      root.known.set(src, data.length + ':' + h);
      return root.known.get(src);
    } catch (e) { return null; }  // replaced while it was read
  };
  const seen = [...root.querySelectorAll('img')];
  let pictures = await Promise.all(seen.map(bytes));
  if (pictures.includes(null)) pictures = await Promise.all(
    [...root.querySelectorAll('img')].map(bytes));
  const words = [...root.querySelectorAll('.widget-html, .widget-label, pre, svg')]
    .filter(e => !e.closest('.widget-slider')).map(e => e.outerHTML);
  return {pictures: pictures.join('|'), words: words.join('|')};
}"""

# Counts the pictures that a panel shows from now on.
COUNT = """root => {
  if (root.counter) root.counter.disconnect();
  root.frames = 0;
  root.counter = new MutationObserver(list => {
    root.frames += list.filter(m => m.target.tagName === 'IMG').length;
  });
  root.counter.observe(root, {attributes: true, attributeFilter: ['src'], subtree: true});
}"""


class Panel:
    """One interactive output of an open notebook: sliders, buttons, pictures."""

    def __init__(self, page, number):
        self.page = page
        self.root = page.locator(f'[data-panel="{number}"]')
        self.number = number

    def shown(self):
        """What the panel shows now: ``pictures`` and ``words``, each one string."""
        return self.root.evaluate(SHOWN)

    @property
    def has_picture(self):
        """Whether the panel shows a live picture (and not words alone)."""
        return self.root.locator("img").count() > 0

    def settled(self, quiet=0.5, seconds=180):
        """What the panel shows once it has stayed the same for ``quiet`` seconds."""
        end = time.monotonic() + seconds
        shown, since = self.shown(), time.monotonic()
        while time.monotonic() - since < quiet:
            if time.monotonic() > end:
                raise AssertionError(f"panel {self.number} still changes after {seconds} s")
            self.page.wait_for_timeout(150)
            if (now := self.shown()) != shown:
                shown, since = now, time.monotonic()
        return shown

    def until(self, true, seconds=180):
        """What ``true()`` gives as soon as that is something true; the page goes on meanwhile."""
        return until(true, seconds, lambda s: self.page.wait_for_timeout(1000 * s))

    def changed(self, before, part):
        """Whether ``part`` ("pictures" or "words") becomes another than ``before``."""
        return self.until(lambda: self.shown()[part] != before[part])

    def unfold(self):
        """Open every closed fold of the panel, so that its controls can be reached."""
        for fold in self.root.locator(".jupyter-widget-Collapse-closed > *:first-child").all():
            fold.click()
        for more in self.button("More settings").all():
            if "mod-active" not in more.get_attribute("class"):
                more.click()

    def sliders(self):
        """The panel's sliders as pairs (label, handle)."""
        found = []
        for slider in self.root.locator(".widget-slider").all():
            label = slider.locator(".widget-label").first.text_content()
            handle = slider.locator(".noUi-handle, .ui-slider-handle").first
            found.append((label.strip(), handle))
        return found

    def move(self, handle):
        """Move a slider by one key press: to the right, or to the left from its right end."""
        before = handle.get_attribute("aria-valuetext")
        handle.focus()
        handle.press("ArrowRight")
        if handle.get_attribute("aria-valuetext") == before:
            handle.press("ArrowLeft")
        return handle.get_attribute("aria-valuetext") != before

    def button(self, text):
        """The panel's buttons whose text contains ``text``."""
        return self.root.locator(".widget-button, .widget-toggle-button").filter(has_text=text)

    def forget(self):
        """Take the curves of earlier runs out of the picture, if the panel shows any."""
        clear = self.button("Clear kept")
        if clear.count():
            self.settled()
            clear.first.click()

    @property
    def play(self):
        """The Play widget's first button: play and pause."""
        return self.root.locator(".widget-play button").first

    def count_frames(self):
        """Start to count pictures from zero."""
        self.root.evaluate(COUNT)

    def shows_frames(self, n):
        """Whether ``n`` pictures are shown since ``count_frames``, waiting for them."""
        return self.until(lambda: self.root.evaluate("root => root.frames") >= n)


class OpenNotebook:
    """A notebook in JupyterLab, with what went wrong there: ``said()`` and ``console``."""

    def __init__(self, page):
        self.page = page
        self.console = []
        page.on("pageerror", self._page_error)
        page.on("console", self._hear)

    def _page_error(self, error):
        self.console.append(f"page error: {error}")

    def _hear(self, message):
        if message.type == "error":
            self.console.append(f"{message.text} ({message.location.get('url', '')})")

    def said(self):
        """What the kernel raised or wrote on stderr since the last call, callbacks included."""
        said = self.page.evaluate("() => window.said.splice(0)")
        return [text for text in said if not NOT_OURS.search(text)]

    def ready(self, seconds=60):
        """Wait for the cells and for their kernel, and hear what it says; returns the notebook."""
        self.page.wait_for_selector(".jp-Notebook .jp-Cell", timeout=90_000)
        self.idle(seconds)
        self.page.evaluate(LISTEN)
        return self

    def leave(self):
        """Shut the kernel down and close the notebook's tab; the page stays, and is returned."""
        self.page.evaluate(LEAVE)
        self.page.wait_for_timeout(200)  # for what is still said, which belongs to this notebook
        self.page.remove_listener("pageerror", self._page_error)
        self.page.remove_listener("console", self._hear)
        return self.page

    def close(self):
        """Shut the kernel down and close the page."""
        try:
            self.leave()
        finally:
            self.page.close()

    def idle(self, seconds=60):
        """Wait until the kernel has nothing to do; TimeoutError that says what it does instead.

        A new connection sometimes misses the kernel's first "idle" and then waits for ever, so
        the kernel is asked a question now and then: its answer brings its state along.
        """
        start = asked = time.monotonic()
        while not self.page.evaluate(READY):
            now = time.monotonic()
            if now - start > seconds:
                state = self.page.evaluate(KERNEL)
                raise TimeoutError(f"kernel not idle after {seconds} s: {state}, {self.console}")
            if now - asked > 5:
                self.page.evaluate(ASK)
                asked = now
            self.page.wait_for_timeout(150)

    def run_all(self, seconds=360):
        """Run every cell and wait for the last one; TimeoutError names the cell that lasts."""
        start = time.monotonic()
        self.page.evaluate(RUN_ALL)
        while not self.page.evaluate("() => window.ran"):
            if time.monotonic() - start > seconds:
                at = self.page.evaluate(RUNNING)
                raise TimeoutError(f"not run within {seconds} s, {at}; the kernel: {self.said()}")
            self.page.wait_for_timeout(150)
        self.idle()

    def errors(self):
        """Name and text of every error output in the notebook."""
        outputs = [o for cell in self.contents().cells for o in cell.get("outputs", ())]
        return [f"{o.ename}: {o.evalue}" for o in outputs if o.output_type == "error"]

    def contents(self):
        """The notebook as it is in the page, outputs included, as an nbformat 4 node."""
        model = "window.jupyterapp.shell.currentWidget.content.model"
        return nbformat.from_dict(self.page.evaluate(f"() => {model}.toJSON()"))

    def panels(self):
        """The notebook's interactive outputs, in order."""
        return [Panel(self.page, i) for i in range(self.page.evaluate(PANELS))]


def open_notebook(browser, address, path, width=1280, height=1000, page=None):
    """Open ``path`` (relative to the served folder) and wait for its kernel.

    It is opened in a new page, or in ``page``, which another notebook has left: about a third of
    the work for the browser, which need not start JupyterLab again.
    """
    if page is None:
        page = browser.new_page(viewport={"width": width, "height": height})
        notebook = OpenNotebook(page)
        page.goto(f"{address}/lab/tree/{path}?reset")
    else:
        notebook = OpenNotebook(page)
        page.evaluate(OPEN, path)
    return notebook.ready()


@contextlib.contextmanager
def run_cells(browser, folder, *cells):
    """Run a notebook of these cells in a JupyterLab that serves ``folder``; yields it, open.

    AssertionError if a cell fails, or if by the end anything went wrong in a callback or the page.
    """
    write(Path(folder) / "a.ipynb", *cells)
    with jupyter_lab(folder) as address:
        notebook = open_notebook(browser, address, "a.ipynb")
        notebook.run_all()
        yield notebook
        wrong = [*notebook.errors(), *notebook.said(), *notebook.console]
        notebook.close()
        if wrong:
            raise AssertionError("\n".join(wrong))
