"""The site on which the notebooks run: built, served on loopback, opened in a real Chromium.

Its Pyodide is not the one that the web would give it: see lite.py and pyodide.py.
"""

import importlib.util
import json
import os
import re
import subprocess
import sys
import zipfile
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import nbformat
import pytest
from lab import RUN_ALL, OpenNotebook
from lite import SECONDS, lab, make_ready, open_new, run_new, served
from notebook_tools import cells, notebooks, read
from pyodide import Missing, pyodide

from nbhelpers.playgrounds import FIGURES, PLAYGROUNDS
from nbhelpers.publishing import site as sites
from nbhelpers.publishing import site_lab, site_python
from nbhelpers.teaching.notebook_files import notebook_text

ROOT = Path(__file__).resolve().parents[2]
LATER = ("09", "10", "11", "12")  # better on a laptop


# -- what is put together ---------------------------------------------------------------------
def test_the_map_is_the_readmes():
    rows = sites.course_map(ROOT)
    assert [row["file"] for row in rows] == [path.name for path in notebooks()]
    assert all(int(row["minutes"]) and row["what"] for row in rows)


@pytest.mark.parametrize("path", notebooks(), ids=lambda path: path.stem)
def test_a_staged_notebook_differs_in_its_form_alone(path):
    """JupyterLite needs each output in one piece; what is large is named where it is needed."""
    text = notebook_text(site_lab.staged(path))
    before, after = read(path), nbformat.reads(text, as_version=4)
    sklearn = "\nimport sklearn  # in the browser it is fetched when a cell names it"
    kept = [cell for cell in before.cells if "links" not in cell.metadata.get("tags", ())]
    assert len(kept) == len(before.cells) - 1
    for old, new in zip(kept, after.cells, strict=True):
        if "in_browser" in old.metadata:
            assert new.source != old.source
        else:
            assert new.source.removeprefix(old.source) in ("", sklearn)
        assert new.get("outputs") == old.get("outputs")
    assert ("import sklearn  #" in text) == (path.stem[:2] in ("07", "08", "09", "10", "12"))
    for cell in json.loads(text)["cells"]:
        for output in cell.get("outputs", []):
            values = [output.get("text", ""), *output.get("data", {}).values()]
            assert not any(isinstance(value, list) for value in values)


def test_a_replacement_that_has_nothing_to_replace_is_an_error():
    assert site_lab.replaced("a = 1", {"1": "2"}) == "a = 2"
    for source in ("a = 2", "a = 1 + 1"):
        with pytest.raises(ValueError, match="'1' should stand once in the cell"):
            site_lab.replaced(source, {"1": "2"})


@pytest.mark.parametrize("path", [p for p in notebooks() if p.name[:2] in LATER], ids=str)
def test_of_a_slow_notebook_the_playground_is_offered(path):
    short = site_lab.playground_of(site_lab.staged(path), path.name)
    title, setup, figure, tries = nbformat.from_dict(short).cells
    assert "better on a laptop" in title.source
    assert "setup" in setup.metadata.tags
    assert figure.source.startswith("playgrounds.")
    assert tries.source.startswith("Things to try")
    assert site_lab.to_run(path.name) == f"{path.stem}-playground.ipynb"


def test_what_is_no_pyodide_is_named(tmp_path):
    for place in (str(tmp_path), "http://127.0.0.1:9/full"):
        with pytest.raises(ValueError, match=f"Pyodide is not at {re.escape(place)}: "):
            site_python.base_lock(place)
    (tmp_path / "pyodide-lock.json").write_text("{")
    with pytest.raises(ValueError, match="Pyodide is not at"):
        site_python.base_lock(str(tmp_path))


def test_packages_are_those_that_are_needed():
    known = {"a": {"depends": ["B_c"]}, "b-c": {"depends": ["a"]}, "d": {"depends": ["e"]}}
    assert site_python.closure(known, ["a"]) == {"a", "b-c"}
    with pytest.raises(ValueError, match="this Pyodide has no package e"):
        site_python.closure(known, ["d"])


