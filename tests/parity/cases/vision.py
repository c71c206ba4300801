"""Images read at other places, resampled with antialiasing, and pooled in random windows."""

from functools import partial

import numpy as np
import torch
import torch.nn.functional as T

import nn.functional as F
from tests.parity.op_cases import case, distinct, normal


def _around(rng, shape):
    """Coordinates within the image and a little outside, none near a place where a weight has a kink."""
    return rng.uniform(-1.4, 1.4, size=shape)


def _on_the_rim(rng, shape):
    """Also exactly at the outermost elements, where an identity map reads."""
    return rng.choice([-1.3, -1.0, 0.3, 1.0, 1.3], size=shape)


def _both(name, **options):
    return partial(getattr(F, name), **options), partial(getattr(T, name), **options)


for _padding in ("zeros", "border", "reflection"):
    for _corners in (False, True):
        for _mode in ("bilinear", "nearest", "bicubic"):
            _how = {"mode": _mode, "padding_mode": _padding, "align_corners": _corners}
            case(f"grid_sample {_mode} {_padding}", *_both("grid_sample", **_how),
                 ((2, 3, 4, 5), (2, 3, 2, 2)), ((1, 1, 3, 1), (1, 2, 3, 2)), samplers=(normal, _around))  # fmt: skip
            if _mode != "bicubic":
                case(f"grid_sample {_mode} {_padding}", *_both("grid_sample", **_how),
                     ((2, 2, 3, 2, 4), (2, 2, 1, 3, 3)), samplers=(normal, _around))  # fmt: skip
for _padding in ("border", "reflection"):
    case(f"grid_sample {_padding} rim", *_both("grid_sample", padding_mode=_padding, align_corners=True),
         ((2, 3, 4, 5), (2, 3, 4, 2)), samplers=(normal, _on_the_rim))  # fmt: skip
for _corners in (False, True):
    for _size in ((2, 3, 4, 5), (2, 3, 1, 4))[: 2 - _corners]:
        case("affine_grid", *_both("affine_grid", size=_size, align_corners=_corners), (2, 2, 3))
    case("affine_grid", *_both("affine_grid", size=(2, 1, 3, 2, 4), align_corners=_corners), (2, 3, 4))
for _mode in ("bilinear", "bicubic"):
    for _corners in (False, True):
        for _how in ({"size": (3, 2)}, {"size": (9, 7)}, {"scale_factor": 0.4}):
            case(f"interpolate {_mode} antialias",
                 *_both("interpolate", mode=_mode, align_corners=_corners, antialias=True, **_how),
                 (2, 2, 7, 6))  # fmt: skip
for _mode in ("constant", "reflect", "replicate", "circular"):
    for _widths in ((1, 2), (2, 1, 0, 2), (1, 0, 2, 1, 1, 1)):
        case(f"pad {_mode}", *_both("pad", pad=_widths, mode=_mode), (2, 3, *(4, 3, 3)[: len(_widths) // 2]),
             z=_mode == "constant")  # fmt: skip
case("pad", *_both("pad", pad=(1, 0, -1, 2), value=2.5), (3, 4), (2, 3, 4))

_RNG = np.random.default_rng(5)


def _fractional(name, samples, **options):
    def ours(x):
        return getattr(F, name)(x, _random_samples=samples, **options)

    def theirs(x):
        return getattr(T, name)(x, _random_samples=torch.tensor(samples, dtype=x.dtype), **options)

    return ours, theirs


for _name, _size in (("fractional_max_pool2d", (9, 8)), ("fractional_max_pool3d", (7, 9, 8))):
    for _how in (
        {"kernel_size": 2, "output_size": 4}, {"kernel_size": 3, "output_size": 3},
        {"kernel_size": 2, "output_ratio": (0.6, 0.5, 0.4)[: len(_size)]},
        {"kernel_size": (3, 2, 2)[: len(_size)], "output_size": (1, 5, 4)[: len(_size)]},
    ):  # fmt: skip
        _samples = _RNG.uniform(size=(2, 2, len(_size)))
        case(_name, *_fractional(_name, _samples, **_how), (2, 2, *_size), samplers=(distinct,))
for _name, _shape in (("conv_transpose2d", ((2, 3, 4, 4), (3, 2, 3, 2), (2,))),
                      ("conv1d", ((2, 3, 7), (4, 3, 3), (4,))),
                      ("conv3d", ((1, 2, 3, 4, 3), (2, 2, 2, 2, 2), (2,)))):  # fmt: skip
    case(_name, *_both(_name, stride=2, padding=1), _shape, z=True)
case("unfold", *_both("unfold", kernel_size=(2, 3), padding=1), (2, 2, 4, 5), z=True)
case("fold", *_both("fold", output_size=(4, 5), kernel_size=(2, 3)), (2, 12, 9), z=True)
for _how in ({"kernel_size": 2}, {"kernel_size": 3, "stride": 2, "padding": 1, "count_include_pad": False}):
    case("avg_pool2d", *_both("avg_pool2d", **_how), (2, 2, 6, 7))
