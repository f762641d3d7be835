"""A strict, stateful local GitHub behind real HTTP, for the tests and the demo. It knows nothing of the bot."""
