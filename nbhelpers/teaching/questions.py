"""Predict first, then see: a question before an experiment, its answer after it.

`ask("lesson.name")` shows the question with a button for each option; the choice may change until
`reveal("lesson.name")` shows it beside the right answer and why. Without a prediction (*Run all*,
GitHub) both read well too. Predictions are kept in the reader's own folder (`progress`).
"""

from nbhelpers.boxes import FOCUS, Shown, box, folded, plain
from nbhelpers.teaching import bank, progress
from nbhelpers.teaching.exercise import LETTERS

_STYLE = f"<style>.nn-question.nn-question :focus-visible {{ {FOCUS} }}</style>"
_LATER = "Choose one before you go on."
_OPTION = "font-size:14px;line-height:1.5;padding:.25em 0 .25em .4em;"


class Asked(Shown):
    """A question on the page, with a `widget`; `choice` is the chosen letter or None."""

    def __init__(self, name, question):
        self.name, self.question, self._index, self.revealed = name, question, None, False
        self._words = [plain(option) for option in question.options]
        options = [question.lettered(i) for i in range(len(question.options))]
        self.html = box("question", "Predict first", [question.text, *options, _LATER])
        lines = ["Predict first:", question.text, *("  " + o for o in options), _LATER]
        self.text = "\n".join(plain(line) for line in lines)
        self._build()

    @property
    def choice(self):
        """The chosen letter, or None."""
        return None if self._index is None else LETTERS[self._index]

    def choose(self, option):
        """Predict an option, given by letter or position. Raises ValueError if there is none.

        After the reveal the prediction stays as it was.
        """
        index = self.question.index(option)
        if not self.revealed:
            self._index = index
            self._update()
            progress.keep_prediction(self.name, self._words[index])
        return self

    def restore(self, words):
        """Predict what was predicted on an earlier day, if the option is still there."""
        if words in self._words:
            self._index = self._words.index(words)
            self._update()

    def close(self):
        """The answer has been revealed: no more changes."""
        self.revealed = True
        self._update()

    def _build(self):
        import ipywidgets as widgets

        head = widgets.HTML(_STYLE + box("question", "Predict first", [self.question.text]))
        self.buttons, rows = [], []
        for i, text in enumerate(self.question.options):
            layout = {"width": "4.5em", "flex": "0 0 auto"}
            button = widgets.Button(layout=layout, tooltip=plain(text))  # for a screen reader
            button.on_click(lambda _, i=i: self.choose(i))
            layout = {"flex": "1 1 auto", "width": "auto", "min_width": "0"}
            label = widgets.HTML(f'<div style="{_OPTION}">{text}</div>', layout=layout)
            row = {"align_items": "center", "max_width": "52em", "overflow": "visible"}
            self.buttons.append(button)
            rows.append(widgets.HBox([button, label], layout=row))
        self.said = widgets.HTML()
        self.widget = widgets.VBox([head, *rows, self.said])
        self.widget.add_class("nn-question")
        self._update()

    def _update(self):
        for i, button in enumerate(self.buttons):
            chosen = i == self._index
            button.description = f"✓ {LETTERS[i]}" if chosen else LETTERS[i]
            button.button_style = "primary" if chosen else ""
            button.disabled = self.revealed
        if self.revealed:
            kept = f"You predicted: <b>{self.choice}</b>. " if self.choice else ""
            again = "The answer is below. To predict again, run this cell again."
            self.said.value = box("neutral", kept + again)
        elif self.choice:
            now = "Now go on, and see."
            self.said.value = box("neutral", f"You predict: <b>{self.choice}</b>. {now}")
        else:
            self.said.value = box("neutral", _LATER)

    def _repr_mimebundle_(self, include=None, exclude=None):
        bundle = super()._repr_mimebundle_()
        if self.widget.model_id:  # live Jupyter prefers this; everything else reads the HTML
            view = {"version_major": 2, "version_minor": 0, "model_id": self.widget.model_id}
            bundle["application/vnd.jupyter.widget-view+json"] = view
        return bundle


class Revealed(Shown):
    """The answer beside the prediction: `choice`, `answer` (letters) and `right` (or None).

    Without a prediction the answer is folded, so that a stored notebook doesn't give it away, and
    the question stays open.
    """

    def __init__(self, question, choice):
        self.choice, self.answer = choice, LETTERS[question.answer]
        self.right = None if choice is None else choice == self.answer
        lines = [f"Answer: {question.lettered(question.answer)}", question.said(question.answer)]
        about = [f"About {LETTERS[i]}: {question.said(i)}" for i in range(len(question.options))]
        if self.right:
            kind, title = "passed", f"✓ You predicted {choice}, and {choice} it is"
        elif choice:
            kind, title = "hint", f"△ You predicted {choice}; it is {self.answer}"
            mine = question.index(choice)
            lines = [f"Your prediction: {question.lettered(mine)}", *lines, about[mine]]
        else:
            kind, title = "neutral", "No prediction yet: choose above, then run this cell"
            del about[question.answer]
            lines += about
        shown = lines if choice else [folded("The answer all the same", lines)]
        self.html = box(kind, title, shown)
        self.text = "\n  ".join(plain(line) for line in [title, *lines])


_asked = {}  # name -> latest Asked in this kernel


def ask(name):
    """Show the question "lesson.name"; make it the last expression of its cell.

    A choice made earlier, on another day too, is kept until the answer has been revealed. What is
    returned has `.choose(letter or position)` and `.choice`. ValueError lists the questions that
    exist.
    """
    asked, before = Asked(name, bank.question(name)), _asked.get(name)
    if before is None:
        asked.restore(progress.predicted(name))
    elif before.choice and not before.revealed:
        asked.choose(before.choice)
    _asked[name] = asked
    return asked


def reveal(name):
    """Show the answer to "lesson.name" beside the prediction, if there is one, as `Revealed`.

    A prediction of an earlier day counts, too.

    ValueError lists the questions that exist.
    """
    question, asked = bank.question(name), _asked.get(name) or ask(name)
    if asked.choice:
        asked.close()
    return Revealed(question, asked.choice)
