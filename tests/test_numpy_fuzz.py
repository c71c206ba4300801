"""Random NumPy programs on Tensors: NumPy's values, gradients as by differences, or an error that says what to do."""

import random
import re
from itertools import count

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from autodiff import GradientError, Tensor
from tests.fuzz import fuzz_settings
from tests.numpy_fuzz import Program, draw_program

REFUSALS = {}  # by message, for whoever wants to know what was refused


def tensors(program):
    made = {"grad": lambda a: Tensor(a, requires_grad=True), "constant": Tensor, "array": lambda a: a}
    return [made[kind](a) for (kind, _), a in zip(program.leaves, program.inputs(), strict=True)]


def plain(value):
    return value.detach().numpy() if type(value) is Tensor else np.asarray(value)


def weighted(program, values, onto=None):
    """The sum of all floating values' elements, each with a weight of its own."""
    rng = np.random.default_rng([program.seed, 1])
    total = 0.0
    for value in values:
        weights = rng.normal(size=np.shape(value))
        if plain(value).dtype.kind == "f":
            total = total + (value * weights).sum()
    return total


def directions(program):
    rng = np.random.default_rng([program.seed, 2])
    drawn = [np.asarray(rng.normal(size=shape)) for _, shape in program.leaves]
    return [v if kind == "grad" else np.zeros_like(v) for (kind, _), v in zip(program.leaves, drawn, strict=True)]


def differences(program):
    """The derivative along the directions by differences of two widths; None where they differ, at a kink."""

    def at(h):
        moved = [a + h * v for a, v in zip(program.inputs(), directions(program), strict=True)]
        return weighted(program, program.run(moved))

    fine, coarse = ((8 * (at(h) - at(-h)) - (at(2 * h) - at(-2 * h))) / (12 * h) for h in (1e-5, 3e-5))
    if not np.isfinite(fine) or abs(fine - coarse) > 1e-5 * max(1.0, abs(fine)):
        return None
    return fine


def refused(error):
    """Whether an error is one of ours that tells what to write; it is counted."""
    cause = error if isinstance(error, TypeError | GradientError) else error.__cause__
    if not isinstance(cause, TypeError | GradientError) or not re.search(
        r"t\.|Write|write|copy|autodiff|np\.", str(cause)
    ):
        return False
    message = re.sub(r"/\S+:\d+|\d+", "#", str(cause))[:90]
    REFUSALS[message] = REFUSALS.get(message, 0) + 1
    return True


def check(program: Program) -> None:
    expected = program.run(program.inputs())
    given = tensors(program)
    try:
        values = program.run(list(given), lambda x: type(x) is Tensor)
        if values is None:
            return  # it writes into an array of NumPy's, of which a graph may have saved a value: debug() would tell
        loss = weighted(program, values)
    except (TypeError, ValueError, GradientError) as error:
        if not refused(error):
            raise
        return
    assert len(values) == len(expected)
    for i, (ours, theirs) in enumerate(zip(values, expected, strict=True)):
        ours, theirs = plain(ours), np.asarray(theirs)
        assert (np.shape(ours), ours.dtype) == (theirs.shape, theirs.dtype), f"v{i}"
        np.testing.assert_allclose(ours, theirs, rtol=1e-10, atol=1e-10, err_msg=f"v{i}")
    if type(loss) is not Tensor or not loss.requires_grad:
        slope = 0.0
    else:
        try:
            with np.errstate(all="ignore"):  # an infinite slope, of a root at 0
                loss.backward()
        except GradientError as error:
            if not refused(error):
                raise
            return
        pairs = zip(given, directions(program), strict=True)
        slope = sum(float((x.grad.value * v).sum()) for x, v in pairs if type(x) is Tensor and x.grad is not None)
    numeric = differences(program)
    if numeric is not None and np.isfinite(slope):
        assert abs(slope - numeric) <= 1e-5 * max(1.0, abs(numeric)), f"gradient {slope}, differences {numeric}"


@fuzz_settings(300)
@given(st.randoms(use_true_random=False))
def test_random_numpy_programs(r):
    check(draw_program(r))


def search(seconds, start=0):
    """Try programs for some time, and print those that fail: python -c 'from tests.test_numpy_fuzz import ...'."""
    import collections
    import time
    import warnings

    warnings.simplefilter("ignore")
    end, failures, tried = time.time() + seconds, collections.Counter(), 0
    for seed in count(start):
        if time.time() > end:
            break
        tried += 1
        program = draw_program(random.Random(seed))
        try:
            check(program)
        except Exception as error:
            text = re.sub(r"[\d.e-]+", "#", f"{type(error).__name__}: {error}".replace("\n", " ")[:110])
            failures[text] += 1
            if failures[text] <= 2:
                print(seed, program.leaves, *program.steps, f"{type(error).__name__}: {str(error)[:300]}", sep="\n   ")
    print(tried, failures.most_common(), *sorted(REFUSALS.items(), key=lambda kv: -kv[1]), sep="\n")
