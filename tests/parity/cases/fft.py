"""Comparisons with PyTorch."""

from functools import partial

import torch

from autodiff import numpy as N
from tests.parity.op_cases import case

NORMS = ("backward", "ortho", "forward")
for name in ("fft", "ifft", "irfft", "hfft"):
    ours, theirs = getattr(N.fft, name), getattr(torch.fft, name)
    for norm in NORMS:
        case(name, partial(ours, norm=norm), partial(theirs, norm=norm), (5,), (4,), (2, 3), z=True)
    for n, axis in ((7, -1), (3, -1), (6, 0), (2, 0)):
        case(name, partial(ours, n=n, axis=axis), partial(theirs, n=n, dim=axis), (5, 4), z=True)
for name in ("rfft", "ihfft"):
    ours, theirs = getattr(N.fft, name), getattr(torch.fft, name)
    for norm in NORMS:
        case(name, partial(ours, norm=norm), partial(theirs, norm=norm), (5,), (4,), (2, 3))
    for n, axis in ((7, -1), (3, -1), (6, 0), (2, 0)):
        case(name, partial(ours, n=n, axis=axis), partial(theirs, n=n, dim=axis), (5, 4))
for name in ("fftn", "ifftn", "irfftn", "rfftn"):
    ours, theirs, z = getattr(N.fft, name), getattr(torch.fft, name), name != "rfftn"
    for norm in NORMS:
        case(name, partial(ours, norm=norm), partial(theirs, norm=norm), (4,), (2, 3, 4), z=z)
    for s, axes in (((3, 5), (0, 1)), ((2, 3), (2, 0))):
        case(name, partial(ours, s=s, axes=axes), partial(theirs, s=s, dim=axes), (2, 3, 4), z=z)
for name in ("fft2", "ifft2", "rfft2", "irfft2"):
    case(name, getattr(N.fft, name), getattr(torch.fft, name), (3, 4), (2, 3, 5), z=name != "rfft2")
for name in ("fftshift", "ifftshift"):
    case(name, getattr(N.fft, name), getattr(torch.fft, name), (5,), (4, 3), z=True)
