// Masks as they travel to the server: one bit a pixel, gzipped; as `bcweb.page.wire` reads them.

/** @param {Uint8Array} mask 0 or more than 0, row-major @returns {Uint8Array<ArrayBuffer>} the first pixel is the highest bit */
export function packBits(mask) {
  const packed = new Uint8Array(Math.ceil(mask.length / 8));
  const whole = mask.length >> 3;
  for (let byte = 0, at = 0; byte < whole; byte++, at += 8) {
    let bits = 0;
    for (let bit = 0; bit < 8; bit++) bits = (bits << 1) | (mask[at + bit] ? 1 : 0);
    packed[byte] = bits;
  }
  for (let at = whole << 3; at < mask.length; at++) if (mask[at]) packed[whole] |= 0x80 >> (at & 7);
  return packed;
}

/** @param {Uint8Array} packed @param {number} length how many pixels @returns {Uint8Array<ArrayBuffer>} 0 and 1 */
export function unpackBits(packed, length) {
  const mask = new Uint8Array(length);
  for (let at = 0; at < length; at++) mask[at] = (packed[at >> 3] >> (7 - (at & 7))) & 1;
  return mask;
}

/** @param {Uint8Array<ArrayBuffer>} bytes @param {CompressionStream | DecompressionStream} stream */
async function through(bytes, stream) {
  const read = new Response(new Blob([bytes]).stream().pipeThrough(stream)).arrayBuffer();
  return new Uint8Array(await read);
}

/** @param {Uint8Array} mask @returns {Promise<Uint8Array<ArrayBuffer>>} */
export const packed = (mask) => through(packBits(mask), new CompressionStream("gzip"));

/** @param {Uint8Array<ArrayBuffer>} bytes that `packed` gave @param {number} length how many pixels */
export const unpacked = async (bytes, length) => unpackBits(await through(bytes, new DecompressionStream("gzip")), length);

/** @param {Uint8Array} a @param {Uint8Array} b of the same length */
export function sameMask(a, b) {
  for (let at = 0; at < a.length; at++) if (!a[at] !== !b[at]) return false;
  return true;
}
