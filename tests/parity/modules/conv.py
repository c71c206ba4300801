"""Convolutions, their transposes, and windows as columns."""

from tests.parity.module_cases import Draw, module, normal

SIZES = {1: (9,), 2: (8, 7), 3: (5, 6, 4)}


def images(axes: int, channels: int, batched: bool = True) -> Draw:
    return normal(*(2,) * batched, channels, *SIZES[axes])


for _axes in (1, 2, 3):
    _name, _both = f"Conv{_axes}d", [images(_axes, 4), images(_axes, 4, batched=False)]
    for _options in (
        {}, {"bias": False}, {"stride": 2}, {"padding": 1}, {"padding": 2, "stride": 3}, {"dilation": 2, "padding": 1},
        {"groups": 2}, {"groups": 4, "padding": 1, "stride": 2}, {"padding": "same"}, {"padding": "valid"},
        {"padding": "same", "dilation": 2, "groups": 2},
    ):  # fmt: skip
        module(_name, 4, 8, 3, inputs=_both, modes=(True,), **_options)
    for _mode in ("reflect", "replicate", "circular"):
        for _padding in (1, 2, "same"):
            module(_name, 4, 2, 3, padding=_padding, padding_mode=_mode, inputs=images(_axes, 4), modes=(True,))
    module(_name, 4, 2, 1, inputs=_both, modes=(True,))
    module(_name, 1, 2, SIZES[_axes], inputs=images(_axes, 1), modes=(True,))
    _name = f"ConvTranspose{_axes}d"
    for _options in (
        {}, {"bias": False}, {"stride": 2}, {"padding": 1}, {"stride": 3, "padding": 1, "output_padding": 2},
        {"stride": 2, "output_padding": 1}, {"stride": 2, "padding": 2, "output_padding": 1}, {"dilation": 2},
        {"groups": 2}, {"groups": 4, "stride": 2, "padding": 1, "output_padding": 1},
        {"dilation": 3, "output_padding": 2}, {"dilation": 3, "output_padding": 2, "padding": 1, "stride": 2},
    ):  # fmt: skip
        module(_name, 4, 8, 3, inputs=_both, modes=(True,), **_options)
    _larger = tuple(2 * n for n in SIZES[_axes])
    module(_name, 4, 2, 3, stride=2, padding=1, inputs=_both, call={"output_size": _larger}, modes=(True,))
    module(_name, 4, 2, 3, stride=2, padding=1, inputs=_both[0], call={"output_size": (2, 2, *_larger)}, modes=(True,))

for _options in (
    {"kernel_size": (2, 3), "stride": (2, 1), "padding": (1, 0), "dilation": (1, 2)},
    {"kernel_size": (1, 5), "padding": (0, 2), "padding_mode": "circular"},
    {"kernel_size": (4, 1), "padding": (3, 1), "padding_mode": "reflect"},
):  # fmt: skip
    module("Conv2d", 4, 8, inputs=images(2, 4), modes=(True,), **_options)
module("ConvTranspose2d", 4, 6, (2, 3), stride=(2, 3), padding=(0, 1), output_padding=(1, 2), dilation=(2, 1),
       inputs=images(2, 4), modes=(True,))  # fmt: skip

for _options in (
    {"kernel_size": 2}, {"kernel_size": (2, 3), "stride": (2, 1)}, {"kernel_size": 3, "padding": 1, "dilation": 2},
    {"kernel_size": 1}, {"kernel_size": (3, 2), "stride": 2, "padding": (1, 0)},
):  # fmt: skip
    module("Unfold", inputs=[normal(2, 3, 6, 7), normal(3, 6, 7)], modes=(True,), **_options)
for _options, _shape in (
    ({"kernel_size": 2}, (12, 30)), ({"kernel_size": (2, 3), "stride": (2, 1)}, (12, 15)),
    ({"kernel_size": 3, "padding": 1, "dilation": 2}, (18, 20)), ({"kernel_size": 1}, (3, 42)),
):  # fmt: skip
    module("Fold", output_size=(6, 7), inputs=[normal(2, *_shape), normal(*_shape)], modes=(True,), **_options)
