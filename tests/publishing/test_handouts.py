"""The series as HTML, opened in a real Chromium that has no network."""

import base64
import re
from functools import cache
from html.parser import HTMLParser
from urllib.parse import unquote, urlsplit

import nbformat
import pytest
from made import save
from nbconvert.nbconvertapp import NbConvertApp
from notebook_tools import FOLDER, cells, notebooks, read

from nbhelpers.__main__ import main
from nbhelpers.publishing import handouts as pages

NOTEBOOKS = notebooks()
each = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


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


# What sticks out to the right of the page, and pictures that do.
WIDER = """() => {
  const width = document.documentElement.clientWidth, wrong = [];
  if (document.documentElement.scrollWidth > width) wrong.push('the page scrolls sideways');
  const scrolls = e => { for (let n = e.parentElement; n && n !== document.body;
    n = n.parentElement) if (getComputedStyle(n).overflowX !== 'visible') return true; };
  for (const e of document.querySelectorAll('main *')) {
    const box = e.getBoundingClientRect(), code = e.closest('pre, table');
    const picture = e.tagName === 'IMG';
    if (box.width && box.right > width + 1 && (picture || !(code || scrolls(e))))
      wrong.push(e.tagName + ' ' + (e.textContent || '').slice(0, 40));
    const itself = /auto|scroll/.test(getComputedStyle(e).overflowX);
    if (code && box.right > width + 1 && !itself && !scrolls(e))
      wrong.push('cut off: ' + e.textContent.slice(0, 40));
  }
  return wrong;
}"""


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
    page.set_viewport_size({"width": 390, "height": 800})  # a phone
    assert page.evaluate(WIDER) == []
    context.close()


def test_nbconvert_makes_the_same_page(folder, tmp_path):
    """jupyter nbconvert --to nbhelpers.publishing.handouts.Pages"""
    to, out = ["--to", "nbhelpers.publishing.handouts.Pages"], ["--output-dir", str(tmp_path)]
    app = NbConvertApp()
    app.initialize([*to, str(NOTEBOOKS[1]), *out])
    app.start()
    name = f"{NOTEBOOKS[1].stem}.html"
    assert (tmp_path / name).read_text("utf-8") == (folder / name).read_text("utf-8")


def page_of(tmp_path, *sources, outputs=(), **fields):
    """The page of a notebook with these Markdown cells and a code cell with these outputs."""
    made = [nbformat.v4.new_markdown_cell(source, **fields) for source in ("# A title", *sources)]
    code = nbformat.v4.new_code_cell("plot()", metadata=fields.get("metadata", {}))
    code.outputs = [nbformat.v4.new_output("display_data", **output) for output in outputs]
    file = save(tmp_path / "5_mine.ipynb", *made, code)
    return pages.write(tmp_path / "new", [file])[0].read_text(encoding="utf-8")


def pieces(tmp_path, *sources):
    """What the page has of each of these Markdown cells."""
    page = page_of(tmp_path, *sources)
    found = re.split(r'<div [^>]*class="[^"]*jp-(?:Markdown|Code)Cell', page)[2:-1]
    assert len(found) == len(sources)
    return found


def pictures(text):
    """The attributes of the pictures on a page."""
    return [a for tag, a in Elements(text).found if tag == "img"]


