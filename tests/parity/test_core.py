"""Every scenario gives in PyTorch what it gives here."""

import pytest

from tests.backends import Ours, assert_close
from tests.scenarios import SCENARIOS


@pytest.mark.filterwarnings("ignore:Using backward\\(\\) with create_graph=True will create a reference cycle")
@pytest.mark.parametrize("name", SCENARIOS)
def test_scenario(name, theirs):
    run = SCENARIOS[name].run
    assert_close(run(Ours()), run(theirs), rtol=1e-6, atol=1e-12)
