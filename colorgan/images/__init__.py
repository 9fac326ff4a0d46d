"""Reading and writing photos, converting images, and drawing contact sheets. Nothing here imports torch."""

from colorgan.images.arrays import ImageLike, ImageSource, to_srgb_arrays
from colorgan.images.contact_sheet import contact_sheet, evenly_spaced
from colorgan.images.listing import FolderListing, extensions, find_photos, list_photos
from colorgan.images.photo import Photo, RGBArray, UnreadableImage, printable, problem_of
from colorgan.images.reading import MAX_PIXELS, photo_from_image, read_photo, read_rgb, read_size
from colorgan.images.samples import SAMPLE_PHOTOS
from colorgan.images.writing import FORMATS, MEDIA_TYPES, encode_photo, write_photo

__all__ = [
    "FORMATS",
    "MAX_PIXELS",
    "MEDIA_TYPES",
    "SAMPLE_PHOTOS",
    "FolderListing",
    "ImageLike",
    "ImageSource",
    "Photo",
    "RGBArray",
    "UnreadableImage",
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
    "write_photo",
]
