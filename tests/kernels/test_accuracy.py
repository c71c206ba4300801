"""Each compiled kernel says how far it may be from exact arithmetic, and stays within that."""

import importlib
import re

import numpy as np
import pytest
from scipy.special import ndtr

from benchmarks.thresholds import CASES
from tests.kernels.test_activation import NAMES, OPTIONS
from tests.kernels.twins import reference, twin


def stated(name):
    """What the compiled form says of its error."""
    module, _, function = name.partition(".")
    return getattr(importlib.import_module(f"autodiff.kernels.compiled.{module}"), function).__doc__


@pytest.mark.parametrize("name", CASES)
def test_every_kernel_states_its_error(name):
    assert re.search(r"Error|Exact|rounding|bits", stated(name))


def _sigmoid(x):
    return 1 / (1 + np.exp(-x))


def _mish(x):
    return np.tanh(np.logaddexp(0, x))


TERMS = {  # of sums, the larger of which is the measure: one may cancel the other
    "silu_slope": lambda g, x: (g * _sigmoid(x), g * x * _sigmoid(x) * _sigmoid(-x)),
    "gelu_slope": lambda g, x: (g * ndtr(x), g * x * np.exp(-x * x / 2) / np.sqrt(2 * np.pi)),
    "mish_slope": lambda g, x: (g * _mish(x), g * x * _sigmoid(x) * (1 - _mish(x) ** 2)),
    "elu_slope": lambda g, out: (g * out, g * np.ones_like(out)),
    "sigmoid_slope": lambda g, s: (g * s * (1 - s), g * s * s),
    "tanh_slope": lambda g, t: (g, g * t * t),
    "softsign_slope": lambda g, out: (g, g * out),
    "hardswish_slope": lambda g, x: (g * (np.abs(x) < 3), g * x / 3 * (np.abs(x) < 3)),
    "hardswish": lambda x: (x * (np.abs(x) < 3), x * x / 6),
}


@pytest.mark.parametrize("name", NAMES)
def test_activations_stay_within_what_they_state(name):
    """In float32, where float64 is exact enough to measure half units of the last place."""
    text = stated(f"activation.{name}")
    rng = np.random.default_rng(0)
    values = [np.concatenate([rng.normal(scale=scale, size=20_000) for scale in (0.01, 1, 4)]) for _ in range(2)]
    arrays = [a.astype(np.float32) for a in values[: NAMES[name]]]
    if name in ("sigmoid_slope", "tanh_slope", "softsign_slope"):
        arrays[1] = np.tanh(arrays[1])
    for options in OPTIONS.get(name, [{}]):
        found = twin(f"activation.{name}")(*arrays, **options)
        if text.startswith("Exact"):
            np.testing.assert_array_equal(found, reference(f"activation.{name}")(*arrays, **options))
            continue
        longer = [a.astype(np.float64) for a in arrays]
        if "`beta x` rounded" in text:
            longer[-1] = (np.float32(options["beta"]) * arrays[-1]).astype(np.float64) / options["beta"]
        expected = reference(f"activation.{name}")(*longer, **options)
        largest = np.max(np.abs([expected, *(TERMS[name](*longer) if name in TERMS else ())]), axis=0)
        allowed = units(text, options, np.abs(longer[-1]))
        allowed *= np.spacing(largest.astype("f")) if "ulp" in text else np.finfo("f").eps / 2 * largest
        allowed += 100 * np.finfo("f").tiny  # an exponential below exp(-87) is 0
        error = np.abs(found - expected)
        worst = np.argmax(error / allowed)
        assert np.all(error <= allowed), (options, longer[-1][worst], (error / allowed)[worst])


def units(text, options, size):
    """The number that a bound states, with the size of x in it."""
    if options.get("approximate") == "tanh":
        return 6 + 3 * size + size**3 / 6
    number, more = re.search(r"Error: (\d+)(?: \+ (2 x\^2|\|x\|))? (?:ulp|roundings)", text).groups()
    return int(number) + {None: 0, "|x|": size, "2 x^2": 2 * size**2}[more]
