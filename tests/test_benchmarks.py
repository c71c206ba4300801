"""The workloads of benchmarks/ run with us; whether they agree with the peers is checked by the command."""

import numpy as np
import pytest

from benchmarks.__main__ import compare_numbers, duration, spread
from benchmarks.rows import ROWS


@pytest.mark.parametrize("name", ROWS)
def test_our_side_of_a_row(name):
    run, numbers = ROWS[name].systems["ours"]()
    run(2)
    for value in numbers().values():
        assert np.all(np.isfinite(value))


def test_words_and_quartiles():
    assert (duration(2.1e-6), duration(0.0851), duration(3.25)) == ("2.10 us", "85.1 ms", "3.25 s")
    assert spread([4.0, 1.0, 2.0, 3.0, 5.0]) == (2.0, 3.0, 4.0)
    assert spread([1.0]) == (1.0, 1.0, 1.0)


def test_systems_that_differ_are_told_apart():
    class Side:
        def __init__(self, system, value):
            self.system, self.numbers = system, {"loss": value}

    row = ROWS["gates"]
    compare_numbers(row, [Side("ours", [1.0, 2.0]), Side("torch", [1.0, 2.0 + 1e-14])])
    for wrong in ([1.0, 2.001], [1.0], [1.0, float("nan")]):
        with pytest.raises(Exception, match=r"loss is .* in ours"):
            compare_numbers(row, [Side("ours", [1.0, 2.0]), Side("torch", wrong)])
