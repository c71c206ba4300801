"""Seeing what went wrong: NaN, missing gradients, graphs that stay alive.

`debug()` stops at the first NaN or infinity, `explain_grad(x, loss)` says what a gradient is made of or why there is
none, `graph_report()` what keeps graphs alive and how many bytes they hold.
"""

from .debug import debug
from .explain import Explanation, explain_grad
from .report import Report, graph_report

__all__ = ["Explanation", "Report", "debug", "explain_grad", "graph_report"]
