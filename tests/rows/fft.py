"""Fourier transforms."""

from __future__ import annotations

import numpy as np

from autodiff import numpy as N
from tests.op_table import apart, op, real, row

_norms = [{}, {"norm": "ortho"}, {"norm": "forward"}]
_one = [[real(5)], [real(4)], [real(2, 4)], [real(1)], [real(0, 3)]]
_lengths = [
    {"n": 7},
    {"n": 4},
    {"n": 3, "norm": "forward"},
    {"n": 6, "axis": 0},
    {"axis": 0, "norm": "ortho"},
    {"n": 1},
]
for _name in ("fft", "ifft"):
    _both = getattr(N.fft, _name), getattr(np.fft, _name)
    row(f"fft.{_name}", *_both, _one, options=_norms, complex=True)
    row(f"fft.{_name} lengths", *_both, [[real(5, 4)]], options=_lengths, complex=True)
for _name in ("rfft", "ihfft"):
    _both = getattr(N.fft, _name), getattr(np.fft, _name)
    row(f"fft.{_name}", *_both, _one, options=_norms)
    row(f"fft.{_name} lengths", *_both, [[real(5, 4)]], options=_lengths)
for _name in ("irfft", "hfft"):
    _both = getattr(N.fft, _name), getattr(np.fft, _name)
    row(f"fft.{_name}", *_both, [[real(5)], [real(4)], [real(2, 3)], [real(0, 3)]], options=_norms, complex=True)
    row(f"fft.{_name} lengths", *_both, [[real(5, 4)]], options=_lengths, complex=True)

_several = [{"axes": (0, 2)}, {"axes": (1,), "norm": "ortho"}, {"s": (3, 5), "axes": (0, 1), "norm": "forward"},
            {"s": (2, -1), "axes": (2, 0)}, {"axes": (-1, 0)}]  # fmt: skip
_planes = [{}, {"s": (3, 5)}, {"axes": (0, 1)}, {"axes": (1, 0), "norm": "ortho"}, {"s": (2, 2), "norm": "forward"}]
for _name in ("fftn", "ifftn"):
    _both = getattr(N.fft, _name), getattr(np.fft, _name)
    row(f"fft.{_name}", *_both, [[real(4)], [real(2, 3, 4)]], options=_norms, complex=True)
    row(f"fft.{_name} axes", *_both, [[real(2, 3, 4)]], options=[*_several, {"axes": (0, 0)}], complex=True)
for _name in ("fft2", "ifft2", "irfft2"):
    row(f"fft.{_name}", getattr(N.fft, _name), getattr(np.fft, _name), [[real(2, 3, 4)]], options=_planes, complex=True)
row("fft.rfft2", N.fft.rfft2, np.fft.rfft2, [[real(2, 3, 4)]], options=_planes)
row("fft.rfftn", N.fft.rfftn, np.fft.rfftn, [[real(4)], [real(2, 3, 4)], [real(2, 3, 3)]], options=_norms)
row("fft.rfftn axes", N.fft.rfftn, np.fft.rfftn, [[real(2, 3, 4)]], options=_several)
row("fft.irfftn", N.fft.irfftn, np.fft.irfftn, [[real(4)], [real(2, 3, 4)], [real(2, 3, 3)]], options=_norms,
    complex=True)  # fmt: skip
row("fft.irfftn axes", N.fft.irfftn, np.fft.irfftn, [[real(2, 3, 4)]], options=_several, complex=True)

for _name in ("fftshift", "ifftshift"):
    row(f"fft.{_name}", getattr(N.fft, _name), getattr(np.fft, _name), [[apart(5)], [apart(4, 3)], [apart(0)]],
        options=[{}, {"axes": 0}, {"axes": (0,)}], complex=True)  # fmt: skip
_step = [[lambda rng: np.float64(0.5)]]
row("fft.fftfreq", lambda d: N.fft.fftfreq(5, d), lambda d: np.fft.fftfreq(5, d), _step, creates=True)
row("fft.rfftfreq", lambda d: N.fft.rfftfreq(4, d), lambda d: np.fft.rfftfreq(4, d), _step, creates=True)

_axis = {"axis": 1, "norm": "backward"}
row("fft", op("fft"), lambda x, axes, norm: np.fft.fftn(x, axes=axes, norm=norm), [[real(3, 4)]],
    options=[{"axes": (0, 1), "norm": "ortho"}], complex=True)  # fmt: skip
row("ifft", op("ifft"), lambda x, axes, norm: np.fft.ifftn(x, axes=axes, norm=norm), [[real(3, 4)]],
    options=[{"axes": (1,), "norm": "backward"}], complex=True)  # fmt: skip
row("rfft", op("rfft"), np.fft.rfft, [[real(3, 4)], [real(3, 5)]], options=[_axis])
row("irfft", op("irfft"), np.fft.irfft, [[real(3, 4)]], options=[{"n": 6, **_axis}, {"n": 7, **_axis}], complex=True)
