"""Seeing what went wrong: NaN, missing gradients, graphs that stay alive, time that is lost.

`debug()` stops at the first NaN or infinity, `explain_grad(x, loss)` says what a gradient is made of or why there is
none, `graph_report()` what keeps graphs alive and how many bytes they hold, `profile()` where time and memory go.
"""

from .debug import debug
from .explain import Explanation, explain_grad
from .profile import profile
from .report import Report, graph_report

__all__ = ["Explanation", "Report", "debug", "explain_grad", "graph_report", "profile"]
