"""How `alliance` ends: the exit codes that scripts can rely on."""

DONE = 0
SOME_FAILED = 1
MISTAKE = 2
INTERRUPTED = 130
