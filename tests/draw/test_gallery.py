"""The gallery's page shows every picture there is, and each is small enough to be committed."""

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
    shown = {path.name for _, path in PICTURES.values()}
    pages = "".join(page.read_text(encoding="utf-8") for page in DOCS.glob("*.md"))
    assert shown <= found
    assert {name for name in found - shown if f"pictures/{name}" not in pages} == set()


@pytest.mark.parametrize("name", GRAPHS)
def test_the_graphs_of_the_table_fold(name):
    from autodiff import draw

    assert len(draw(GRAPHS[name](2_000), names=False).scene.items) < 100
