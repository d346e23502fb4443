"""What the guidance says, one cited rule each. Pure.

A rule establishes a fact and cites its line; it decides nothing. Only YES and NO establish anything:
blank, not known and unreadable establish nothing, in either direction.

    light/       the traffic light: what is suggested, and what cannot wait
    case/        what a case asks for next, and what its sheets must hold
    assessment/  the profile of an assessment
"""
