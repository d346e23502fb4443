"""Parcels to destinations: what each gets, and what came of it."""
