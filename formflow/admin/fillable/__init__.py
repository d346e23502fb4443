"""A flat PDF form -> the same with boxes to fill in, where lines, empty cells and "Yes / No" are.

page        a page as it is shown: rows of print, rules, cells, and what is drawn to be ticked
choices     where something is to be ticked: drawn tick boxes, "Yes / No" in words, columns headed "Yes" and "No"
writing     where something is to be written: on lines, in empty cells, under the label in a cell
boxes       puts boxes into the PDF; nothing that is printed is changed
make        the whole way, with the print at each box as its tooltip
"""
