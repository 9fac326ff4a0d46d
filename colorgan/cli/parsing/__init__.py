"""Parsers made from functions, the rules of overlays, and error messages, shared by the commands."""
