"""Numbers that follow a design while it is drawn: what changed, reading it, working it out."""
