"""Workbooks and Word documents changed in place: the parts of the archive, their XML, and the proof."""
