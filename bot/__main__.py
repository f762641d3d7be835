"""`python -m bot`: the same program as `charterbot`, for processes that must run under a known interpreter."""

from bot.cli import main

main()
