"""Running code in a new interpreter: for what is imported, how much memory it takes, how deep it goes."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def fresh(code: str, *options: str) -> subprocess.CompletedProcess[str]:
    """Run code in a new interpreter at the root of the project; show what it said if it fails."""
    command = [sys.executable, *options, "-c", code]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"exit code {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done
