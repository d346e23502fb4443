"""What every room knows: the values that walk through the program, messages, wording, dates, files, settings."""
