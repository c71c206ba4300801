"""Write `docs/numpy.md`: what each public function of NumPy does when it is given Tensors.

Which of them have gradients is not claimed but tried: a function is said to have one if a row of the op table
gives a result that requires grad. `make stubs` runs it.
"""

from __future__ import annotations

import inspect
import warnings
import zlib
from pathlib import Path
from typing import Any

import numpy as np

import autodiff as ad
import autodiff.numpy as xp
from autodiff.numpy.protocol import REFUSED
from tests.rows import ROWS, Row

TABLE = Path(__file__).parent.parent / "docs" / "numpy.md"
VERSION = ".".join(np.__version__.split(".")[:2])

NO_ARRAYS = {
    "NumPy itself, dtypes, and single numbers": """
        base_repr binary_repr format_float_positional format_float_scientific get_include get_printoptions getbufsize
        geterr geterrcall info isdtype issubdtype mintypecode printoptions promote_types set_printoptions setbufsize
        seterr seterrcall show_config show_runtime test typename""",
    "files and functions": "frombuffer fromfile fromiter fromregex fromstring frompyfunc genfromtxt load loadtxt",
    "iterators": "nested_iters",
    "dates": "busday_count busday_offset datetime_as_string datetime_data is_busday isnat",
    "windows of a given length": "bartlett blackman hamming hanning kaiser",
}
"""The functions that take no arrays of numbers, by what they are about; the table leaves them out."""

ORDINARY = {
    "packbits": "Bits packed into bytes.",
    "unpackbits": "Bytes taken apart into bits.",
    "isscalar": "Whether this is a number, and not a Tensor or an array of one.",
    "iterable": "Whether `iter` takes this.",
}
"""Functions of NumPy's own that take Tensors as they are, or as arrays of integers."""

HEADER = f"""\
# NumPy's functions on Tensors

Written by `make stubs`; a test runs it. The functions are those of NumPy {VERSION} that take arrays of numbers.

`np.sin(t)` of a Tensor `t` gives a Tensor, and so does `ad.numpy.sin(t)`. NumPy asks a Tensor only where it is given
one directly: what is marked with a star (`np.array([t, u])`, `np.zeros(3)`) has to be written as `ad.numpy.array`, or
with `import autodiff.numpy as np`. All arguments are NumPy's, `out=` and `where=` included. Of a ufunc there are also
`reduce`, `accumulate`, `outer` and `reduceat`, and `at` of add, subtract, multiply, maximum and minimum.

Results have NumPy's dtypes and shapes (`tests/test_dtypes.py` tries all functions with all dtypes). Different on
purpose: complex numbers have no order, so `max`, `median`, `clip` and their like of them are errors; running sums of a
scalar need an axis; what a function takes for a constant (`ddof`, `ord`) may not require grad.

- **gradient**: differentiable in its floating and complex arguments, any number of times.
- **constant**: the result has no gradient, because it has none in mathematics (a comparison, a place, a count) or
  because it is no number.
- **refused**: a TypeError, if one of the Tensors requires grad; the table says what to write. (`np.asmatrix`,
  `np.bmat` and `np.require` do not ask, and it is the array they want that raises GradientError.)
"""


def public(module: Any) -> list[str]:
    """The names of a namespace's functions of arrays."""
    left_out = " ".join(NO_ARRAYS.values()).split()
    names = [name for name in module.__all__ if not isinstance(getattr(module, name), type)]
    return sorted(name for name in names if callable(getattr(module, name)) and name not in left_out)


def asks(theirs: Any, ours: Any) -> bool:
    """Whether NumPy hands the function over to a Tensor among its arguments."""
    if isinstance(theirs, np.ufunc):
        return True
    return hasattr(theirs, "_implementation") and "like" not in inspect.signature(ours).parameters


def has_gradient(row: Row) -> bool:
    """Whether a row of the op table gives a result that requires grad."""
    for trial, (case, options) in enumerate(row.trials()):
        rng = np.random.default_rng(zlib.crc32(f"{row.name}-{trial}".encode()))
        args = [make(rng) for make in case]
        tracked = [ad.Tensor(a, requires_grad=True) if _floating(a) else a for a in args]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            out = row.call(*tracked, **options)
        if any(type(part) is ad.Tensor and part.requires_grad for part in (out if isinstance(out, tuple) else [out])):
            return True
    return False


def _floating(a: Any) -> bool:
    return isinstance(a, np.ndarray | np.generic | float) and np.asarray(a).dtype.kind in "fc"


def rows_of(name: str, function: Any) -> list[Row]:
    """The rows of a function: those that call it, or bear its name or another name of it."""
    home = xp.linalg if name.startswith("linalg.") else xp.fft if name.startswith("fft.") else xp
    names = {name, *(other for other in home.__all__ if getattr(home, other) is function)}
    return [r for r in ROWS.values() if r.call is function or r.name.replace(",", " ").split()[0] in names]


def classify(prefix: str, name: str, theirs: Any, ours: Any) -> tuple[str, str]:
    """Say "gradient", "constant" or "refused" of a function, and what it does or what to write instead.

    Raises LookupError for a function that is none of them.
    """
    if ours is not None and name not in ORDINARY:
        rows = rows_of(f"{prefix}{name}", ours)
        kind = "gradient" if any(map(has_gradient, rows)) else "constant"
        return kind, (ours.__doc__ or "").partition("\n")[0]
    if f"np.{prefix}{name}" in REFUSED:
        return "refused", f"`{REFUSED[f'np.{prefix}{name}']}`"
    if name in ORDINARY:
        return "constant", ORDINARY[name]
    raise LookupError(f"np.{prefix}{name} is neither here nor refused: write it, or name it in REFUSED")


def lines() -> list[tuple[str, str, str, bool]]:
    """All lines of the table: the function's name, its kind, what it does, and whether NumPy asks for it."""
    found = []
    for prefix, module in (("", np), ("linalg.", np.linalg), ("fft.", np.fft)):
        ours_all = getattr(xp, prefix[:-1]) if prefix else xp
        for name in public(module):
            theirs, ours = getattr(module, name), getattr(ours_all, name, None)
            kind, text = classify(prefix, name, theirs, ours)
            asked = kind == "refused" or name in ORDINARY or asks(theirs, ours)
            found.append((f"np.{prefix}{name}", kind, text, asked))
    return found


def table() -> str:
    """Return the text that `docs/numpy.md` should have."""
    text = [HEADER]
    rows = lines()
    for title, prefix in (("numpy", "np."), ("numpy.linalg", "np.linalg."), ("numpy.fft", "np.fft.")):
        mine = [row for row in rows if row[0].rpartition(".")[0] + "." == prefix]
        counts = {kind: sum(row[1] == kind for row in mine) for kind in ("gradient", "constant", "refused")}
        said = ", ".join(f"{n} {kind}" for kind, n in counts.items() if n)
        text += [f"## {title}", "", f"{len(mine)} functions: {said}.", "", "| function | | |", "|---|---|---|"]
        for name, kind, what, asked in mine:
            told = f"write {what}" if kind == "refused" else what
            text.append(f"| `{name}`{'' if asked else '∗'} | {kind} | {told.replace('|', chr(92) + '|')} |")
        text.append("")
    return "\n".join(text)


if __name__ == "__main__":
    TABLE.write_text(table(), encoding="utf-8")
    print(f"{TABLE.relative_to(Path.cwd())} is up to date")
