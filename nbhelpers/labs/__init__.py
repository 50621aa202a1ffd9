"""The experiments that a notebook calls in one line, one file a notebook."""
