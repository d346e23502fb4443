"""Folders and interfaces on other computers: how they are reached, and what is done with them."""
