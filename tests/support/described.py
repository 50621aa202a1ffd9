"""What each picture of the notebooks shows, in the words that stand beside it.

For every picture but the panels', which have a line of words of their own: the id of its cell, and
a quotation from the Markdown, or the revealed answer, before or after it that tells what is to be
seen there. Somebody chose each with the picture before their eyes, and a test can only see to it
that the words stay where they are. So whoever changes a picture, or its words, looks at both, and
changes the line here.
"""

DESCRIBED = {
    # 00_start_here
    "start-005": "Here are some of the handwritten digits of the MNIST data set",
    "start-013": "what the network says and, in parentheses, the true digit",
    # 01_xor_loop
    "xor-006": "The same four cases as points in a plane.",
    "xor-009": "an S-shaped curve, near 0 on the left, near 1 on the right",
    "xor-024": "each line gets three points right, and each leaves another corner wrong",
    "xor-031": (
        "The number in a circle is its activation, and the darker the circle, the larger it is."
    ),
    "xor-036": "is a valley, and the black dot, where we are, stands on its right side",
    "xor-053": "The lines have become thick, and many of them blue",
    "xor-058": "So for hundreds of steps nothing seems to happen; then the loss falls",
    "xor-062": (
        "a vermilion band runs from the upper left to the lower right, with blue on both "
        "sides of it"
    ),
    "xor-067": "Both vermilion points land on the same spot, near the bend, above the line",
    "xor-086": "The dots also come down. The largest gain is from two units to three",
    # 02_bias
    "bias-009": "A neuron's border, the line where it says ½, has to go through the origin.",
    "bias-020": "Every line on the right is parallel to the one of its colour on the left",
    "bias-023": (
        "A positive bias makes yes easier, so (with a positive weight) the rise comes "
        "earlier, further left."
    ),
    "bias-050": "AND is pale all over then, and the border of the clouds cuts through the blue one",
    "bias-071": (
        "dots on the dashed line haven't learned. On the right, no network without biases does."
    ),
    "bias-084": "On the left, all five units change at the same place",
    # 03_sgd
    "sgd-007": "Where the sine is negative the network says 0",
    "sgd-015": "In the middle, each step jumps over the bottom to the other side.",
    "sgd-026": "In the middle, $y$ jumps from side to side, while $x$ still creeps.",
    "sgd-033": "halfway between the training points, as far from them as we can get",
    "sgd-049": "The clouds lie around the cross",
    "sgd-069": "Counted in epochs, the small batches are far ahead",
    "sgd-074": "Four at a time keep up with all 32. One at a time falls behind",
    "sgd-081": "it is the *single ones* that have to be shuffled, not the batches",
    "sgd-089": (
        "The blue line goes through the black training points, and through the vermilion test "
        "points between them as well."
    ),
    "sgd-101": "Look at the dots: in several rows they come in two clumps",
    # 04_activations
    "activations-019": "With eight layers, all ten networks answer about 0 to everything",
    "activations-025": (
        "Look at the heights of the dashed lines. The sigmoid's slope never gets above ¼."
    ),
    "activations-045": "The first layers of a deep sigmoid network get a millionth of the blame",
    "activations-048": (
        "four and eight layers of tanh learn more of the sine in 500 epochs than one layer does"
    ),
    "activations-054": "Two of the four quadrants stay empty for the sigmoid and for ReLU",
    "activations-061": "What is turned over on the way in is turned over again on the way out.",
    "activations-086": (
        "each kink has either stayed at 0 or moved to the place where all the others went"
    ),
    "activations-106": (
        "nobody could tell which curve is the right one; then the blue one falls away from "
        "the others"
    ),
    "activations-111": "Centring lowers every median, ReLU's and its sister's the most.",
    # 05_initial_weights
    "initial_weights-015": (
        "there are five hidden units, but you see one line: they lie on top of each other"
    ),
    "initial_weights-033": "On the left, the signal dies: by layer 10 every input looks like 0.",
    "initial_weights-059": (
        "With tanh, Xavier's histograms narrow slowly, from nearly flat to a bell"
    ),
    "initial_weights-061": (
        "the histograms of 0.01 shrink to a spike at 0, those of 1 pile up at the edges"
    ),
    "initial_weights-063": "With ReLU, He's weights are the only ones whose lines are flat",
    "initial_weights-068": "noisy pictures of 8 × 8 pixels, each with a line in it",
    "initial_weights-080": "At 0.5, several flat lines lie on top of each other",
    "initial_weights-087": (
        "On the left, the path jumps from wall to wall and creeps along the valley"
    ),
    # 06_softmax
    "softmax-008": (
        "The blue cloud lies below, the vermilion one at the upper right and the green one at "
        "the upper left"
    ),
    "softmax-013": (
        "a vermilion strip lies between the green ground above and the blue ground below"
    ),
    "softmax-021": (
        r"A lead of 4 in the scores makes a probability $e^4 \approx 55$ times as large."
    ),
    "softmax-036": "at 0.5 one bar has nearly everything, at 20 the three are almost equally tall",
    "softmax-045": (
        "The curve falls to 0 on the right, where the true class has got all the probability"
    ),
    "softmax-066": (
        "stays near 1 as long as the answer is clearly wrong; the vermilion one is a low hump"
    ),
    "softmax-082": (
        "In the corner at the lower right the network has seen no point, and its border goes "
        "its own way."
    ),
    "softmax-103": "Around moons and spirals the borders must bend",
    "softmax-107": (
        "Five of them do well at the outer ends; in the middle they do no better than guessing."
    ),
    # 07_backpropagation
    "backpropagation-009": "the borders cut through the arms instead of winding along with them",
    "backpropagation-017": (
        "Blue goes forward, vermilion comes back, and where the two meet there is a gradient"
    ),
    "backpropagation-039": "The best step is where the two lines cross.",
    "backpropagation-049": "the deeper networks are nearly perfect, the wide one isn't",
    "backpropagation-072": "ticks up to the mistake, crosses from there on",
    "backpropagation-090": (
        "*Double softmax* goes up for a while, jumps, and ends lower than all others."
    ),
    # 08_digits
    "digits-006": "So few pixels, and still you can read nearly all of them.",
    "digits-027": "the blue one hardly does any more; the vermilion one goes on rising",
    "digits-062": "those on the right, with weight decay, are much paler",
    "digits-067": "With a constant rate, the loss swings by a factor of about three to the end",
    "digits-070": "The blue curves fall and fall. The vermilion ones turn around and rise, slowly",
    "digits-091": "Two mistakes stand out: 8s that are read as 1, and 5s as 9.",
    "digits-093": (
        "These were test digits in three or more of the ten splits, and misread each time"
    ),
    # 09_optimizers
    "optimizers-009": "At 0.1 it drops to the floor, and then creeps.",
    "optimizers-016": "the ball is at the bottom early, but rolls on, and swings to and fro",
    "optimizers-028": (
        "the path swings from wall to wall; on the right, it swings over once and then keeps "
        "to the floor"
    ),
    "optimizers-034": "below, the steps grow to more than six times lr",
    "optimizers-039": "On the left, Adam leaves at an angle of 45°",
    "optimizers-051": "The crosses of the first three lie on their dots",
    "optimizers-061": "The valleys look alike, but shifted",
    "optimizers-066": (
        "SGD is a little behind in the first epoch, and in the second the bands merge"
    ),
    "optimizers-079": "The fourth falls in a straight line, but first it rises",
    "optimizers-086": (
        "with long steps that end as short ones, Nesterov and Adam are, and plain SGD is "
        "clearly last"
    ),
    "optimizers-097": "With the schedule the last steps are tiny, the curve comes to rest",
    # 10_mnist
    "mnist-007": "digits written by high-school students and by employees of the Census Bureau",
    "mnist-012": "Average all zeros, all ones and so on: ten blurred pictures.",
    "mnist-024": "The training loss goes on falling; the validation loss stops after a few epochs.",
    "mnist-052": "The darkest fields above: 5s read as 3, 4s as 9, 7s as 2.",
    "mnist-054": "Here are the thirty mistakes of which the network was most certain",
    "mnist-058": "None of these looks for a whole digit. They look for strokes and gaps",
    "mnist-068": (
        "on the left the drawing, in the middle what the network sees, on the right ten bars"
    ),
    # 11_past_99_percent
    "past_99_percent-014": "The blue curve falls and falls, and the vermilion one turns round",
    "past_99_percent-022": "On logarithmic axes, the error falls almost in a straight line.",
    "past_99_percent-043": (
        "On the left, the sources of all 784 pixels for a turn; on the right, what they read."
    ),
    "past_99_percent-052": "All of them are sevens, and none of them was in the data.",
    "past_99_percent-059": "Shifts and affine warps stand apart",
    "past_99_percent-066": (
        "the bent grid has wavy lines, and the seven that it reads has changed its shape a little"
    ),
    "past_99_percent-067": (
        "in the second stand sixteen such sevens, always two of one warp side by side"
    ),
    "past_99_percent-073": (
        "from the first epoch to the last, the validation loss lies below the training loss"
    ),
    "past_99_percent-078": 'What does it still get wrong? All of it, "answer (true digit)"',
    "past_99_percent-083": "Beyond, where it has never been taught, it grows as it did before.",
    "past_99_percent-086": "What it finds moves with the image, to the last digit",
    # 12_libraries
    "libraries-012": "In the titles: our answer, theirs, and in brackets the truth.",
    "libraries-034": "the grey hill of the weights lies mostly where both have reached 1",
    "libraries-067": "16 units at 0.001 lie far under all the others, and scatter most",
    "libraries-092": "Where a line runs level, its workers wait for the scheduler",
}
