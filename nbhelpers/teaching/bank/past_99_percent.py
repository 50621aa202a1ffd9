"""Exercises and questions of notebook 11, "Go past 99 %"."""

import numpy as np

from nbhelpers.teaching.exercise import Exercise, Question

_rng = np.random.default_rng(3)


def _hidden(seed, shape, p):
    """Activations of ReLU units, a random number from 0 to 1 for each, and a probability."""
    rng = np.random.default_rng(seed)
    return np.maximum(rng.standard_normal(shape) + 0.5, 0), rng.random(shape), p


def _dropped(A, draws, p):
    return A * (draws >= p) / (1 - p)


def _to_the_right(images, pixels):
    moved = np.zeros_like(images)
    moved[:, :, pixels:] = images[:, :, :-pixels]
    return moved


def _value_at(image, row, column):
    r, c = int(row), int(column)
    down, right = row - r, column - c
    above = (1 - right) * image[r, c] + right * image[r, c + 1]
    below = (1 - right) * image[r + 1, c] + right * image[r + 1, c + 1]
    return (1 - down) * above + down * below


def _vote(P):
    return P.mean(axis=0).argmax(axis=1)


EXERCISES = {
    "dropout": Exercise(
        reference=_dropped,
        cases=[_hidden(0, (6, 4), 0.5), _hidden(1, (5, 7), 0.2), _hidden(2, (1, 3), 0.75)],
        mistakes={
            " / (1 - p) -> ": "the units that stay are not made larger: divide by 1 - p, or the "
            "next layer gets less than it will get when nothing is dropped",
            ">= -> <": "this keeps what should be dropped; a unit stays if draws >= p",
            (">= -> <", "(1 - p) -> p"): "this keeps a unit with probability p, and scales for "
            "that: p is the probability to be <i>dropped</i>",
            "/ (1 -> * (1": "divide by the share that stays, 1 - p; you multiply by it",
            "(1 - p) -> p": "divide by the share that stays, 1 - p; you divide by p",
            " * (draws >= p) -> ": "nothing is dropped: the activations whose number is below p "
            "have to be 0",
            "A *  -> ": "that is the mask alone; it has to be multiplied by A",
            "(draws -> (draws[0]": "all rows get the mask of the first one; each example has a "
            "mask of its own",
        },
        hints=(
            "<code>draws &gt;= p</code> is True with the probability 1 - p: that is the mask, and "
            "True and False count as 1 and 0.",
            "Multiply <code>A</code> by the mask, then make up for what is missing: on average, "
            "the share 1 - p of the sum is left.",
        ),
    ),
    "shift": Exercise(
        reference=_to_the_right,
        cases=[
            (0.1 + _rng.random(s), pixels)
            for s, pixels in [((2, 5, 6), 2), ((3, 4, 4), 1), ((1, 3, 8), 3)]
        ],
        mistakes={
            (lambda images, pixels: np.roll(images, pixels, axis=2)): "what leaves the frame on "
            "the right comes in again on the left; paper should come in, zeros",
            (", pixels:] -> , :-pixels]", ", :-pixels]\n -> , pixels:]\n"): "these have moved to "
            "the left",
            ("[:, :, pixels:] -> [:, pixels:]", "[:, :, :-pixels] -> [:, :-pixels]"): "these have "
            "moved down: the columns are the last axis",
            (lambda images, pixels: np.roll(images, pixels, axis=1)): "these have moved down, and "
            "what has left at the bottom comes in again at the top; the columns are the last axis",
            ("zeros_like -> copy", "pixels:] = images[:, :, :-pixels] -> :pixels] = 0"): "nothing "
            "has moved; the columns on the left are paper, and the others are where they were",
            "zeros_like -> copy": "the columns on the left still hold the old ink; begin with "
            "np.zeros_like(images)",
            "    moved = ->     pixels = 1\n    moved =": "these have moved by one pixel, "
            "whatever `pixels` is",
            (lambda images, pixels: np.roll(images, pixels, axis=0)): "this moves each image to "
            "another place in the list: the first axis counts images",
        },
        hints=(
            "Begin with an empty page for each: <code>moved = np.zeros_like(images)</code>.",
            "Column 0 of the old image goes to column <code>pixels</code> of the new one. "
            "<code>moved[:, :, pixels:]</code> are all columns from there on.",
            "The last <code>pixels</code> columns have no place any more: what is copied is "
            "<code>images[:, :, :-pixels]</code>.",
        ),
    ),
    "between": Exercise(
        reference=_value_at,
        cases=[
            (_rng.random((4, 5)), 1.25, 2.6),
            (_rng.random((3, 3)), 0.9, 1.2),
            (_rng.random((6, 4)), 4.0, 0.3),
            (_rng.random((2, 2)), 0.6, 0.75),
        ],
        mistakes={
            "row - r, column - c -> r + 1 - row, c + 1 - column": "the shares are the wrong way "
            "round: a point near to a pixel gets <i>more</i> of it",
            "row - r, column - c -> column - c, row - r": "the share of the row and that of the "
            "column are swapped",
            "(1 - down) * above + down * below -> image[r : r + 2, c : c + 2].mean()": "that is "
            "the mean of the four pixels, wherever the point lies between them",
            "(1 - down) * above + down * below -> image[r, c]": "that is the pixel at the upper "
            "left; the other three count as well",
            (lambda image, row, column: image[int(row + 0.5), int(column + 0.5)]): "that is the "
            "nearest pixel; mix the four around the point",
            ("right * image[r, c + 1] -> 0", "(1 - right) * image[r + 1, c] -> 0"): "two of the "
            "four pixels are missing: the upper right and the lower left",
        },
        hints=(
            "<code>r, c = int(row), int(column)</code> is the pixel at the upper left; the other "
            "three are one further down, one further right, and both.",
            "Mix the two upper pixels first: <code>(1 - right) * image[r, c] + right * "
            "image[r, c + 1]</code>, where <code>right = column - c</code>.",
            "Mix the two lower ones in the same way, then mix the two results with "
            "<code>down = row - r</code>.",
        ),
    ),
    "vote": Exercise(
        reference=_vote,
        cases=[(_rng.dirichlet(np.full(10, 0.3), s),) for s in [(3, 12), (5, 4), (2, 1)]],
        mistakes={
            (lambda P: P.argmax(axis=2).mean(axis=0)): "that is the mean of the answers: a 3 and "
            "a 9 don't make a 6. Average the probabilities, then choose",
            (lambda P: np.eye(10)[P.argmax(axis=2)].sum(axis=0).argmax(axis=1)): "this counts "
            "answers, one for each network; here a network that hesitates counts less than one "
            "that is sure: average the probabilities, then choose",
            "mean -> prod": "this multiplies the probabilities, so that a single network can "
            "forbid a class; the average is asked for",
            "axis=0 -> axis=1": "the mean is over the images; the networks are the first axis",
            (lambda P: P[0].argmax(axis=1)): "those are the answers of the first network alone",
            "mean -> max": "those are the answers of the network that is surest of itself",
            ".argmax(axis=1) -> ": "those are the averaged probabilities; choose the class with "
            "the highest",
            "argmax -> max": "that gives the highest probabilities, not their positions",
        },
        hints=(
            "The networks are the first axis: <code>P.mean(axis=0)</code> has the shape (n, 10).",
            "Then as for one network: the position of the highest probability in each row.",
        ),
    ),
}

