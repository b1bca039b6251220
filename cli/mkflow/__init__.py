"""The `mkflow` command."""

import gc

# Nothing that start-up makes is garbage; looking for some takes a tenth of it.
gc.set_threshold(50_000)
