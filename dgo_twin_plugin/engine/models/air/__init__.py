"""Air near roads: standard method 1 (SRM1), its emission factors, and streets read from the map."""
