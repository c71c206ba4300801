"""Numerical kernels: arrays in, arrays out, no Tensor. Here are the plain NumPy references."""
