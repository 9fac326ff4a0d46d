"""The server behind the page: it knows photos, hints and limits; how things look is the business of ``app/page``."""