def test_a_file_of_another_content_is_refused(tmp_path):
    (tmp_path / "new").mkdir()
    with pytest.raises(ValueError, match="is missing: Pyodide's folder should have all"):
        site_python.copy_checked(tmp_path / "a.whl", tmp_path / "new", "0")
    (tmp_path / "a.whl").write_bytes(b"a")
    with pytest.raises(ValueError, match="is not the file that pyodide-lock"):
        site_python.copy_checked(tmp_path / "a.whl", tmp_path / "new", "0")
    assert not list((tmp_path / "new").iterdir())


def test_a_site_from_pyodides_own_address_leaves_its_packages_there(tmp_path):
    """Of a lab with one extension, one wheel of ours and a lock file with another two packages."""
    lab, wheels = tmp_path / "lab", tmp_path / "wheels"
    (lab / "extensions/@a/b/static/pypi").mkdir(parents=True)
    wheels.mkdir()
    (lab / "jupyter-lite.json").write_text('{"jupyter-config-data": {}}')
    others = [name for name in site_python.KERNEL if name != "piplite"] + ["numpy", "scikit-learn"]
    for folder, name in ((lab / "extensions/@a/b/static/pypi", "piplite"), (wheels, "nbhelpers")):
        with zipfile.ZipFile(folder / f"{name}-1-py3-none-any.whl", "w") as archive:
            archive.writestr(f"{name}/__init__.py", "")
            archive.writestr(f"{name}-1.dist-info/METADATA", "Requires-Dist: numpy>=1\n")
    lock = {
        "info": {"version": "1"},
        "packages": {n: {"file_name": f"{n}.whl", "depends": [], "sha256": "0"} for n in others},
    }
    site_python.add_python(lab, wheels, "https://example.org/v1/full", lock)
    made = json.loads((lab / site_python.PACKAGES / "pyodide-lock.json").read_text("utf-8"))
    files = {name: entry["file_name"] for name, entry in made["packages"].items()}
    assert files["nbhelpers"] == "nbhelpers-1-py3-none-any.whl"
    assert files["numpy"] == "https://example.org/v1/full/numpy.whl"
    assert made["packages"]["nbhelpers"]["depends"] == ["numpy"]
    assert made["packages"]["nbhelpers"]["imports"] == ["nbhelpers"]
    config = json.loads((lab / "jupyter-lite.json").read_text("utf-8"))["jupyter-config-data"]
    (settings,) = config["litePluginSettings"].values()
    assert settings["pyodideUrl"] == "https://example.org/v1/full/pyodide.mjs"


# -- the site itself --------------------------------------------------------------------------
@pytest.fixture(scope="module")
def python(tmp_path_factory):
    """The folder of a Pyodide."""
    try:
        return pyodide(tmp_path_factory.mktemp("pyodide"))
    except Missing as missing:
        pytest.skip(f"no Pyodide here: {missing}")


@pytest.fixture(scope="module")
def folder(python, tmp_path_factory):
    """The site that the command builds."""
    builder = os.environ.get("SITE_PYTHON", sys.executable)
    if builder == sys.executable and importlib.util.find_spec("jupyterlite_core") is None:
        pytest.skip("JupyterLite is missing: pip install -e '.[site]'")
    out = tmp_path_factory.mktemp("site") / "new"
    command = [builder, "-m", "nbhelpers", "site", str(out), "--pyodide", str(python)]
    made = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert made.returncode == 0, made.stderr
    assert made.stdout == f"wrote {out / 'index.html'}\n"
    make_ready(out)
    return out


@pytest.fixture(scope="module")
def address(folder):
    """The address of the site on this machine."""
    with served(folder) as address:
        yield address


