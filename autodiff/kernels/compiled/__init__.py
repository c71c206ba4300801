"""Kernels as loops that Numba compiles. Imported when first needed: importing Numba takes as long as all else."""
