"""A Trainer's run that is cut off while workers make its batches, with augmentation, and gone on with."""

import numpy as np
import pytest

import autodiff as ad
import nn
import optim
from nn.data import DataLoader, TensorDataset
from nn.data import transforms as T

X = np.random.default_rng(0).random((60, 1, 6, 6)).astype(np.float32)


class Stop(optim.Callback):
    """Saves at a step, and cuts the run off."""

    def __init__(self, step, path):
        self.step, self.path = step, path

    def after_step(self, trainer):
        if trainer.step == self.step:
            trainer.save(self.path)
            raise InterruptedError


def run(path, workers, stop=None, load=False):
    """Weights after three epochs, or None if it was cut off."""
    ad.manual_seed(0)
    stream = ad.Generator(1)
    model = nn.Sequential(
        nn.Flatten(), nn.Linear(36, 8, generator=stream), nn.Dropout(0.5), nn.Linear(8, 3, generator=stream)
    )
    data = TensorDataset(X, np.arange(60) % 3, transform=T.Compose([T.RandomTranslation(1), T.GaussianNoise()]))
    options = {"persistent_workers": True} if workers else {}
    loader = DataLoader(data, 8, shuffle=True, generator=stream, num_workers=workers, **options)
    optimizer = optim.Adam(model.parameters(), lr=1e-2)
    trainer = optim.Trainer(model, nn.CrossEntropyLoss(), optimizer, callbacks=[Stop(stop, path)], progress=False)
    try:
        trainer.fit(loader, 3, resume=path if load else False)
    except InterruptedError:
        return None
    return b"".join(value.tobytes() for value in model.state_dict().values())


@pytest.mark.parametrize(("step", "workers"), [(3, 0), (8, 0), (12, 0), (11, 2)])
def test_the_weights_are_those_of_the_run_that_was_not_cut_off(tmp_path, step, workers):
    path = tmp_path / "run.safetensors"
    assert run(path, workers, stop=step) is None
    assert run(path, workers, load=True) == run(path, 0)
