"""FormFlow takes completed paper-style safeguarding forms from a folder to an agency's own records."""

__version__ = "0.1.0"
