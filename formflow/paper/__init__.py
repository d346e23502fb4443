"""Form -> blank PDF, field guide, "as read" sheet. reportlab draws, pikepdf makes the boxes.

Nothing is imported here: `formflow.paper.as_read` must not wait for the tools that build blanks.
"""
