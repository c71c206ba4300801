"""The stepper in a terminal: a screen of text for each step, moved through by keys."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

from .steps import Row, Step, quantity

if TYPE_CHECKING:
    from .stepper import Stepper

HELP = "→ next  ← back  ↓ over  ↑ out  b/e begin, end  c to breakpoint  q quit"
PLAIN = "next, back, over, out, begin, end, continue, quit (their first letters will do)"
KEYS = {
    "\x1b[C": "next", "\x1b[D": "back", "\x1b[B": "over", "\x1b[A": "out", "\x1b[H": "begin", "\x1b[F": "end",
    "\xe0M": "next", "\xe0K": "back", "\xe0P": "over", "\xe0H": "out", "\xe0G": "begin", "\xe0O": "end",
    " ": "next", "\r": "next", "\n": "next", "l": "next", "n": "next", "j": "next", "h": "back", "k": "back",
    "p": "back", "o": "over", "u": "out", "b": "begin", "g": "begin", "e": "end", "G": "end", "c": "continue",
    "q": "quit", "\x1b": "quit", "\x03": "quit", "\x04": "quit",
}  # fmt: skip
COLOURS = {
    "upstream": "33", "seed": "33", "value": "36", "input": "36",
    "local": "0", "chain": "1", "out": "1", "add": "1;33", "leaf": "1",
    "update": "1;35", "hook": "35", "rule": "0",
}  # fmt: skip


def run(stepper: Stepper, keys: Callable[[], str] | None = None, out: TextIO | None = None) -> None:
    """Step through by keys until `q`; where there is no terminal, print all steps.

    Args:
        stepper: what to step through; it is left where the reader has gone.
        keys: gives the next key; by default the keyboard does.
        out: where to write; by default standard output.
    """
    out = out or sys.stdout
    if keys is None and not (sys.stdin.isatty() and out.isatty()):
        print(stepper.text(), file=out)
        return
    if keys is not None:
        _loop(stepper, keys, out)
        return
    with _keyboard() as read:
        out.write("\x1b[?1049h\x1b[?25l")  # a screen of its own, without a cursor
        try:
            _loop(stepper, read, out)
        finally:
            out.write("\x1b[?25h\x1b[?1049l")
            out.flush()


def _loop(stepper: Stepper, read: Callable[[], str], out: TextIO) -> None:
    moves: dict[str, Callable[[], object]] = {
        "next": stepper.next, "back": stepper.back, "over": stepper.over, "out": stepper.out,
        "begin": stepper.reset, "end": lambda: stepper.goto(-1), "continue": stepper.resume,
    }  # fmt: skip
    while True:
        out.write("\x1b[H\x1b[2J" + screen(stepper).replace("\n", "\r\n"))
        out.flush()
        move = KEYS.get(read(), "")
        if move == "quit":
            return
        if move in moves:
            moves[move]()


def screen(stepper: Stepper) -> str:
    """What is on the screen: where in the pass we are, the step, what is watched, and the graph's lines around it."""
    columns, rows = shutil.get_terminal_size((100, 30))
    step = stepper.step
    lines = [_bar(stepper, columns), ""]
    if step is None:
        lines += ["\x1b[1mbefore the first step\x1b[0m", f"{len(stepper)} steps back from {stepper.loss}"]
    else:
        where = f"   {step.place.where}" if step.place is not None and step.place.where else ""
        lines += [f"\x1b[2m{step.number} of {step.total}, {step.phase}\x1b[0m"]
        lines += [f"\x1b[1m{_plain(step.title)}\x1b[0m\x1b[2m{_plain(where)}\x1b[0m", ""]
        lines += [f"  {_coloured(row)}" for row in step.shown]
    for place in stepper.watched:
        g = stepper.gradient(place.name)
        lines.append(
            f"\x1b[36m  watch d{stepper.loss}/d{_plain(place.name)} = {'none yet' if g is None else quantity(g)}\x1b[0m"
        )
    lines += ["", *_around(stepper, max(3, rows - len(lines) - 4))]
    lines = [_cut(line, columns) for line in lines[: rows - 2]]
    return "\n".join([*lines, "", f"\x1b[2m{HELP[:columns]}\x1b[0m"])


def _bar(stepper: Stepper, columns: int) -> str:
    """How far the pass is done."""
    width = max(10, min(columns - 30, 60))
    done = round(width * stepper.position / max(1, len(stepper)))
    return f"\x1b[1m{_plain(stepper.loss)[:20]}\x1b[0m  \x1b[33m{'━' * done}\x1b[2m{'─' * (width - done)}\x1b[0m"


def _around(stepper: Stepper, count: int) -> Iterator[str]:
    """The steps before and after, a line each."""
    here = stepper.position
    first = max(1, min(here - count // 2, len(stepper) - count + 1))
    for step in stepper.steps[first - 1 : first - 1 + count]:
        yield _line(step, here)


def _line(step: Step, here: int) -> str:
    sign, look = ("▶", "1") if step.number == here else ("✓", "2") if step.number < here else (" ", "0")
    return f"\x1b[{look}m{sign} {step.number:>4}  {_plain(step.title)}\x1b[0m"


def _coloured(row: Row) -> str:
    return f"\x1b[{COLOURS.get(row.kind, '2')}m{_plain(row.text)}\x1b[0m"


def _plain(text: str) -> str:
    """A text without control characters: a name must not move the cursor."""
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


def _cut(line: str, columns: int) -> str:
    """A line cut to the screen's width, not counting colours."""
    shown, i = 0, 0
    while i < len(line) and shown < columns - 1:
        if line[i] == "\x1b":
            i = line.index("m", i) + 1
        else:
            shown += 1
            i += 1
    return line if i >= len(line) else line[:i] + "\x1b[0m"


@contextmanager
def _keyboard() -> Iterator[Callable[[], str]]:
    """Give a function that waits for a key."""
    if sys.platform == "win32":
        import msvcrt

        def read_windows() -> str:
            key = msvcrt.getwch()
            return "\xe0" + msvcrt.getwch() if key in ("\x00", "\xe0") else key

        yield read_windows
        return
    import select
    import termios
    import tty

    file = sys.stdin.fileno()
    before = termios.tcgetattr(file)

    def read() -> str:
        key = os.read(file, 1)
        if key == b"\x1b":  # an arrow is three bytes, sent at once
            while select.select([file], [], [], 0.03)[0] and len(key) < 6:
                key += os.read(file, 1)
                if len(key) > 2 and key[-1:].isalpha():
                    break
        return key.decode(errors="replace")

    try:
        tty.setcbreak(file)
        yield read
    finally:
        termios.tcsetattr(file, termios.TCSADRAIN, before)
