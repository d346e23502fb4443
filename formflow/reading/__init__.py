"""How a form is read: the ladder, and the sandbox in which it stands."""
