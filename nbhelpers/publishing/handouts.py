"""The series as web pages that need no network: formulas as MathML, links from page to page.

    python -m nbhelpers handouts OUT/
    jupyter nbconvert --to nbhelpers.publishing.handouts.Pages notebooks/*.ipynb --output-dir OUT/

Both do the same. Each page is one file with its pictures, to be opened, sent or put on a server.
nbconvert's own `--to html` leaves formulas to a script that each page loads from the web.
"""

import copy
import html
import re
from pathlib import Path

from jinja2 import pass_context
from nbconvert.exporters import HTMLExporter
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

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
# nbconvert's page without its scripts: require.js, MathJax and Mermaid come from the web.
TEMPLATE = (
    "{% extends 'lab/index.html.j2' %}"
    "{% block html_head_js %}{% endblock %}"
    "{% block html_head_js_mathjax %}{% endblock %}"
    "{% block html_head_js_mermaidjs %}{% endblock %}"
    "{% block html_head_css %}" + STYLE + "{% endblock %}"
)


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

    tex = re.sub(r"\\texttt\{[^}]*\}", lambda found: found[0].replace(r"\_", "_"), formula)
    tex = re.sub(r"\\tag\{([^}]*)\}", r"\\qquad \\text{(\1)}", tex)
    try:
        drawn = convert(tex, display="block" if block else "inline")
    except Exception as error:  # latex2mathml's own have no common class
        raise ValueError(f"the formula {formula!r} cannot be read ({error!r})") from error
    note = f'<annotation encoding="application/x-tex">{html.escape(formula)}</annotation>'
    opening, inside = re.fullmatch(r"(<math[^>]*>)(.*)</math>", drawn, re.DOTALL).groups()
    return f"{opening}<semantics>{inside}{note}</semantics></math>"


class Renderer(IPythonRenderer):
    """nbconvert's Markdown renderer with formulas as MathML."""

    def inline_math(self, body):
        """A formula within a line."""
        return mathml(body)

    def block_math(self, body):
        """A formula on a line of its own."""
        return mathml(body, block=True)

    def image(self, text, url, title=None):
        """A picture from a file goes into the page; for one from the web, its description."""
        if "://" in url:
            return text
        self.embed_images = True  # not for pieces of HTML: <details> would be closed at once
        try:
            return super().image(text, url, title)
        finally:
            self.embed_images = False


class Pages(HTMLExporter):
    """nbconvert's HTML, each page readable with no network."""

    export_from_notebook = None  # not in JupyterLab's menu

    def __init__(self, **options):
        super().__init__(raw_template=TEMPLATE, **options)

    @pass_context
    def markdown2html(self, context, source):
        """Filter of the template: Markdown to HTML."""
        renderer = Renderer(
            escape=False,
            attachments=context.get("cell", {}).get("attachments", {}),
            path=context.get("resources", {}).get("metadata", {}).get("path", ""),
            anchor_link_text=self.anchor_link_text,
        )
        return MarkdownWithMath(renderer=renderer).render(source)

    def from_notebook_node(self, nb, resources=None, **options):
        """(page, resources); the page has the notebook's title, and links to other pages."""
        nb = copy.deepcopy(nb)
        title = re.match(r"# (.*)", nb.cells[0].source) if nb.cells else None
        if title:
            nb.metadata["title"] = title[1]
        page, resources = super().from_notebook_node(nb, resources, **options)
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
        if missing := re.search(r'<img[^>]*src="(?!data:|https?:)([^"]*)"', page):
            raise ValueError(f"{path}: there is no picture {missing[1]!r}")
        written.append(folder / f"{Path(path).stem}.html")
        with replacing(written[-1]) as file:
            file.write(page.encode())
    return written