@contextmanager
def opened(browser, address, path):
    """A notebook of the site; at the end the console is empty, nothing was asked elsewhere."""
    screen = {"width": 1280, "height": 2000}
    page = browser.new_page(viewport=screen, accept_downloads=True, has_touch=True)
    hosts = set()
    page.context.on("request", lambda request: hosts.add(urlsplit(request.url).netloc))
    notebook = OpenNotebook(page)
    page.goto(lab(address, path))
    try:
        yield notebook.ready(SECONDS)
    finally:
        page.close()
    assert notebook.console == []
    assert hosts - {""} == {urlsplit(address).netloc}


@pytest.mark.parametrize("path", [p for p in notebooks() if p.name[:2] in ("01", "04")])
def test_a_notebook_runs_whole(browser, address, path):
    with opened(browser, address, f"notebooks/{path.name}") as notebook:
        notebook.run_all(seconds=1200)
        assert [*notebook.errors(), *notebook.said()] == []
        ran = [cell for cell in notebook.contents().cells if cell.cell_type == "code"]
        assert len(ran) == len(cells(read(path), kind="code"))
        assert all(cell.execution_count for cell in ran if cell.source.strip())


def of_early_notebooks():
    """Calls of every figure and playground that 00 to 08 have."""
    return [
        f"playgrounds.{name}()"
        for name, figure in (FIGURES | PLAYGROUNDS).items()
        if figure.notebook < LATER[0]
    ]


def test_every_figure_moves(browser, address):
    with opened(browser, address, "notebooks/01_xor_loop.ipynb") as first:
        notebook = run_new(first, "import sklearn", *of_early_notebooks())
        still = []
        for panel, call in zip(notebook.panels(), of_early_notebooks(), strict=True):
            before = panel.settled()
            label, handle = panel.sliders()[0]
            assert panel.move(handle), (call, label)
            if not panel.changed(before, "pictures"):
                still.append((call, label))
        assert still == []
        assert [*notebook.said(), *notebook.console] == []


LONG = """\
from nbhelpers.network import MLP
from nbhelpers.optimizers import SGD
from nbhelpers.training import fit
import time
X, y = np.zeros((2, 2)), np.array([0, 1])
rng = np.random.default_rng(0)
net = MLP([2, 2], rng=rng)
slowly = lambda net, history: time.sleep(1)
fit(net, X, y, optimizer=SGD(0.1), epochs=12, batch_size=2, rng=rng, callback=slowly)
print("done")"""


def test_of_a_slow_notebook_the_playground_trains_and_reads(browser, address):
    with opened(browser, address, "notebooks/10_mnist-playground.ipynb") as notebook:
        notebook.run_all(seconds=600)
        page, panel = notebook.page, notebook.panels()[0]
        assert [*notebook.errors(), *notebook.said()] == []
        before = panel.settled()
        panel.button("Step").click()
        assert panel.changed(before, "pictures")
        reading = page.locator('.jp-OutputArea [role="status"]').last
        canvas = page.locator(".nbhelpers-pad canvas")
        canvas.scroll_into_view_if_needed()
        at = canvas.bounding_box()
        by_mouse(page, [(at["x"] + 80, at["y"] + k) for k in (60, 100, 140, 180)])
        reading.filter(has_text="%").wait_for(timeout=60_000)


def test_a_long_training_shows_a_bar_while_it_runs(browser, address):
    with opened(browser, address, "notebooks/01_xor_loop.ipynb") as first:
        notebook = open_new(first, LONG)
        notebook.page.evaluate(RUN_ALL)
        bar = notebook.page.locator(".jp-OutputArea-output").filter(has_text="/12")
        bar.wait_for(timeout=120_000)
        notebook.page.locator(".jp-OutputArea-output").filter(has_text="done").wait_for()
        assert bar.count() == 0, "gone at the end"
        assert [*notebook.errors(), *notebook.said()] == []


def by_mouse(page, points):
    """Press at the first point, move over the others, let go."""
    page.mouse.move(*points[0])
    page.mouse.down()
    for point in points[1:]:
        page.mouse.move(*point, steps=8)
    page.mouse.up()


