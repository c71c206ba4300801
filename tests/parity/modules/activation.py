"""Nonlinearities."""

from tests.parity.module_cases import distinct, integers, module, normal

_shapes = [distinct(3, 4), distinct(2, 3, 2), distinct(1)]
for _name in (
    "ReLU", "ReLU6", "SELU", "SiLU", "Mish", "Tanh", "Sigmoid", "LogSigmoid", "Softsign", "Hardswish", "Tanhshrink",
    "LeakyReLU", "ELU", "CELU", "GELU", "Softplus", "Hardtanh", "Hardshrink", "Softshrink", "PReLU",
):  # fmt: skip
    module(_name, inputs=_shapes)
module("Hardsigmoid", inputs=_shapes, rtol=1e-7)  # PyTorch has 1 / 6 in single precision
module("RReLU", inputs=_shapes, modes=(False,))
module("RReLU", 0.2, 0.2, inputs=_shapes)
for _name, _several in {
    "LeakyReLU": [{"negative_slope": 0.3}, {"negative_slope": 0.0}, {"negative_slope": -0.5}],
    "ELU": [{"alpha": 0.5}, {"alpha": 0.0}, {"alpha": 2.0}],
    "CELU": [{"alpha": 0.5}, {"alpha": 2.0}, {"alpha": -1.5}],
    "GELU": [{"approximate": "tanh"}],
    "Softplus": [{"beta": 2.0}, {"beta": 3.0, "threshold": 0.4}],
    "Hardtanh": [{"min_val": -0.3, "max_val": 0.2}],
    "Hardshrink": [{"lambd": 0.1}, {"lambd": 0.0}],
    "Softshrink": [{"lambd": 0.1}, {"lambd": 0.0}],
    "Threshold": [{"threshold": 0.1, "value": 7.0}, {"threshold": -0.3, "value": -2.0}],
    "PReLU": [{"num_parameters": 1, "init": -0.5}],
}.items():
    for _options in _several:
        module(_name, inputs=_shapes[:2], **_options)
module("PReLU", 3, inputs=[distinct(2, 3), distinct(2, 3, 4), distinct(2, 3, 2, 2)])
for _dim in (0, 1, -1):
    for _name in ("Softmax", "Softmin", "LogSoftmax"):
        module(_name, _dim, inputs=[normal(3, 4), normal(2, 3, 2)])
    module("GLU", _dim, inputs=[normal(2, 4), normal(4, 2, 6)])
module("Softmax2d", inputs=[normal(2, 3, 2, 2), normal(3, 2, 2)])
for _cutoffs in ([2, 5], [4], [1, 2, 3]):
    for _bias in (False, True):
        module("AdaptiveLogSoftmaxWithLoss", 16, 10, _cutoffs, 2.0, head_bias=_bias,
               inputs=[(normal(7, 16), integers(10, 7)), (normal(1, 16), integers(10, 1))])  # fmt: skip
