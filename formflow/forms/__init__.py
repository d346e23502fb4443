"""What a form is: its definition, its blank, and what the blank holds."""
