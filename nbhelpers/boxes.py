"""Boxes of text that read well on a light page, on a dark page, and with no colours at all.

A box sets its own text colour *and* its own background, so that it does not depend on the theme
of the page; whatever a colour says, a symbol and a word say too. GitHub drops inline styles:
what is left there is plain text in the right order.
"""

import html
import re
import sys

INK = "#222222"
PAPER = "#FFFFFF"
#: kind of box -> (background, colour of the title, colour of the border)
STYLES = {
    "passed": ("#E3F1FA", "#004B78", "#0072B2"),
    "hint": ("#FFF3D6", "#6B4300", "#E69F00"),
    "neutral": ("#F0F0F0", "#333333", "#8C8C8C"),
    "question": ("#F8ECF3", "#6A2F52", "#CC79A7"),
}
#: what the keyboard has reached; the blue has 3:1 against white and against a dark page's black
FOCUS = "outline: 2px solid #0072B2 !important; outline-offset: 2px;"
#: of a box, and what `plots.lecture` knows one by, in stored outputs, too
WIDTH = "max-width:52em"
MONO = "font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;"
_CODE = f'<code style="color:{INK};background:{PAPER};padding:0 .3em;border-radius:3px;">'


def code(text):
    """`text`, escaped, in a `<code>` element."""
    return f"<code>{html.escape(str(text))}</code>"


def coloured(fragment):
    """The HTML fragment with explicit colours on every bare `<code>`, which themes restyle."""
    return fragment.replace("<code>", _CODE)


def box(kind, title, lines=()):
    """A titled box as HTML; `kind` is a key of `STYLES`, title and lines are HTML fragments."""
    background, heading, border = STYLES[kind]
    rows = "".join(f'<div style="margin-top:.35em;">{coloured(line)}</div>\n' for line in lines)
    return (
        f'<div style="color:{INK};background:{background};border-left:5px solid {border};'
        "padding:.6em .9em;margin:.3em 0;border-radius:4px;font-size:14px;line-height:1.5;"
        f'{WIDTH};">\n'
        f'<div style="color:{heading};font-weight:bold;">{coloured(title)}</div>\n{rows}</div>'
    )


def folded(summary, lines):
    """HTML fragments that are seen after a click on the summary."""
    return f"<details><summary>{summary}</summary>{'<br>'.join(lines)}</details>"


def plain(fragment):
    """The HTML fragment as plain text: tags dropped, entities resolved, x_1 and x^2 kept."""
    text = re.sub(r"<sub>(.*?)</sub>", r"_\1", fragment)
    text = re.sub(r"<sup>(.*?)</sup>", r"^\1", text)
    text = re.sub(r"<br\s*/?>", "\n", text)
    return html.unescape(re.sub(r"</?[a-zA-Z][^>]*>", "", text))


def shell():
    """The running IPython shell, or None; does not import IPython."""
    module = sys.modules.get("IPython")
    return module.get_ipython() if module else None


class Shown:
    """Something with an HTML form and a plain text form; shows itself at the end of a cell."""

    html = ""
    text = ""

    def __repr__(self):
        return self.text

    def _repr_mimebundle_(self, include=None, exclude=None):
        return {"text/html": self.html, "text/plain": self.text}


def announce(shown):
    """Show a `Shown` now, in the middle of a cell; without a kernel its text is printed."""
    if shell() is not None:
        from IPython.display import display

        display(shown._repr_mimebundle_(), raw=True)
    else:
        encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
        print(shown.text.encode(encoding, "replace").decode(encoding))
