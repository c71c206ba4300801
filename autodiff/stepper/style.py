"""Colours and layout of the stepper's page."""

from __future__ import annotations

from typing import Literal

from ..draw.theme import THEMES, Theme
from .scene import FLOW, HALO, NEW

_OWN = {
    "light": {"panel": "#fafaf8", "line": "#e3e1dc", "accent": FLOW, "halo": HALO, "new": NEW,
              "forward": "#b2f2dd"},
    "dark": {"panel": "#23262e", "line": "#383c47", "accent": "#ff8f3f", "halo": "#7a4419", "new": "#4a2f1a",
             "forward": "#1d5c49"},
}  # fmt: skip
_LIGHT = THEMES["light"]


def _parts(theme: Theme) -> dict[str, str]:
    return {
        "ground": theme.background, "text": theme.text, "faint": theme.faint, "wire": theme.wire,
        "value": theme.value, "gradient": theme.gradient, "frame": theme.frame_edge,
        "frame0": theme.frames[0], "frame1": theme.frames[1],
    }  # fmt: skip


def _variables(name: Literal["light", "dark"]) -> str:
    colours = _parts(THEMES[name]) | _OWN[name]
    for kind in _LIGHT.fill:
        colours |= {f"fill-{kind}": THEMES[name].fill[kind], f"edge-{kind}": THEMES[name].edge[kind]}
    return ";".join(f"--{part}:{colour}" for part, colour in colours.items())


def _painted() -> str:
    """What the picture, which is drawn in the light theme, is painted with."""
    rules = []
    for part, colour in _parts(_LIGHT).items():
        if part != "ground":
            rules.append(f'.ad-picture [fill="{colour}"]{{fill:var(--{part})}}')
            rules.append(f'.ad-picture [stroke="{colour}"]{{stroke:var(--{part})}}')
    for kind, fill in _LIGHT.fill.items():
        rules.append(f'.ad-picture .{kind} [fill="{fill}"]{{fill:var(--fill-{kind})}}')
        rules.append(f'.ad-picture .{kind} [fill="{_LIGHT.edge[kind]}"]{{fill:var(--edge-{kind})}}')
        rules.append(f'.ad-picture .{kind} [stroke="{_LIGHT.edge[kind]}"]{{stroke:var(--edge-{kind})}}')
    return "".join(rules)


