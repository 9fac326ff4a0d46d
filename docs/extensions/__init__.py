"""What the documentation site needs beyond MkDocs: links out of ``docs/``, and cross-references in docstrings."""
