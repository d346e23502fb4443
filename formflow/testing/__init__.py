"""What tests of FormFlow and of its connectors share."""