_STYLE = """
.ad-stepper{--i:1;--show:clamp(0,var(--i) - var(--a) + 1,1);position:relative;box-sizing:border-box;max-width:1180px;
margin:.6em 0;padding:.9em 1em 1em;border:1px solid var(--line);border-radius:12px;background:var(--ground);
color:var(--text);font:15px/1.5 system-ui,-apple-system,"Segoe UI",sans-serif}
.ad-stepper *{box-sizing:border-box}
.ad-at,.ad-whole{display:block!important;position:absolute;opacity:0;width:1px;height:1px;margin:0;pointer-events:none}
.ad-dots{display:flex;flex-wrap:wrap;gap:6px;align-items:center;margin:0 0 .8em;border-radius:6px}
.ad-dots b{font-size:13px;color:var(--faint);font-weight:600;margin-right:.5em}
.ad-dots label{width:11px;height:11px;border-radius:50%;background:var(--halo);cursor:pointer;transition:transform .15s}
.ad-dots label.ad-forward{background:var(--forward)}.ad-dots label.ad-update{background:var(--gradient);opacity:.55}
.ad-dots label:hover{transform:scale(1.35)}
.ad-dots .ad-switch{width:auto;height:auto;border-radius:6px;padding:0 .6em;background:var(--panel);
border:1px solid var(--line);font-size:12px;margin-left:auto}
.ad-hint{margin-left:auto;color:var(--faint);font-size:12px}.ad-switch+.ad-hint{margin-left:.6em}
.ad-at:focus-visible~.ad-dots{outline:2px solid var(--accent);outline-offset:4px}
.ad-stage{display:flex;flex-wrap:wrap;gap:1.2em;align-items:flex-start}
.ad-picture{display:block!important;flex:1 1 320px;min-width:0;text-align:center}
.ad-steps{flex:1 1 380px;min-width:0}
.ad-wide .ad-stage{flex-direction:column}.ad-wide .ad-picture,.ad-wide .ad-steps{flex:none;width:100%}
.ad-picture svg{max-width:100%;height:auto;overflow:visible;transform-box:view-box}
.ad-picture .background{fill:none}
.ad-final{display:none}
.ad-o{opacity:calc(clamp(0,var(--i) - var(--a) + 1,1)*clamp(0,var(--b,1e7) - var(--i),1));transition:opacity .18s}
.ad-picture .ad-halo{fill:var(--halo)}.ad-picture .ad-halo.ad-forward{fill:var(--forward)}
.ad-picture .ad-new{fill:var(--new)}
.ad-picture .ad-flow{stroke:var(--accent);stroke-width:2.6;stroke-dasharray:6 4;animation:ad-flow .7s linear infinite;
opacity:calc(clamp(0,var(--i) - var(--a) + 1,1)*clamp(0,var(--b) - var(--i),1))}
@keyframes ad-flow{to{stroke-dashoffset:10}}
.ad-picture text.gradient{font-weight:600;fill:var(--gradient)}.ad-picture text.value{fill:var(--value)}
.ad-steps details{display:none;position:relative;background:var(--panel);border:1px solid var(--line);
border-left:4px solid var(--accent);border-radius:8px;padding:.7em .9em}
.ad-steps details.ad-forward{border-left-color:var(--value)}
.ad-steps summary{pointer-events:none;padding-right:5.5em;list-style:none;margin-bottom:.45em}
.ad-steps summary::-webkit-details-marker{display:none}
.ad-steps summary b{font-size:1.05em}.ad-steps summary i{color:var(--faint);font-style:normal}
.ad-stepper.ad-stepper .ad-steps summary code{display:block;font-size:1.12em;font-weight:600;margin-top:.15em}
.ad-stepper.ad-stepper .ad-steps code{background:none;color:inherit;padding:0;white-space:pre-wrap;
overflow-wrap:anywhere;font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace}
.ad-back::before{content:"\\25C0"}.ad-next::before{content:"\\25B6"}
.ad-switch::before{content:"whole picture"}
.ad-hint::before{content:"arrow keys, or click"}
.ad-where{color:var(--faint);font-size:.85em}
.ad-keys{position:absolute;top:.7em;right:.9em}.ad-keys label{display:inline-block;padding:.05em .6em;margin-left:.3em;
border:1px solid var(--line);border-radius:6px;cursor:pointer;color:var(--accent);background:var(--ground)}
.ad-keys label:hover{border-color:var(--accent)}
.ad-row{display:flex;gap:.8em;align-items:baseline;padding:.12em 0;font-size:.93em}
.ad-row span{flex:0 0 6.2em;color:var(--faint);font-size:.85em;text-align:right}
.ad-row code{flex:1 1 auto;min-width:0}
.ad-stepper .ad-steps :is(.ad-upstream,.ad-seed,.ad-add) code{color:var(--gradient)}
.ad-stepper .ad-steps :is(.ad-value,.ad-input) code{color:var(--value)}
.ad-stepper .ad-steps .ad-focus code{color:var(--accent)}
.ad-stepper .ad-steps :is(.ad-shapes,.ad-sum,.ad-cast,.ad-more) code{color:var(--faint)}
.ad-chain code,.ad-out code,.ad-add code,.ad-leaf code,.ad-update code{font-weight:600}
.ad-chain,.ad-out{padding-bottom:.5em}.ad-row.ad-add{margin-top:-.5em;padding-bottom:.5em}
.ad-follow .ad-picture{position:relative;height:min(460px,62vh,var(--h));overflow:hidden;border:1px solid var(--line);
border-radius:8px}
.ad-follow .ad-picture svg{position:absolute;left:50%;top:50%;max-width:none;
transform:translate(calc(var(--x)*-1px),calc(var(--y)*-1px));transform-origin:0 0;transition:transform .35s}
.ad-whole:checked~.ad-stage .ad-picture{height:auto}
.ad-whole:checked~.ad-stage .ad-picture svg{position:static;max-width:100%;max-height:85vh;transform:none}
.ad-whole:checked~.ad-dots .ad-switch{border-color:var(--accent)}
.ad-whole:focus-visible~.ad-dots .ad-switch{outline:2px solid var(--accent)}
@media (prefers-reduced-motion:reduce){.ad-stepper *{animation:none!important;transition:none!important}}
@media print{.ad-steps details{display:block;margin-bottom:.5em;break-inside:avoid}.ad-dots,.ad-keys{display:none}}
"""

_DARK = f"{{{_variables('dark')}}}"

CSS = (
    f".ad-stepper{{{_variables('light')}}}"
    f"@media (prefers-color-scheme:dark){{body:not([data-jp-theme-light=true],.vscode-light) .ad-stepper{_DARK}}}"
    f":is(body[data-jp-theme-light=false],body.vscode-dark) .ad-stepper{_DARK}" + _painted() + _STYLE.replace("\n", "")
)

PAGE = (
    "body{margin:0;padding:1.2em;background:#f4f3ef;display:flex;justify-content:center}.ad-stepper{flex:1 1 auto}"
    "@media (prefers-color-scheme:dark){body{background:#121317}}"
)
