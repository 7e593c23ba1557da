"""Check cases and the verification ladder: is the flight mechanics right before it is used?"""

from downrange.verify.check import CaseResult, Check, to_json
from downrange.verify.fly import fly_case
from downrange.verify.run import run_all, run_case, run_file, shipped_cases
from downrange.verify.spec import CaseSpec, load_case

__all__ = [
    "CaseResult",
    "CaseSpec",
    "Check",
    "fly_case",
    "load_case",
    "run_all",
    "run_case",
    "run_file",
    "shipped_cases",
    "to_json",
]