QUESTIONS = {
    "by_heart": Question(
        text="The network of notebook 10 learns <b>1,000</b> images instead of 55,000, until it "
        "reads all of them right. How many <b>fresh</b> images does it then read right?",
        options={
            "all, or nearly all": "Then a thousand images would be enough for everybody. It reads "
            "those that it has learned from.",
            "about 98 %": "That takes 55,000 images, as in notebook 10.",
            "not quite 90 %": "It has seen enough to know most digits, and far too little to know "
            "all the ways in which people write them. The 1,000 right answers say nothing about "
            "that.",
            "about half": "It is better than that: most fives look like some five that it knows.",
        },
        answer="C",
    ),
    "nonsense": Question(
        text="We shuffle the 1,000 labels, so that they have nothing to do with the images any "
        'more. How many of the 1,000 can the network learn to give the "right" label?',
        options={
            "about 100, as by guessing": "So it would be if it had to find a rule. There is none, "
            "but it needs none.",
            "a few hundred": "It goes on: after a while every image has pushed some weights aside "
            "for itself.",
            "nearly all 1,000": "There is nothing to understand, so it stores. About a hundred "
            "thousand weights are plenty for a thousand labels. A training error of zero is no "
            "proof of having understood anything.",
        },
        answer="C",
    ),
    "wider": Question(
        text="1,000 images are learned by heart by 128 hidden units. We take <b>384</b>, three "
        "times as many weights. What happens to the error on <b>fresh</b> images?",
        options={
            "it grows a lot": "So one would think, and textbooks used to say so. Measure.",
            "it stays the same or falls a little": "Room for learning by heart was there already. "
            "Of the many ways to fit 1,000 images, a wide network that begins with small random "
            "weights finds one that is no worse for others, usually a little better.",
            "it halves": "Width alone adds no knowledge of how digits may look.",
        },
        answer="B",
    ),
    "which": Question(
        text="1,000 images, and no others to be had. Which remedy lowers the error on fresh "
        "images the most?",
        options={
            "L2: a penalty for large weights": "It is the oldest of them, and for some data the "
            "best. Here it does little.",
            "dropout": "It buys a little. But with some of its units missing, a network still "
            "knows only these 1,000 images.",
            "early stopping": "It saves time. But what the network has learned at its best moment "
            "is still only 1,000 images.",
            "moving, turning and stretching the images": "The others tell the network to be "
            "careful. This one tells it something about handwriting: a seven that is turned by "
            "ten degrees is still a seven.",
        },
        answer="D",
    ),
    "worse_on_training": Question(
        text="While it trains on warped images, the network reads about 98 % of <b>its training "
        "batches</b> right, and more than 99 % of the <b>validation</b> images. Is something "
        "wrong?",
        options={
            "yes: a network always knows its training images best": "Of the <i>same</i> kind of "
            "images, yes. But it is trained on warped ones and asked about plain ones.",
            "no: the batches are harder than the validation images": "It never sees an image "
            "twice in the same shape, so it can't learn one by heart, and many of the warped ones "
            "are uglier than what people write.",
            "no: the validation images have slipped into the training": "They were set apart "
            "before the first step. Always worth checking, though.",
        },
        answer="B",
    ),
}
