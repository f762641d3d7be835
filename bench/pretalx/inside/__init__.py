"""What runs inside pretalx's own environment, by its interpreter. Imports nothing of the other packages."""
