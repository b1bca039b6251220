"""The `mkflow` command."""
