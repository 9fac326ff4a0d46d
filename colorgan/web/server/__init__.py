"""The web server: sessions, uploads, the job queue and the HTTP API behind the page in ``colorgan/web/page``."""

from colorgan.web.server.app import ServerSettings, create_app
from colorgan.web.server.colorization_service import ColorizationService, OutputOptions
from colorgan.web.server.http_server import ConnectionLimits, http_server
from colorgan.web.server.model_info import load_model_info
from colorgan.web.server.security import SecurityMiddleware

__all__ = [
    "ColorizationService",
    "ConnectionLimits",
    "OutputOptions",
    "SecurityMiddleware",
    "ServerSettings",
    "create_app",
    "http_server",
    "load_model_info",
]
