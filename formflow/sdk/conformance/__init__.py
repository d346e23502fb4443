"""What every connector must do, tried by its author's own tests. See suite.py for the class to subclass.

Each check needs a destination of its own, empty, and raises AssertionError with what went wrong.
"""

from formflow.sdk.conformance.checks import CHECKS
from formflow.sdk.conformance.samples import NAME, PAPER, pretend_context, sample
from formflow.sdk.conformance.trial import Trial

__all__ = ["CHECKS", "NAME", "PAPER", "Trial", "pretend_context", "sample"]
