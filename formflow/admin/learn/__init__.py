"""An agency's own PDF -> a draft of its definition, for a person to correct.

sheet       a page as it is shown: turned and cut; its lines of print and its rules
blocks      lines of print that are one caption, and the cells of the page
placing     what it costs to take a block of print for the caption of a box
captions    who gets which caption, over the whole page at once (assignment: the arithmetic of it)
labels      each box with its label, how sure that is, and what the box says of itself
ticks       which tick boxes are the yes and the no of one question, and which are not clear
pairing     which of our questions a box asks: likeness of words, one question once, never a guess
draft       the definition as TOML, and a page that shows every pair beside a picture of the paper
"""
