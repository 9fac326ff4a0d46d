/** Small copies of photos, so that a hundred of them fit into the memory. */

const SIZE = 360; // pixels of the longer side
const QUALITY = 0.82;

/** A small JPEG of an image, as a blob. */
export function thumbnailOf(image, isGray = false) {
  const width = image.naturalWidth ?? image.width;
  const height = image.naturalHeight ?? image.height;
  const scale = Math.min(1, SIZE / Math.max(width, height));
  const canvas = new OffscreenCanvas(Math.max(1, Math.round(width * scale)), Math.max(1, Math.round(height * scale)));
  const context = canvas.getContext("2d");
  context.imageSmoothingQuality = "high";
  context.drawImage(image, 0, 0, canvas.width, canvas.height);
  if (isGray) {
    context.globalCompositeOperation = "saturation"; // Safari has no filters for canvases
    context.fillStyle = "#808080";
    context.fillRect(0, 0, canvas.width, canvas.height);
  }
  return canvas.convertToBlob({ type: "image/jpeg", quality: QUALITY });
}

/** A small JPEG of an encoded image, which need not be in color. */
export async function thumbnailOfFile(blob, isGray = false) {
  const image = await createImageBitmap(blob);
  try {
    return await thumbnailOf(image, isGray);
  } finally {
    image.close();
  }
}
