"""What kind of trouble a failure is: of this computer, its database, or a mistake of ours."""

from __future__ import annotations

import errno

from sqlalchemy.exc import DatabaseError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnection

from formflow.core.errors import IntegrityProblem, LedgerDamaged, OriginalChanged
from formflow.core.trouble import DISK, LEDGER, MISTAKE, ORIGINAL, START, Trouble
from formflow.storage.sqlite import OF_THE_DISK, is_damage


def damage_of(problem: BaseException) -> LedgerDamaged | None:
    """Return what to say where a failure shows that the ledger is damaged, None where it does not."""
    if isinstance(problem, LedgerDamaged):
        return problem
    return LedgerDamaged() if is_damage(problem) else None


def trouble_of(problem: BaseException) -> Trouble:
    """Return what kind of trouble a failure is. What is nobody else's fault is a mistake of ours."""
    match problem:
        case Trouble():
            return problem
        case NoConnection():
            return Trouble(LEDGER)
        case DatabaseError() if type(problem) in (OperationalError, DatabaseError):
            # The others, such as a broken constraint, come from what we wanted to write.
            said = str(problem.orig)
            return Trouble(DISK if any(words in said for words in OF_THE_DISK) else LEDGER)
        case MemoryError() | ImportError():
            return Trouble(START)
        case OriginalChanged():
            return Trouble(ORIGINAL)
        case IntegrityProblem():
            return Trouble(LEDGER)
        case OSError() if problem.errno == errno.ENOMEM:
            return Trouble(START)
        case OSError() if problem.errno is not None:  # without a number it is a library's own
            return Trouble(DISK)
    return Trouble(MISTAKE)