def by_touch(page, points):
    """The same with a finger."""
    session = page.context.new_cdp_session(page)
    for k, (x, y) in enumerate(points):
        kind = "touchMove" if k else "touchStart"
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y}]})
        page.wait_for_timeout(50)
    session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


def test_a_hand_and_a_finger_drag_click_and_draw(browser, address):
    pad = "playgrounds.DigitPad(lambda x: np.eye(10)[3 if x.any() else 0])"
    figures = ("playgrounds.neuron()", "playgrounds.glass_box()", pad)
    with opened(browser, address, "notebooks/01_xor_loop.ipynb") as first:
        notebook = run_new(first, *figures)
        page, (neuron, box, _) = notebook.page, notebook.panels()
        reading = page.locator('.jp-OutputArea [role="status"]').last
        canvas = page.locator(".nbhelpers-pad canvas")
        for hand, way in ((by_mouse, 1), (by_touch, -1)):
            handle = neuron.root.locator('circle[data-name="line"]')
            handle.scroll_into_view_if_needed()
            at, before = handle.bounding_box(), neuron.settled()
            x, y = at["x"] + at["width"] / 2, at["y"] + at["height"] / 2
            hand(page, [(x, y), (x - 20, y + 15), (x - 40, y + 30)])
            assert neuron.changed(before, "pictures"), hand
            weights = box.root.get_by_label("weight", exact=True)
            weights.scroll_into_view_if_needed()
            at, before = box.root.locator("img").bounding_box(), weights.input_value()
            for k in range(1, 20)[::way]:  # across the lines into the output
                hand(page, [(at["x"] + at["width"] * 0.45, at["y"] + at["height"] * k / 20)])
                page.wait_for_timeout(100)
            assert box.until(lambda: weights.input_value() != before), hand  # noqa: B023
            page.get_by_label("Clear the drawing pad").press("Enter")
            reading.filter(has_text="Draw a digit").wait_for(timeout=60_000)
            canvas.scroll_into_view_if_needed()
            at = canvas.bounding_box()
            hand(page, [(at["x"] + 80, at["y"] + k) for k in (60, 100, 140, 180)])
            reading.filter(has_text="a 3, ").wait_for(timeout=60_000)
        assert [*notebook.said(), *notebook.console] == []


ANSWER = """\
def neuron(X, w):
    return 1 / (1 + np.exp(-(X @ w)))
neuron = answers.use("xor_loop.neuron", neuron)"""
GUESS = """\
asked = questions.ask("xor_loop.delta")
asked.buttons[1].click()"""
BEST = """\
figure = playgrounds.neuron()
figure.controls["w2"].value = 1.0"""
LOOK = """\
from pathlib import Path
print("def neuron" in Path("my_network.py").read_text())
print(questions.ask("xor_loop.delta").choice, checks.report("xor_loop").done)
print(playgrounds.neuron().bests.kept)"""


def printed(notebook):
    """What the last cell printed."""
    return "".join(o.text for o in notebook.contents().cells[-1].outputs if o.name == "stdout")


def test_what_a_reader_writes_outlasts_the_page_and_moves_to_another_browser(
    browser, address, tmp_path
):
    path = "notebooks/01_xor_loop.ipynb"
    with opened(browser, address, path) as first:
        page = run_new(first, ANSWER, GUESS, BEST).leave()
        page.wait_for_timeout(2000)  # for the lab to note that it is closed
        page.goto(f"{address}/index.html")
        page.goto(lab(address, path))
        again = run_new(first.ready(SECONDS), LOOK, name="again")
        found = printed(again)
        assert found.startswith("True\nB ['xor_loop.neuron']\n{'")
        page.goto(f"{address}/index.html")
        page.locator("[data-lesson=xor_loop]").get_by_text("1 of 7 exercises done").wait_for()
        with page.expect_download() as download:
            page.locator("#save").click()
        download.value.save_as(tmp_path / "work.json")
    work = json.loads((tmp_path / "work.json").read_text("utf-8"))
    assert {"notebooks/my_network.py", "notebooks/new.ipynb"} <= set(work["files"])
    with opened(browser, address, path) as other:  # a browser of its own
        page = other.page
        page.goto(f"{address}/index.html")
        (tmp_path / "no.json").write_text("{}", encoding="utf-8")
        page.locator("#load").set_input_files(tmp_path / "no.json")
        page.get_by_text("Nothing was changed.").wait_for()
        page.locator("#load").set_input_files(tmp_path / "work.json")
        page.get_by_text(f"Loaded: {len(work['files'])} files.").wait_for()
        page.get_by_text("1 of 7 exercises done").wait_for()
        page.goto(lab(address, path))
        assert printed(run_new(other.ready(SECONDS), LOOK, name="there")) == found


