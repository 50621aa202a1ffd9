"""The series as web pages that need no network: formulas as MathML, links from page to page.

    python -m nbhelpers handouts OUT/
    jupyter nbconvert --to nbhelpers.publishing.handouts.Pages notebooks/*.ipynb --output-dir OUT/

Both do the same. Each page is one file with its pictures, to be opened, sent or put on a server.
nbconvert's own `--to html` leaves formulas to a script that each page loads from the web.
"""

import base64
import copy
import html
import mimetypes
import re
from pathlib import Path
from urllib.parse import unquote

from jinja2 import pass_context
from nbconvert.exporters import HTMLExporter
from nbconvert.filters.markdown_mistune import (
    InvalidNotebook,
    IPythonRenderer,
    MarkdownWithMath,
)

from nbhelpers.files import replacing
from nbhelpers.teaching.notebook_files import read_notebook

# What MathML's core has no attribute for, and wide formulas scroll.
STYLE = """<style>
math { font-size: 1.1em; }
math [mathvariant="monospace"] { font-family: monospace; }
math [mathvariant="sans-serif"] { font-family: sans-serif; }
menclose { border: 1px solid; padding: 0.3em; }
p math[display="block"] { margin: 0.6em 0; max-width: 100%; overflow-x: auto; overflow-y: hidden; }
</style>"""
# nbconvert's page without its scripts, which come from the web (require.js, MathJax, Mermaid), and
# with a description of each picture.
TEMPLATE = (
    "{% extends 'lab/index.html.j2' %}"
    "{% block html_head_js %}{% endblock %}"
    "{% block html_head_js_mathjax %}{% endblock %}"
    "{% block html_head_js_mermaidjs %}{% endblock %}"
    "{% block html_head_css %}" + STYLE + "{% endblock %}"
    "{% block data_latex scoped %}<p>{{ output.data['text/latex'] | e | drawn }}</p>{% endblock %}"
) + "".join(
    f"{{% block data_{kind} scoped %}}{{{{ super() | described(cell, output) }}}}{{% endblock %}}"
    for kind in ("png", "jpg", "svg")
)
#: environments that latex2mathml doesn't know, or numbers, and those that look the same
SAME = {"align": "align*", "aligned": "align*", "alignat": "align*", "flalign": "align*"}
SAME |= {"split": "align*", "eqnarray": "align*", "gather": "matrix", "gathered": "matrix"}
SAME |= {"multline": "matrix"}
# In a piece of HTML: what has no formulas, and formulas.
FORMULA = re.compile(
    r"<!--.*?-->|<(?P<code>code|pre|style|script)\b.*?</(?P=code)>|<[^>]*>"
    r"|(?<!\\)\$\$(?P<block>.+?)(?<!\\)\$\$|(?<![\\$])\$(?P<inline>[^$\n]+?)(?<!\\)\$"
    r"|(?P<environment>\\begin\{(?P<name>[a-z]+\*?)\}.*?\\end\{(?P=name)\})",
    re.DOTALL | re.IGNORECASE,
)
IMAGE = re.compile(r"""<!--.*?-->|<img\b(?:"[^"]*"|'[^']*'|[^'">])*>""", re.DOTALL | re.IGNORECASE)


def mathml(formula, block=False):
    """A TeX formula as MathML, which browsers draw themselves; its source is kept as a note.

    Raises
    ------
    ImportError
        If latex2mathml is missing.
    ValueError
        If it cannot read the formula.
    """
    from latex2mathml.converter import convert

    def known(found):
        name = SAME.get(found[2].removesuffix("*"), found[2])
        return f"\\{found[1]}{{{name}}}"

    tex = re.sub(r"\\texttt\{[^}]*\}", lambda found: found[0].replace(r"\_", "_"), formula)
    tex = re.sub(r"\\tag\{([^}]*)\}", r"\\qquad \\text{(\1)}", tex)
    tex = re.sub(r"\\label\{[^}]*\}|\\(?:nonumber|notag)\b|(?<=\{alignat\})\{\d+\}", "", tex)
    tex = re.sub(r"\\(begin|end)\{([a-z]+\*?)\}", known, tex)
    try:
        drawn = convert(tex, display="block" if block else "inline")
    except Exception as error:  # latex2mathml's own have no common class
        raise ValueError(f"the formula {formula!r} cannot be read ({error!r})") from error
    note = f'<annotation encoding="application/x-tex">{html.escape(formula)}</annotation>'
    opening, inside = re.fullmatch(r"(<math[^>]*>)(.*)</math>", drawn, re.DOTALL).groups()
    return f"{opening}<semantics>{inside}{note}</semantics></math>"


