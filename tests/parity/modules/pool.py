"""Pooling."""

import numpy as np

from tests.parity.module_cases import Draw, distinct, fixed, module, normal, positive

SIZES = {1: (9,), 2: (8, 7), 3: (5, 6, 4)}

for _axes in (1, 2, 3):
    _both: list[Draw] = [distinct(2, 2, *SIZES[_axes]), distinct(2, *SIZES[_axes])]
    for _options in (
        {"kernel_size": 2}, {"kernel_size": 3, "stride": 2}, {"kernel_size": 3, "stride": 2, "padding": 1},
        {"kernel_size": 2, "dilation": 2}, {"kernel_size": 3, "stride": 2, "ceil_mode": True},
        {"kernel_size": 2, "stride": 3, "padding": 1, "ceil_mode": True}, {"kernel_size": 2, "return_indices": True},
        {"kernel_size": 3, "stride": 2, "padding": 1, "ceil_mode": True, "return_indices": True},
        {"kernel_size": SIZES[_axes]},
    ):  # fmt: skip
        module(f"MaxPool{_axes}d", inputs=_both, modes=(True,), **_options)
    for _options in (
        {"kernel_size": 2}, {"kernel_size": 3, "stride": 2}, {"kernel_size": 3, "stride": 1, "padding": 1},
        {"kernel_size": 3, "stride": 2, "padding": 1, "count_include_pad": False},
        {"kernel_size": 3, "stride": 2, "ceil_mode": True},
        {"kernel_size": 3, "stride": 2, "padding": 1, "ceil_mode": True},
        {"kernel_size": 4, "stride": 3, "padding": 2, "ceil_mode": True, "count_include_pad": False},
        {"kernel_size": SIZES[_axes]},
    ):  # fmt: skip
        module(f"AvgPool{_axes}d", inputs=_both, modes=(True,), **_options)
    if _axes > 1:
        module(f"AvgPool{_axes}d", 3, 2, divisor_override=5, inputs=_both, modes=(True,))
        module(f"AvgPool{_axes}d", 3, 2, padding=1, ceil_mode=True, divisor_override=2, inputs=_both, modes=(True,))
    for _norm in (1, 2, 3, 4.5):
        for _options in ({"kernel_size": 2}, {"kernel_size": 3, "stride": 2}, {"kernel_size": 2, "ceil_mode": True}):
            module(f"LPPool{_axes}d", _norm, inputs=positive(2, 2, *SIZES[_axes]), modes=(True,), **_options)
    module(f"LPPool{_axes}d", 2, 2, inputs=_both, modes=(True,))
    for _parts in (1, 2, 3, 4, SIZES[_axes], tuple(n + 1 for n in SIZES[_axes]), (2,) if _axes == 1 else
                   (None,) * (_axes - 1) + (2,)):  # fmt: skip
        module(f"AdaptiveAvgPool{_axes}d", _parts, inputs=_both, modes=(True,))
        module(f"AdaptiveMaxPool{_axes}d", _parts, inputs=_both, modes=(True,))
    module(f"AdaptiveMaxPool{_axes}d", 3, return_indices=True, inputs=_both, modes=(True,))

for _name in ("MaxPool2d", "AvgPool2d"):
    module(_name, (2, 3), (1, 2), (1, 0), inputs=distinct(2, 2, 8, 7), modes=(True,))


def places(*size: int, kernel: int) -> Draw:
    """One place in each window of a sequence or an image, as pooling would give."""

    def draw(rng: np.random.Generator) -> np.ndarray:
        out = [n // kernel for n in size]
        grid = np.indices(out) * kernel + rng.integers(kernel, size=(len(size), *out))
        return np.stack([np.ravel_multi_index(tuple(grid), size)] * 6).reshape(2, 3, *out)

    return draw


for _size in ((6,), (4, 6), (2, 4, 6)):
    _few = tuple(n // 2 for n in _size)
    module(f"MaxUnpool{len(_size)}d", 2, inputs=(normal(2, 3, *_few), places(*_size, kernel=2)), modes=(True,))
    _more = tuple(n + 1 for n in _size)
    for _given in (_more, (2, 3, *_more)):
        module(f"MaxUnpool{len(_size)}d", 2, inputs=(normal(2, 3, *_few), places(*_size, kernel=2)),
               call={"output_size": fixed(_given)}, modes=(True,))  # fmt: skip
