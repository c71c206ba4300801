"""What PyTorch's `nn` has is here under the same name with the same arguments, or is absent for a reason."""

import inspect
import types

import pytest
import torch
import torch.nn.utils.parametrizations
import torch.nn.utils.parametrize
import torch.nn.utils.rnn

import nn
import nn.functional
import nn.init
import nn.utils.rnn

ABSENT = {
    "nn": {
        "Buffer": "any Tensor that is an attribute and no parameter is one",
        "Container": "deprecated", "NLLLoss2d": "deprecated: NLLLoss takes images",
        "CrossMapLRN2d": "an older LocalResponseNorm",
        "DataParallel": "one process, one machine", "SyncBatchNorm": "one process, one machine",
        "LinearCrossEntropyOptions": "how to work through a batch in pieces on a GPU",
        "RNNBase": "base class", "RNNCellBase": "base class", "factory_kwargs": "helper",
        "UninitializedBuffer": "lazy layers hold nothing before their first call",
        "UninitializedParameter": "lazy layers hold nothing before their first call",
    },
    "nn.functional": {
        **dict.fromkeys(["celu_", "elu_", "hardtanh_", "leaky_relu_", "relu_", "rrelu_", "selu_", "threshold_"],
                        "relu(x, inplace=True)"),
        **{f"{kind}_max_pool{d}d_with_indices": "return_indices=True"
           for kind, axes in (("adaptive", (1, 2, 3)), ("fractional", (2, 3))) for d in axes},
        **{f"max_pool{d}d_with_indices": "return_indices=True" for d in (1, 2, 3)},
        "conv_tbc": "conv1d between transposes", "native_channel_shuffle": "channel_shuffle",
        "grouped_mm": "device", "scaled_mm": "device", "scaled_grouped_mm": "device",
        "ScalingType": "device", "SwizzleType": "device",
        "upsample_bilinear": "deprecated: interpolate", "upsample_nearest": "deprecated: interpolate",
    },
    "nn.init": dict.fromkeys(
        ["constant", "dirac", "eye", "kaiming_normal", "kaiming_uniform", "normal", "orthogonal", "sparse", "uniform",
         "xavier_normal", "xavier_uniform"], "deprecated: the names end in an underscore"),
    "nn.utils": {
        "clip_grad_norm": "deprecated: clip_grad_norm_",
        "convert_conv2d_weight_memory_format": "device", "convert_conv3d_weight_memory_format": "device",
        "skip_init": "device",
        **dict.fromkeys(["fuse_conv_bn_eval", "fuse_conv_bn_weights", "fuse_linear_bn_eval", "fuse_linear_bn_weights"],
                        "an optimisation of evaluation"),
    },
    "nn.utils.rnn": {"invert_permutation": "np.argsort"},
    "nn.utils.parametrizations": {"orthogonal": "init.orthogonal_ makes a matrix so at first; not kept so"},
    "nn.utils.parametrize": {
        "cached": "what is computed is kept during each forward pass",
        "transfer_parametrizations_and_params": "helper", "type_before_parametrizations": "type(module).__base__",
    },
}  # fmt: skip
HELPERS = {
    "Any", "BroadcastingList1", "BroadcastingList2", "BroadcastingList3", "Callable", "DType",
    "GRID_SAMPLE_INTERPOLATION_MODES", "GRID_SAMPLE_PADDING_MODES", "Iterable", "Literal", "NamedTuple", "Optional",
    "PackedSequence_", "ParamSpec", "Self", "TYPE_CHECKING", "Tensor", "TypeVar", "assert_int_or_pair", "bind",
    "boolean_dispatch", "copy_method_params", "handle_torch_function", "has_torch_function",
    "has_torch_function_unary", "has_torch_function_variadic", "reproducibility_notes", "sparse_support_notes",
    "tf32_notes",
}  # fmt: skip
PLACES = {
    "nn": (nn, torch.nn), "nn.functional": (nn.functional, torch.nn.functional), "nn.init": (nn.init, torch.nn.init),
    "nn.utils": (nn.utils, torch.nn.utils), "nn.utils.rnn": (nn.utils.rnn, torch.nn.utils.rnn),
    "nn.utils.parametrizations": (nn.utils.parametrizations, torch.nn.utils.parametrizations),
    "nn.utils.parametrize": (nn.utils.parametrize, torch.nn.utils.parametrize),
}  # fmt: skip
OURS = {"dtype", "generator", "batch_first"}
"""Arguments that ours have besides, or in another place."""

THEIRS = {"device", "dtype", "generator", "_stacklevel", "_weight", "_freeze", "min_value", "max_value", "unsafe"}
"""Arguments of PyTorch's that are of devices, private or deprecated."""

OTHER = {
    "Module": "takes nothing", "Sequential": "*modules", "Parameter": "PyTorch's data is our value",
    "ParametrizationList": "not called by users", "PackedSequence": "all fields are given",
}  # fmt: skip


def public(place):
    names = getattr(place, "__all__", None) if "parametri" in place.__name__ else None
    return {
        n for n in names or dir(place) if not n.startswith("_") and not isinstance(getattr(place, n), types.ModuleType)
    }


@pytest.mark.parametrize("place", PLACES)
def test_every_name_is_here_or_absent_for_a_reason(place):
    ours, theirs = PLACES[place]
    missing = public(theirs) - set(dir(ours)) - HELPERS
    assert missing == set(ABSENT[place])


def arguments(function, without):
    """Names, kinds and defaults; None where PyTorch does not tell."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except ValueError:
        return None
    if any(p.kind in (p.VAR_POSITIONAL, p.VAR_KEYWORD) for p in parameters):
        return None
    return [(p.name, p.kind, p.default) for p in parameters if p.name not in without]


def named():
    for place, (ours, theirs) in PLACES.items():
        for name in sorted(public(theirs) & set(dir(ours)) - HELPERS - set(OTHER)):
            if callable(getattr(theirs, name)) and arguments(getattr(theirs, name), THEIRS) is not None:
                yield pytest.param(getattr(ours, name), getattr(theirs, name), id=f"{place}.{name}")


def plain(value):
    """A default, a function among them by its name."""
    return getattr(value, "__name__", value)


@pytest.mark.parametrize(("ours", "theirs"), [*named()])
def test_arguments(ours, theirs):
    given = arguments(theirs, THEIRS)
    names = {name for name, _, _ in given}
    mine = arguments(ours, {"dtype", "generator"} | (OURS - names) | ({"weight"} - names))
    assert [(n, k, plain(d)) for n, k, d in mine] == [(n, k, plain(d)) for n, k, d in given]


DEVICES = {"bfloat16", "compile", "cuda", "ipu", "mtia", "share_memory", "to_empty", "xpu"}
METHODS_ABSENT = DEVICES | {
    "T_destination", "call_super_init", "dump_patches",  # no methods
    "get_extra_state", "set_extra_state",  # a buffer holds what is to be saved
    "register_backward_hook",  # deprecated: register_full_backward_hook
}  # fmt: skip


@pytest.mark.parametrize("name", ["Module", "Sequential", "ModuleList", "ModuleDict", "ParameterList", "ParameterDict"])
def test_every_method_of_modules_is_here_or_absent_for_a_reason(name):
    ours, theirs = getattr(nn, name), getattr(torch.nn, name)
    special = {"__or__", "__ror__", "__ior__", "__reversed__", "__contains__", "__iadd__", "__imul__", "__rmul__"}
    wanted = {n for n in dir(theirs) if not n.startswith("_") or n in special}
    assert wanted - set(dir(ours)) == METHODS_ABSENT
