"""Reading and writing photos, converting images, and drawing contact sheets. Nothing here imports torch."""

from colorgan.images.arrays import ImageLike, ImageSource, to_srgb_arrays
from colorgan.images.contact_sheet import contact_sheet, evenly_spaced
from colorgan.images.listing import FolderListing, extensions, find_photos, list_photos
from colorgan.images.metadata import Metadata, chosen_metadata, without_place
from colorgan.images.other_files import FILM_EXTENSIONS
from colorgan.images.photo import Photo, RGBArray, UnreadableImage, printable, problem_of
from colorgan.images.reading import MAX_PIXELS, photo_from_image, read_photo, read_rgb, read_size
from colorgan.images.samples import SAMPLE_PHOTOS
from colorgan.images.writing import FORMATS, MEDIA_TYPES, encode_photo, write_photo

__all__ = [
    "FILM_EXTENSIONS",
    "FORMATS",
    "MAX_PIXELS",
    "MEDIA_TYPES",
    "SAMPLE_PHOTOS",
    "FolderListing",
    "ImageLike",
    "ImageSource",
    "Metadata",
    "Photo",
    "RGBArray",
    "UnreadableImage",
    "chosen_metadata",
    "contact_sheet",
    "encode_photo",
    "evenly_spaced",
    "extensions",
    "find_photos",
    "list_photos",
    "photo_from_image",
    "printable",
    "problem_of",
    "read_photo",
    "read_rgb",
    "read_size",
    "to_srgb_arrays",
    "without_place",
    "write_photo",
]
