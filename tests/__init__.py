"""The tests mirror formflow/, room by room."""