def test_the_first_page(browser, address):
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    console = []
    page.on("console", lambda message: console.append(message.text))
    page.goto(f"{address}/index.html")
    figure = page.locator(".recorded")
    assert figure.bounding_box()["y"] + figure.bounding_box()["height"] < 800  # without scrolling
    before = figure.locator("img").get_attribute("src")
    figure.locator("input").focus()
    page.keyboard.press("ArrowRight")
    assert figure.locator("img").get_attribute("src") != before
    page.locator("#save").click()
    page.get_by_text("no work of yours in this browser yet").wait_for()
    for link in page.locator("td a:not(.run)").all():
        assert page.request.get(f"{address}/{link.get_attribute('href')}").ok
    page.locator("td a:not(.run)").first.click()
    page.get_by_role("link", name="Run it here").wait_for()
    page.close()
    assert console == []


def test_nothing_refers_to_another_host(folder):
    """Of the pages, and of what the lab is told to load; its own program has many addresses."""
    for page in [folder / "index.html", folder / "site.js", *(folder / "pages").iterdir()]:
        text = page.read_text(encoding="utf-8")
        assert not re.findall(r"""(?:src|action|data)=["']?(?:https?:)?//[^"' >]+""", text), page
        assert not re.findall(r"""<link[^>]*//[^>]+>|url\((?!["']?data:)[^)]*//""", text), page
    config = json.loads((folder / "lab" / "jupyter-lite.json").read_text("utf-8"))
    settings = config["jupyter-config-data"]["litePluginSettings"]
    assert "//" not in json.dumps(settings)
    lock = json.loads((folder / "lab" / "packages" / "pyodide-lock.json").read_text("utf-8"))
    for entry in lock["packages"].values():
        assert (folder / "lab" / "packages" / entry["file_name"]).is_file()
    assert not list(folder.rglob("*.map"))


def test_the_kernels_in_webassembly(python, tmp_path):
    """With 32-bit indices, no BLAS to be controlled, no threads."""
    pip = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--only-binary=:all:"]
    pure = ["--platform=any", "--implementation=py", "--abi=none", "--python-version=3.12"]
    packages = ["pytest==8.3.5", "pluggy==1.5.0", "iniconfig==2.1.0", "hypothesis==6.100.0"]
    packages += ["sortedcontainers==2.4.0", "attrs==25.3.0", "tqdm==4.67.1", "threadpoolctl==3.6.0"]
    subprocess.run([*pip, *pure, "--target", tmp_path / "packages", *packages], check=True)
    runner = Path(__file__).parents[1] / "support" / "wasm_tests.mjs"
    cannot = "threads_that_overlap or overflow_is_still_an_error"  # no threads, no such flags there
    command = ["node", runner, python, tmp_path / "packages", ROOT, "-c", "/dev/null"]
    command += ["--rootdir=/checkout", "--noconftest", "--import-mode=importlib", "-q"]
    command += ["-p", "no:cacheprovider", "-k", f"not ({cannot})"]
    command += ["tests/test_kernels.py", "tests/test_training.py"]
    made = subprocess.run(command, capture_output=True, text=True)
    assert made.returncode == 0, made.stdout[-3000:] + made.stderr[-1000:]
    assert int(re.search(r"(\d+) passed", made.stdout)[1]) > 700
