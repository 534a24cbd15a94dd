"""Measures the speed of the plugin: ``python3 -m bench`` (``make bench``)."""
