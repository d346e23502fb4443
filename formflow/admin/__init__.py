"""The operator's work: set-up, settings file, status, doctor, learning an agency's own form."""
