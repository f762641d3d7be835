"""Measurements of the program: each module measures one thing and prints nothing unless it is run."""
