"""The web app: a local server, and a page where photos are colorized with color hints. Nothing here needs torch."""

from colorgan.web.server import ColorizationService, ServerSettings, create_app, http_server, load_model_info

__all__ = ["ColorizationService", "ServerSettings", "create_app", "http_server", "load_model_info"]