PNG = (FOLDER / "images/xor_panel.png").read_bytes()
SHOWN = [  # source, file, attributes
    ("![a](my%20pic.png)", "my pic.png", {"alt": "a"}),
    ("![a](<my pic.png>)", "my pic.png", {"alt": "a"}),
    ('![a](a.png "A title")', "a.png", {"alt": "a", "title": "A title"}),
    ("![a](bild%C3%BCr/gr%C3%B6%C3%9Fe.png)", "bildür/größe.png", {"alt": "a"}),
    ("![a](../over.png)", "../over.png", {"alt": "a"}),
    ("![a](a.png?raw=true#here)", "a.png", {"alt": "a"}),
    ("![a](a.JPG)", "a.JPG", {"alt": "a"}),
    ("![a](a.jpeg) ![b](a.jpeg)", "a.jpeg", {"alt": "a"}),
    ("![a](a.svg)", "a.svg", {"alt": "a"}),
    ('<img src="p.png" width="300" alt="a > b">', "p.png", {"width": "300", "alt": "a > b"}),
    ("words <img width=300 src='my pic.png'/> words", "my pic.png", {"width": "300"}),
    ("<IMG SRC=p.png>", "p.png", {}),
    ("<p align=center>\n<img src = p.png />\n</p>", "p.png", {}),
    ("<details>\n<summary>A</summary>\n<img src=p.png>\n\n*b*\n</details>", "p.png", {}),
    ('<img src="a&amp;b.png">', "a&b.png", {}),
    ("| a |\n|---|\n| ![a](a.png) |", "a.png", {"alt": "a"}),
]


def test_a_picture_from_a_file_goes_into_the_page(tmp_path):
    folder = tmp_path / "with space ü"
    folder.mkdir()
    for _, file, _ in SHOWN:
        beside = (folder / file).resolve()
        beside.parent.mkdir(exist_ok=True)
        beside.write_bytes(PNG + file.encode())
    texts = pieces(folder, *(source for source, *_ in SHOWN))
    for text, (source, file, attributes) in zip(texts, SHOWN, strict=True):
        picture, *_ = pictures(text)
        end = file.rpartition(".")[2].lower()
        kind = {"jpg": "jpeg", "svg": "svg+xml"}.get(end, end)
        start, data = picture["src"].split(",", 1)
        assert start == f"data:image/{kind};base64", source
        assert base64.b64decode(data) == PNG + file.encode()
        assert attributes.items() <= picture.items(), source
        assert text.count("<details") == text.count("</details>") == source.count("<details>")


def test_an_attached_picture_goes_into_the_page(tmp_path):
    data = base64.b64encode(PNG).decode()
    attached = {"my pic.png": {"image/png": data}}
    text = page_of(tmp_path, "![a](attachment:my%20pic.png)", attachments=attached)
    assert [p["src"] for p in pictures(text)] == [f"data:image/png;base64,{data}"]


LEFT = [
    ("![some words](https://example.org/a.png)", "some words"),
    ("<img alt='some words' src='//example.org/a.png'>", "some words"),
    ("[![some words](http://a.org/a.png)](b.ipynb)", '<a href="b.html">some words</a>'),
    ("<img src=data:image/gif;base64,R0lG>", '<img alt="No desc'),
    ("<!-- <img src=none.png> -->", "<!-- <img src=none.png> -->"),
    ("`<img src=none.png>`", "<code>&lt;img src=none.png&gt;</code>"),
]


def test_other_pictures(tmp_path):
    """One from the web gives way to its words; one within the page, a comment and code stay."""
    texts = pieces(tmp_path, *(source for source, _ in LEFT))
    for text, (source, left) in zip(texts, LEFT, strict=True):
        assert left in text, source


def test_pictures_in_outputs(tmp_path):
    """At the size that they are meant to be drawn at, with the cell's words, or a panel's."""
    (tmp_path / "a.png").write_bytes(PNG)
    png = {"image/png": base64.b64encode(PNG).decode()}
    plot, panel = "<Figure size 400x280 with 1 Axes>", "A panel: step 0 · 4 of 4 right"
    size = {"image/png": {"width": 400, "height": 280}}
    outputs = [
        {"data": png | {"text/plain": plot}, "metadata": size},
        {"data": png | {"text/plain": panel}},
        {"data": {"image/svg+xml": "<svg/>"}},
        {"data": {"text/html": '<img src="a.png" alt="mine">'}},
    ]
    first, second, _, fourth = pictures(page_of(tmp_path, outputs=outputs))
    assert (first["width"], first["height"]) == ("400", "280")
    assert first["alt"] == "No description has been provided for this image"
    assert second["alt"] == panel
    assert fourth["src"].startswith("data:image/png;base64,")
    words = {"metadata": {"alt": 'A "curve" < 1'}}
    again = pictures(page_of(tmp_path, outputs=outputs[:3], **words))
    assert [picture["alt"] for picture in again] == ['A "curve" < 1'] * 3


