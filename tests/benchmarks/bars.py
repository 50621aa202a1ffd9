"""What the benchmarks print about a bar: its number, and whether the measured one keeps to it."""


def at_most(value, bar):
    """Say whether a measured value is at most the bar."""
    return f"bar {bar:g}: {'met' if value <= bar else 'missed'}"


def at_least(value, bar):
    """Say whether a measured value is at least the bar."""
    return f"bar {bar:g}: {'met' if value >= bar else 'missed'}"
