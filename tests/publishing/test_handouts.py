"""The series as HTML, opened in a real Chromium that has no network."""

import re
import shutil
from functools import cache
from html.parser import HTMLParser
from urllib.parse import unquote, urlsplit

import nbformat
import pytest
from nbconvert.nbconvertapp import NbConvertApp
from notebook_tools import FOLDER, cells, notebooks, read

from nbhelpers.__main__ import main
from nbhelpers.publishing import handouts as pages
from nbhelpers.publishing import links as publish

NOTEBOOKS = notebooks()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The pages that the command writes."""
    folder = tmp_path_factory.mktemp("pages") / "new"
    assert main(["handouts", str(folder)]) == 0
    return folder


class Elements(HTMLParser):
    """All elements of a page: (tag, attributes)."""

    def __init__(self, text):
        super().__init__()
        self.found = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.found.append((tag, dict(attributes)))


@cache
def elements(file):
    """All elements of a file: (tag, attributes)."""
    return Elements(file.read_text(encoding="utf-8")).found


def formulas(notebook):
    """Number of formulas in the Markdown of a notebook."""
    prose = "\n\n".join(cell.source for cell in cells(notebook, kind="markdown"))
    prose = re.sub(r"^```.*?^```|`[^`\n]*`", "", prose, flags=re.DOTALL | re.MULTILINE)
    return len(re.findall(r"\$\$.+?\$\$|(?<![\\$])\$[^$]+?\$", prose, flags=re.DOTALL))


def each(test):
    """Run a test once for each notebook."""
    return pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)(test)


def test_one_page_for_each_notebook(folder):
    assert {file.name for file in folder.iterdir()} == {f"{path.stem}.html" for path in NOTEBOOKS}


@each
def test_a_page_asks_for_nothing(folder, path):
    """Scripts, styles, fonts and pictures are in the page; only links lead elsewhere."""
    file = folder / f"{path.stem}.html"
    for tag, attributes in elements(file):
        assert tag not in ("script", "iframe", "object", "embed", "base"), tag
        assert tag != "link", attributes
        if "src" in attributes or "srcset" in attributes:
            assert attributes["src"].startswith("data:image/"), attributes["src"][:80]
    styles = re.findall(r"<style.*?</style>", file.read_text(encoding="utf-8"), re.DOTALL)
    for style in styles:
        style = re.sub(r"/\*.*?\*/", "", style, flags=re.DOTALL)
        assert not re.search(r"@import|url\(\s*['\"]?(?!data:|#)", style)


@each
def test_every_formula_is_mathml(folder, path):
    text = (folder / f"{path.stem}.html").read_text(encoding="utf-8")
    assert text.count("<math") == formulas(read(path))
    assert "merror" not in text
    inside = "".join(re.findall(r"<math.*?</math>", text, re.DOTALL))
    drawn = re.sub(r"<annotation.*?</annotation>", "", inside, flags=re.DOTALL)
    assert "\\" not in drawn  # a command that was not understood is left as it is
    prose = re.findall(r"<(?:p|li|td)>(.*?)</(?:p|li|td)>", text, re.DOTALL)
    prose = re.sub(r"<code>.*?</code>|<math.*?</math>", "", "".join(prose), flags=re.DOTALL)
    assert "$" not in re.sub(r"<[^>]*>", "", prose)


@each
def test_links_lead_somewhere(folder, path):
    """To a page or a place that exists, or to the web."""
    file = folder / f"{path.stem}.html"
    linked = set()
    for tag, attributes in elements(file):
        if tag != "a" or "href" not in attributes:
            continue
        parts = urlsplit(attributes["href"])
        if parts.scheme:
            assert parts.scheme == "https", attributes["href"]
            continue
        target = file.parent / unquote(parts.path) if parts.path else file
        assert target.is_file(), attributes["href"]
        linked.add(target.name)
        if parts.fragment:
            places = {a.get("id") for _, a in elements(target)}
            assert {parts.fragment, unquote(parts.fragment)} & places, attributes["href"]
    if path.stem.startswith("00"):
        assert {f"{other.stem}.html" for other in NOTEBOOKS[1:]} <= linked


@pytest.mark.browser
@each
def test_opens_offline_with_its_pictures(folder, path, browser):
    context = browser.new_context(viewport={"width": 1000, "height": 800}, offline=True)
    page = context.new_page()
    asked, said = [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    file = folder / f"{path.stem}.html"
    page.goto(file.as_uri())
    page.evaluate("() => Promise.all([...document.images].map(i => i.decode()))")
    assert [url for url in asked if not url.startswith("data:")] == [file.as_uri()]
    assert said == []
    title = re.match("# (.*)", read(path).cells[0].source)[1]
    assert page.title() == title
    outputs = [output for cell in cells(read(path), kind="code") for output in cell.outputs]
    stored = sum("image/png" in output.get("data", {}) for output in outputs)
    drawn = "() => [...document.images].filter(i => i.complete && i.naturalWidth > 0).length"
    assert page.evaluate(drawn) == page.locator("img").count() == stored
    high = "() => [...document.querySelectorAll('math')].map(m => m.getBoundingClientRect().height)"
    assert all(height > 5 for height in page.evaluate(high))
    solutions = cells(read(path), "solution")
    folded = page.locator("details:has(summary:text-is('Solution'))")
    assert folded.count() == len(solutions)
    assert folded.locator("pre").count() >= len(solutions)
    for code in folded.locator("pre").all():
        assert not code.is_visible()
    context.close()


@pytest.mark.browser
def test_a_click_opens_the_next_page(folder, browser):
    context = browser.new_context(offline=True)
    page = context.new_page()
    page.goto((folder / f"{NOTEBOOKS[0].stem}.html").as_uri())
    page.locator(f"a[href='{NOTEBOOKS[1].stem}.html']").first.click()
    page.wait_for_url((folder / f"{NOTEBOOKS[1].stem}.html").as_uri())
    assert page.locator("h1").count() == 1
    context.close()


def test_nbconvert_makes_the_same_page(folder, tmp_path):
    """jupyter nbconvert --to nbhelpers.publishing.handouts.Pages"""
    asked = [
        "--to",
        "nbhelpers.publishing.handouts.Pages",
        str(NOTEBOOKS[1]),
        "--output-dir",
        str(tmp_path),
    ]
    app = NbConvertApp()
    app.initialize(asked)
    app.start()
    name = f"{NOTEBOOKS[1].stem}.html"
    assert (tmp_path / name).read_text("utf-8") == (folder / name).read_text("utf-8")


def test_published_badges_become_words(tmp_path):
    """Their pictures come from the web; their links stay."""
    path = tmp_path / NOTEBOOKS[0].name
    text = NOTEBOOKS[0].read_text(encoding="utf-8")
    path.write_text(publish.published_notebook(text, path.name, "some-one/course", "v1"), "utf-8")
    (file,) = pages.write(tmp_path, [path])
    found = elements(file)
    assert all(a["src"].startswith("data:") for tag, a in found if tag == "img")
    links = [a["href"] for tag, a in found if tag == "a" and a.get("href", "").startswith("https:")]
    assert publish.colab("some-one/course", "v1", path.name) in links
    assert "Open in Colab" in file.read_text(encoding="utf-8")


def test_a_picture_beside_the_notebook_goes_into_the_page(tmp_path):
    shutil.copy(FOLDER / "images/xor_panel.png", tmp_path / "a.png")
    notebook = read(NOTEBOOKS[0])
    notebook.cells = notebook.cells[:1]
    notebook.cells[0].source = "# A title\n\n![a panel](a.png)\n\n[more](01.ipynb#A-place)"
    (tmp_path / "0.ipynb").write_text(nbformat.writes(notebook), encoding="utf-8")
    (file,) = pages.write(tmp_path, [tmp_path / "0.ipynb"])
    found = elements(file)
    (picture,) = [a for tag, a in found if tag == "img"]
    assert picture["src"].startswith("data:image/png;base64,")
    assert picture["alt"] == "a panel"
    assert ("a", {"href": "01.html#A-place"}) in found


def test_what_is_wrong_is_said(tmp_path, capsys):
    assert main(["handouts", str(tmp_path / "new"), str(tmp_path / "none.ipynb")]) == 1
    assert "none.ipynb" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("$x^$", "the formula 'x^' cannot be read"),
        (r"$\begin{matrix} 1$", "cannot be read (MissingEndError"),
        ("![gone](images/none.png)", "there is no picture 'images/none.png'"),
        ('<img src="none.png">', "there is no picture 'none.png'"),
    ],
)
def test_a_page_that_would_be_broken_is_not_written(source, words, tmp_path, capsys):
    notebook = read(NOTEBOOKS[0])
    notebook.cells = notebook.cells[:1]
    notebook.cells[0].source = f"# A title\n\n{source}"
    file = tmp_path / "5_mine.ipynb"
    file.write_text(nbformat.writes(notebook), encoding="utf-8")
    assert main(["handouts", str(tmp_path / "new"), str(file)]) == 1
    said = capsys.readouterr().err
    assert said.startswith(f"{file}: ")
    assert words in said
    assert list((tmp_path / "new").iterdir()) == []
