"""Colorizes films with PyAV, an optional package. Pictures are smoothed over time, and the sound is copied."""

from colorgan.inference.film.colorizing import FilmResult, colorize_film
from colorgan.inference.film.reading import require_film_library

__all__ = ["FilmResult", "colorize_film", "require_film_library"]
