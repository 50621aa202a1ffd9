"""Shared NumPy kernels and teaching tools for the notebooks."""
