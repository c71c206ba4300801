"""README.md and docs/: their programs run, and what they name is there. What a page prints has a test of its own."""

import importlib.util
import re
from functools import reduce

import numpy as np
import pytest

import autodiff as ad
import nn
import optim
from tests.processes import ROOT

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
LIBRARIES = {"ad": ad, "autodiff": ad, "nn": nn, "optim": optim}


def programs(page):
    return re.findall(r"```python\n(.*?)```", (ROOT / page).read_text(encoding="utf-8"), re.DOTALL)


def run(page, number, scope):
    exec(compile(programs(page)[number], f"<program {number} of {page}>", "exec"), scope)


@pytest.fixture
def scope(tmp_path, monkeypatch):
    """What the programs leave to the reader: data, a model and a loss."""
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    images, labels = rng.normal(size=(70, 64)).astype("float32"), rng.integers(0, 10, 70)
    loader = nn.data.DataLoader(nn.data.TensorDataset(images, labels), batch_size=32)
    model = nn.Sequential(nn.Linear(64, 32, generator=0), nn.ReLU(), nn.Linear(32, 10, generator=1))
    criterion = nn.CrossEntropyLoss()

    def loss_of(images):
        return criterion(model(images), labels)

    return {
        "np": np, "ad": ad, "nn": nn, "optim": optim, "Tensor": ad.Tensor, "draw": ad.draw,
        "images": images, "labels": labels, "loader": loader, "test_loader": loader, "epochs": 2,
        "model": model, "weight": model[0].weight, "criterion": criterion, "loss_of": loss_of, "loss": loss_of(images),
        "optimizer": optim.SGD(model.parameters(), lr=0.1), "body": [*model[0].parameters()], "head": [model[2].weight],
    }  # fmt: skip


def test_the_readme_begins_with_a_graph(scope, capsys):
    run("README.md", 0, scope)
    printed = capsys.readouterr().out
    assert printed == "Tensor(-4.0) Tensor(-4.0) Tensor(3.0)\n"
    assert f"# {printed}" in programs("README.md")[0]


def test_the_readme_on_arrays(scope):
    run("README.md", 1, scope)
    assert scope["w"].grad.shape == (3, 2)
    rng = np.random.default_rng(1)
    scope["W"], scope["U"] = (ad.Tensor(rng.normal(size=shape), requires_grad=True) for shape in ((4, 4), (3, 4)))
    scope["xs"] = rng.normal(size=(5, 3))
    run("README.md", 2, scope)
    ad.testing.check_grads(lambda W, U: _last(scope["xs"], W, U), [scope["W"].value, scope["U"].value])
    _last(scope["xs"], scope["W"], scope["U"]).backward(np.ones(4))
    grads = [scope[name].grad.value.copy() for name in "WU"]
    scope["W"].grad = scope["U"].grad = None
    scope["h"][-1].backward(np.ones(4))
    np.testing.assert_allclose(np.vstack([scope[name].grad.value for name in "WU"]), np.vstack(grads))


def _last(xs, W, U):
    h = np.zeros(4)
    for x in xs:
        h = np.tanh(h @ W + x @ U)
    return h


def test_the_readme_on_functions(scope):
    scope |= {"f": np.sin, "x": np.ones(3), "dx": np.ones(3), "params": {"w": np.ones(3), "b": [np.ones(2)]}}
    scope["loss_of"] = lambda params: np.sum(params["w"] ** 2) + np.sum(params["b"][0])
    run("README.md", 3, scope)
    assert scope["slopes"]["w"].tolist() == [2.0, 2.0, 2.0]
    np.testing.assert_array_equal(scope["tangent"], np.cos(np.ones(3)))
    for line, said in re.findall(r"(?m)^(\S.*)  # ([\d\[].*)", programs("README.md")[3]):
        np.testing.assert_array_equal(eval(line, scope), eval(said))


def test_the_readme_on_networks(scope):
    run("README.md", 4, scope)
    run("README.md", 5, scope)
    assert len(scope["trainer"].history) == 20
    run("README.md", 6, scope)
    assert len(scope["train"]) + len(scope["test"]) == len(scope["digits"])


def test_the_readme_on_ops_and_pictures(scope, monkeypatch):
    monkeypatch.delitem(ad.op.OPS, "cube", raising=False)
    run("README.md", 7, scope)
    run("README.md", 8, scope)
    run("README.md", 9, scope | {"loss": scope["loss_of"](scope["images"])})


def test_the_other_pages(scope):
    assert scope["loss"].item() > 2
    run("docs/optim.md", 0, scope)
    run("docs/optim.md", 1, {**vars(optim.lr_scheduler), **scope, "optimizer": optim.SGD(scope["body"], lr=1.0)})
    run("docs/architecture.md", 0, scope)
    assert (scope["x"].grad.item(), scope["z"].grad.item()) == (-4.0, 3.0)
    run("docs/models.md", 0, scope | {"images": np.zeros((2, 3, 32, 32), "float32")})


def test_each_page_with_programs_is_run():
    elsewhere = {"data.md", "debugging.md", "gallery.md", "training.md"}  # have tests of their own
    here = {"README.md": 10, "optim.md": 2, "architecture.md": 1, "models.md": 1}
    found = {page.name: len(programs(page)) for page in PAGES}
    assert {page: number for page, number in found.items() if number and page not in elsewhere} == here


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_what_a_page_names_is_there(page):
    text = page.read_text(encoding="utf-8")
    targets = re.findall(r"(?m)^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"))
    assert set(re.findall(r"(?m)(?:`|^)make ([a-z-]+)", text)) <= {*targets}
    for module in re.findall(r"python -m ([\w.]+)", text):
        assert importlib.util.find_spec(module), module
    for path in re.findall(r"`((?:autodiff|nn|optim|tests|docs|notebooks|benchmarks)/[\w./]*)`", text):
        assert (ROOT / path).exists(), path
    for path in re.findall(r"\]\(([\w./]+)\)", text):
        assert (page.parent / path).exists(), path
    for library, names in re.findall(r"`(ad|autodiff|nn|optim)\.([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)[`(]", text):
        reduce(getattr, names.split("."), LIBRARIES[library])
