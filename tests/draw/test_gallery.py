"""The gallery's page shows every picture there is, and each is small enough to be committed."""

from pathlib import Path

import pytest

from docs.gallery import graphs, plots
from docs.gallery.__main__ import DOCS, LARGEST, entry, pictures
from docs.gallery.sizes import GRAPHS

PICTURES = {
    name: (function, DOCS / "pictures" / f"{name}{module.SUFFIX}")
    for module in (graphs, plots)
    for name, function in pictures(module).items()
}
PAGE = (DOCS / "gallery.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_is_on_the_page_with_its_code(name):
    function, path = PICTURES[name]
    assert path.stat().st_size <= LARGEST
    assert entry(name, function, path) in PAGE


def test_no_picture_is_left_over():
    found = {path.name for path in (DOCS / "pictures").iterdir() if path.suffix != ".md"}
    assert found == {Path(path).name for _, path in PICTURES.values()}


@pytest.mark.parametrize("name", GRAPHS)
def test_the_graphs_of_the_table_fold(name):
    from autodiff import draw

    assert len(draw(GRAPHS[name](2_000), names=False).scene.items) < 100
