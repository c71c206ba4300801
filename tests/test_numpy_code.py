"""Plain NumPy code, unchanged, on Tensors and on arrays."""
