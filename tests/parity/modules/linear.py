"""Dense layers, and layers without parameters."""

from tests.parity.module_cases import module, normal

for _bias in (True, False):
    module("Linear", 3, 4, bias=_bias, inputs=[normal(3), normal(5, 3), normal(2, 4, 3)])
module("Identity", inputs=normal(2, 3))
module("Flatten", inputs=[normal(2, 3, 4), normal(2, 3, 4, 2)])
module("Flatten", start_dim=0, end_dim=1, inputs=normal(2, 3, 4))
module("Identity", 54, unused=0.1, inputs=normal(2, 3))
for _dim, _size in [(1, (3, 4)), (1, (2, -1, 2)), (-1, (12, 1))]:
    module("Unflatten", _dim, _size, inputs=normal(2, 12))
for _bias in (True, False):
    module("Bilinear", 3, 4, 5, bias=_bias, inputs=[(normal(3), normal(4)), (normal(2, 6, 3), normal(2, 6, 4))])
