"""Resampling, padding, and what rearranges channels and pixels."""

from tests.parity.module_cases import module, normal

X = {1: normal(2, 3, 5), 2: normal(2, 3, 4, 5), 3: normal(2, 2, 3, 4, 3)}
FACTORS = (2, 0.5, 1.5, 0.7)

for _axes, _x in X.items():
    _modes = ["nearest", "nearest-exact", "area", ("linear", "bilinear", "trilinear")[_axes - 1]]
    for _mode in _modes + ["bicubic"] * (_axes == 2):
        for _corners in (None, True, False) if "linear" in _mode or _mode == "bicubic" else (None,):
            _options = {"mode": _mode, "align_corners": _corners}
            for _factor in FACTORS:
                module("Upsample", scale_factor=_factor, inputs=_x, modes=(True,), **_options)
            module("Upsample", scale_factor=1.7, recompute_scale_factor=True, inputs=_x, modes=(True,), **_options)
            for _size in (1, 3, 7):
                module("Upsample", size=_size, inputs=_x, modes=(True,), **_options)
module("Upsample", size=(3, 9), mode="bilinear", inputs=X[2], modes=(True,))
module("Upsample", scale_factor=(0.5, 2.0), mode="bicubic", inputs=X[2], modes=(True,))
for _options in ({"scale_factor": 2}, {"size": (7, 3)}):
    module("UpsamplingNearest2d", inputs=X[2], modes=(True,), **_options)
    module("UpsamplingBilinear2d", inputs=X[2], modes=(True,), **_options)

for _axes in (1, 2, 3):
    _shape = (5, 4, 6)[:_axes]
    _both = [normal(2, 2, *_shape), normal(2, *_shape)]
    for _padding in (1, 2, (2, 0, 1, 3, 0, 2)[: 2 * _axes], (-1, 2, 1, -2, 0, 0)[: 2 * _axes]):
        for _name in ("ZeroPad", "ReflectionPad", "ReplicationPad", "CircularPad"):
            module(f"{_name}{_axes}d", _padding, inputs=_both, modes=(True,))
        module(f"ConstantPad{_axes}d", _padding, 1.5, inputs=_both, modes=(True,))

module("PixelShuffle", 2, inputs=[normal(2, 8, 3, 4), normal(4, 2, 2)], modes=(True,))
module("PixelShuffle", 3, inputs=[normal(1, 9, 1, 2), normal(2, 2, 18, 2, 3)], modes=(True,))
module("PixelUnshuffle", 2, inputs=[normal(2, 2, 4, 6), normal(1, 2, 2)], modes=(True,))
module("PixelUnshuffle", 3, inputs=[normal(2, 1, 3, 6), normal(2, 2, 1, 3, 3)], modes=(True,))
module("ChannelShuffle", 2, inputs=[normal(2, 6, 3, 2), normal(1, 4, 2, 2)], modes=(True,))
module("ChannelShuffle", 3, inputs=normal(2, 6, 3, 2), modes=(True,))
