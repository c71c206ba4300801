"""What colours that measure something mean."""

from __future__ import annotations

from .labels import TABLE, font
from .look import bytes_text, seconds_text
from .measure import TITLES, Scale
from .quantity import number
from .theme import Theme, blend

SWATCHES = 7


def legend(scale: Scale, theme: Theme) -> str:
    """A row of colours, and below some of them what they mean."""
    title = font(TITLES[scale.measured] + ("" if scale.known else ": nothing is known"), theme.text, 12)
    if not scale.known:
        return title
    ticks = [_write(scale, tick) for tick in scale.ticks(SWATCHES)]
    colours = "".join(
        f'<TD FIXEDSIZE="TRUE" WIDTH="46" HEIGHT="12" BGCOLOR="{blend(theme.ramp, i / (SWATCHES - 1))}"></TD>'
        for i in range(SWATCHES)
    )
    words = "".join(f'<TD FIXEDSIZE="TRUE" WIDTH="46" HEIGHT="16">{font(tick, theme.faint, 10)}</TD>' for tick in ticks)
    rows = f'<TR><TD COLSPAN="{SWATCHES}" ALIGN="LEFT" HEIGHT="20">{title}</TD></TR><TR>{colours}</TR><TR>{words}</TR>'
    return f"<TABLE {TABLE}>{rows}</TABLE>"


def _write(scale: Scale, tick: float) -> str:
    if scale.measured == "time":
        return seconds_text(tick)
    return bytes_text(round(tick)) if scale.measured == "bytes" else number(tick, 2)