DRAWN = [  # source, a piece of what is drawn
    (r"\begin{align}a&=b\\c&=d\end{align}", "<mtd"),
    (r"\begin{equation}a=b\end{equation}", "<mi>a</mi>"),
    (r"\begin{gather}a=b \\ c=d \nonumber\end{gather}", "<mtr"),
    (r"\begin{cases}1 & x>0\\0 & x<0\end{cases}", "<mtd"),
    ("Words:\n\\begin{alignat}{2}\na&=b\n\\end{alignat}\nand more.", "<mtd"),
    (r"$$\begin{aligned}a&=b\\&=c\end{aligned}$$", "<mtd"),
    (r"$f = \begin{cases}1 & x>0\\0 & x<0\end{cases}$", "<mtd"),
    (r"\\[ a = b \\]", "<mi>a</mi>"),  # two backslashes, as Jupyter wants them
    (r"A \\( a_1 \\) here", "<msub"),
    ("<details><summary>A $x$</summary>\nA formula $y < 1$.\n</details>", "<mo>&lt;</mo>"),
    ("<table><tr><td>$$x^2$$</td></tr></table>", "<msup"),
]


def test_formulas_of_every_kind_are_drawn(tmp_path):
    texts = pieces(tmp_path, *(source for source, _ in DRAWN))
    for text, (source, drawn) in zip(texts, DRAWN, strict=True):
        text = re.sub(r"<annotation.*?</annotation>", "", text, flags=re.DOTALL)
        assert "<math" in text, source
        assert drawn in text.replace("&#x0003C;", "&lt;"), source
        for left in (r"\begin", r"\end", r"\[", "$", r"\label", r"\nonumber", "<mi>&amp;</mi>"):
            assert left not in text, source


def test_formulas_in_outputs_are_drawn(tmp_path):
    """As SymPy and IPython's Math put them out."""
    latex = [r"$\displaystyle x < 1$", r"\begin{align}a&=b\end{align}"]
    page = page_of(tmp_path, outputs=[{"data": {"text/latex": text}} for text in latex])
    assert page.count("<math") == 2
    assert "$" not in page.partition("<main")[2]
    assert "merror" not in page


NOT_DRAWN = [  # source, words
    ("It costs $5.", "It costs $5."),
    (r"It costs \$5 or \$6.", "It costs $5 or $6."),
    ("`$x$` and `\\begin{align}`", "<code>$x$</code> and <code>\\begin{align}</code>"),
    ("<p>A price: $5</p>", "<p>A price: $5</p>"),
    ("<pre>echo $x $y</pre>", "<pre>echo $x $y</pre>"),
    ('<p title="$x$">a</p>', '<p title="$x$">a</p>'),
]


def test_what_is_no_formula_is_left_alone(tmp_path):
    texts = pieces(tmp_path, *(source for source, _ in NOT_DRAWN))
    for text, (source, words) in zip(texts, NOT_DRAWN, strict=True):
        assert words in text, source
        assert "<math" not in text, source


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("$x^$", "the formula 'x^' cannot be read"),
        ("![gone](images/none.png)", "there is no picture 'images/none.png'"),
        ('<img src="none.png">', "there is no picture 'none.png'"),
        ("![gone](attachment:none.png)", "missing attachment: none.png"),
        ("![gone](5_mine.ipynb)", "'5_mine.ipynb' is no picture that a browser shows"),
        (r"\begin{align}x^\end{align}", "cannot be read"),
    ],
)
def test_a_page_that_would_be_broken_is_not_written(source, words, tmp_path, capsys):
    file = save(tmp_path / "5_mine.ipynb", nbformat.v4.new_markdown_cell(source))
    assert main(["handouts", str(tmp_path / "new"), str(file)]) == 1
    said = capsys.readouterr().err
    assert said.startswith(f"{file}: ")
    assert words in said
    assert list((tmp_path / "new").iterdir()) == []
