"""A seed fixes initial values, dropout and the order of the data, whatever else runs and on however many threads."""

import copy
import hashlib
import inspect
import threading

import numpy as np
import pytest

import autodiff as ad
import nn
from nn.data import DataLoader, TensorDataset
from tests.processes import fresh


def build(seed):
    """A model with dropout, and a loader that shuffles: all randomness from one seed, or from the default stream."""
    stream = None if seed is None else ad.Generator(seed)
    model = nn.Sequential(
        nn.Conv2d(1, 4, 3, generator=stream), nn.ReLU(), nn.Flatten(), nn.Dropout(0.5, generator=stream),
        nn.Linear(64, 8, generator=stream), nn.Bilinear(2, 3, 4, generator=stream),
    )  # fmt: skip
    data = TensorDataset(np.arange(20))
    return model, DataLoader(data, batch_size=6, shuffle=True, generator=stream)


def drawn(seed):
    """All that the seed decides, as bytes."""
    model, loader = build(seed)
    parts = [array.tobytes() for array in model.state_dict().values()]
    for _ in range(2):
        parts += [x.value.tobytes() for (x,) in loader]
        parts.append(model[3](np.ones((50, 40))).tobytes())
    return hashlib.sha256(b"".join(parts)).hexdigest()


def test_the_same_seed_gives_the_same_and_another_seed_does_not():
    assert drawn(3) == drawn(3)
    assert drawn(3) != drawn(4)


def test_manual_seed_fixes_what_has_no_generator():
    ad.manual_seed(5)
    first = drawn(None)
    assert drawn(None) != first
    ad.manual_seed(5)
    assert drawn(None) == first


def test_other_draws_do_not_matter_to_a_stream_of_its_own():
    first = drawn(3)
    np.random.default_rng().normal(size=3)
    ad.manual_seed(0).normal(3)
    assert drawn(3) == first


def test_threads_at_once_draw_what_one_draws_alone():
    alone = [drawn(seed) for seed in range(8)]
    found = [""] * 8

    def work(seed):
        found[seed] = drawn(seed)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == alone


@pytest.mark.parametrize("count", [1, 2, 4])
def test_another_process_with_any_number_of_threads_draws_the_same(count):
    code = f"""
import os
for library in ("OMP", "OPENBLAS", "MKL", "VECLIB_MAXIMUM", "NUMBA"):
    os.environ[library + "_NUM_THREADS"] = "{count}"
import hashlib
import numpy as np
import autodiff as ad
import nn
from nn.data import DataLoader, TensorDataset

{inspect.getsource(build)}
{inspect.getsource(drawn)}
print(drawn(3))
"""
    assert fresh(code).stdout.strip() == drawn(3)


def test_a_stream_goes_on_from_its_state():
    stream = ad.Generator(1)
    layer = nn.Dropout(0.5, generator=stream)
    layer(np.ones(9))
    state = stream.get_state()
    next_mask = layer(np.ones(100))
    stream.set_state(state)
    np.testing.assert_array_equal(layer(np.ones(100)), next_mask)
    twin = copy.deepcopy(layer)
    np.testing.assert_array_equal(twin(np.ones(100)), layer(np.ones(100)))


def test_a_mask_does_not_depend_on_what_it_masks():
    a, b = (nn.Dropout(0.5, generator=7) for _ in range(2))
    np.testing.assert_array_equal(a(np.ones((3, 4))) == 0, b(np.full((3, 4), -5.0)) == 0)
