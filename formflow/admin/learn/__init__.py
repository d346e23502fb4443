"""An agency's own PDF -> a draft of its definition, for a person to correct.

labels   the print near each box, by pdfplumber's geometry, and the box's tooltip and name
ticks    which tick boxes are the yes and the no of one question, and which are not clear
pairing  which of our questions a box asks: likeness of words, one question once, never a guess
draft    the definition as TOML, and a page that shows every pair beside a picture of the paper
"""
