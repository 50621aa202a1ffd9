"""How many of a reader's drawings a network has read right: ten buttons below a pad."""

import html

import ipywidgets as widgets

from nbhelpers.playgrounds.engine.controls import row


class Tally:
    """Counts drawings by what they were meant to be.

    Parameters
    ----------
    meant : callable
        What a click on one of the buttons 0 to 9 calls, with that digit.

    Attributes
    ----------
    counted : list of (meant, read)
        The drawings since the network is what it is now.
    widget : VBox
        The buttons, and the tally in words.
    """

    def __init__(self, meant):
        self.counted, self.before = [], ""
        self.buttons = [
            widgets.Button(description=str(k), tooltip=f"You drew a {k}", layout={"width": "30px"})
            for k in range(10)
        ]
        for k, button in enumerate(self.buttons):
            button.on_click(lambda _, k=k: meant(k))
        self._said = widgets.HTML()
        self.widget = widgets.VBox([row(widgets.Label("You drew:"), *self.buttons), self._said])
        self.say(self.words)

    @property
    def right(self):
        """How many were read right, and how many there are."""
        return sum(meant == read for meant, read in self.counted), len(self.counted)

    @property
    def words(self):
        """The tally in one line: "Read right: 1 of 3. Misread: a 4 as 9, an 8 as 3."."""
        right, total = self.right
        parts = [f"Read right: {right} of {total}." if total else "Nothing counted yet."]
        wrong = [f"{article(m)} {m} as {r}" for m, r in self.counted if m != r]
        parts += [f"Misread ({len(wrong)}): {', '.join(wrong)}."] if wrong else []
        return " ".join(parts + [self.before] * bool(self.before))

    def count(self, meant, read):
        """Count one more."""
        self.counted.append((meant, read))
        self.say(self.words)

    def begin_anew(self):
        """The network is another one now; the tally of the one before is kept in words."""
        if self.counted:
            self.before, self.counted = "Before: {} of {}.".format(*self.right), []
            self.say(self.words)

    def say(self, words):
        """Put words in the place of the tally."""
        self._said.value = (
            '<p role="status" style="margin:0 2px;line-height:1.4;'
            f'color:var(--jp-ui-font-color1,inherit)">{html.escape(words)}</p>'
        )


def article(digit):
    """The word before a digit."""
    return "an" if digit == 8 else "a"
