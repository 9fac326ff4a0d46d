"""Photographs: reading them safely, decoding them once, and handing them to training in a reproducible order."""
