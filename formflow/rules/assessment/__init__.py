"""The assessment: what its score sheets come to."""