def drawn(text):
    """A piece of HTML with its formulas as MathML."""

    def draw(found):
        if formula := found["inline"]:
            return mathml(html.unescape(formula))
        formula = found["block"] or found["environment"]
        return mathml(html.unescape(formula), block=True) if formula else found[0]

    return FORMULA.sub(draw, text)


class Renderer(IPythonRenderer):
    """nbconvert's Markdown renderer with formulas as MathML."""

    def inline_math(self, body):
        """A formula within a line."""
        return mathml(body)

    def block_math(self, body):
        """A formula on a line of its own."""
        return mathml(body, block=True)

    def latex_environment(self, name, body):
        """A formula without dollar signs around it."""
        return mathml(rf"\begin{{{name}}}{body}\end{{{name}}}", block=True)

    def block_html(self, text):
        """A piece of HTML with its formulas, which Markdown leaves as they are."""
        return super().block_html(drawn(text))

    def image(self, text, url, title=None):
        """A picture; of one that is attached to the cell, the name may be encoded."""
        if url.startswith("attachment:"):
            url = unquote(url)
        return super().image(text, url, title)


def described(shown, cell, output):
    """The HTML of a picture among a cell's outputs with its description, the cell's `alt`.

    A playground's picture has a line of words in the output itself.
    """
    plain = "".join(output["data"].get("text/plain", "")).strip()
    words = cell.metadata.get("alt") or ("" if plain.startswith("<") else plain)
    alt = f'<img alt="{html.escape(words)}"'
    return shown.replace("<img", alt, 1) if words else shown


def embedded(image, folder):
    """An `<img …>` with its picture inside, read from `folder`; for one from the web, its words.

    Raises ValueError if there is no such picture.
    """
    value = r"""(?:"([^"]*)"|'([^']*)'|([^\s"'>]+?)(?=\s|/?>))"""
    found = re.search(rf"\ssrc\s*=\s*{value}", image, re.IGNORECASE)
    if not found:
        return image
    address = html.unescape(next(text for text in found.groups() if text is not None))
    if re.match("data:", address, re.IGNORECASE):
        return image
    if re.match("(?:https?:)?//", address, re.IGNORECASE):
        words = re.search(rf"\salt\s*=\s*{value}", image, re.IGNORECASE)
        return next(filter(None, words.groups()), "") if words else ""
    file = folder / unquote(re.split("[?#]", address)[0])
    kind = mimetypes.guess_type(file.name, strict=False)[0]
    if not file.is_file():
        raise ValueError(f"there is no picture {unquote(address)!r}")
    if not (kind or "").startswith("image/"):
        raise ValueError(f"{unquote(address)!r} is no picture that a browser shows")
    data = f' src="data:{kind};base64,{base64.b64encode(file.read_bytes()).decode()}"'
    return image[: found.start()] + data + image[found.end() :]


class Pages(HTMLExporter):
    """nbconvert's HTML, each page readable with no network."""

    export_from_notebook = None  # not in JupyterLab's menu

    def __init__(self, **options):
        super().__init__(
            raw_template=TEMPLATE, filters={"described": described, "drawn": drawn}, **options
        )

    @pass_context
    def markdown2html(self, context, source):
        """Filter of the template: Markdown to HTML."""
        renderer = Renderer(
            escape=False,
            attachments=context.get("cell", {}).get("attachments", {}),
            anchor_link_text=self.anchor_link_text,
        )
        return MarkdownWithMath(renderer=renderer).render(source)

    def from_notebook_node(self, nb, resources=None, **options):
        """(page, resources); the page has the notebook's title, pictures, links to other pages.

        Raises ValueError where a formula cannot be read or a picture is missing.
        """
        nb = copy.deepcopy(nb)
        title = re.match(r"# (.*)", nb.cells[0].source) if nb.cells else None
        if title:
            nb.metadata["title"] = title[1]
        try:
            page, resources = super().from_notebook_node(nb, resources, **options)
        except InvalidNotebook as error:  # an attachment that isn't there
            raise ValueError(str(error)) from None
        folder = Path(resources["metadata"].get("path", ""))
        page = IMAGE.sub(
            lambda found: found[0] if found[0][1] == "!" else embedded(found[0], folder), page
        )
        page = re.sub(r'(href="[^":]+)\.ipynb(?=["#])', r"\1.html", page)
        return page, resources


def write(folder, notebooks):
    """Write a page for each notebook into `folder`, which is made; returns the new files.

    Raises ValueError, with the notebook's name, where a formula cannot be read or a picture is
    missing; no page is written for it.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    exporter, written = Pages(), []
    for path in notebooks:
        read_notebook(path)  # says what is wrong with it
        try:
            page, _ = exporter.from_filename(str(path))
        except ValueError as error:
            raise ValueError(f"{path}: {error}") from error
        written.append(folder / f"{Path(path).stem}.html")
        with replacing(written[-1]) as file:
            file.write(page.encode())
    return written
