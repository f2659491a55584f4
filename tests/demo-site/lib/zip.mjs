// A zip with sorted names and one fixed date, so that equal files give equal archives.
import zlib from 'node:zlib';
const TABLE = Uint32Array.from({ length: 256 }, (_, n) => { for (let k = 0; k < 8; k++) n = n & 1 ? 0xedb88320 ^ (n >>> 1) : n >>> 1; return n >>> 0; });
export function crc32(b) { let c = 0xffffffff; for (const x of b) c = TABLE[(c ^ x) & 255] ^ (c >>> 8); return (c ^ 0xffffffff) >>> 0; }
const DATE = ((2026 - 1980) << 9) | (11 << 5) | 21, TIME = 12 << 11;
export function zip(files) {
  const parts = [], central = []; let at = 0;
  for (const [name, data] of [...files].sort((a, b) => (a[0] < b[0] ? -1 : 1))) {
    const packed = zlib.deflateRawSync(data, { level: 9 }), store = packed.length >= data.length, body = store ? data : packed, n = Buffer.from(name), h = Buffer.alloc(30), c = Buffer.alloc(46), crc = crc32(data);
    h.writeUInt32LE(0x04034b50, 0); h.writeUInt16LE(20, 4); h.writeUInt16LE(0x800, 6); h.writeUInt16LE(store ? 0 : 8, 8); h.writeUInt16LE(TIME, 10); h.writeUInt16LE(DATE, 12); h.writeUInt32LE(crc, 14); h.writeUInt32LE(body.length, 18); h.writeUInt32LE(data.length, 22); h.writeUInt16LE(n.length, 26);
    c.writeUInt32LE(0x02014b50, 0); c.writeUInt16LE(0x314, 4); h.copy(c, 6, 4, 30); c.writeUInt32LE(0o100644 * 65536, 38); c.writeUInt32LE(at, 42);
    parts.push(h, n, body); central.push(c, n); at += 30 + n.length + body.length;
  }
  const dir = Buffer.concat(central), end = Buffer.alloc(22), n = central.length / 2;
  end.writeUInt32LE(0x06054b50, 0); end.writeUInt16LE(n, 8); end.writeUInt16LE(n, 10); end.writeUInt32LE(dir.length, 12); end.writeUInt32LE(at, 16);
  return Buffer.concat([...parts, dir, end]);
}
export function unzip(buf) {
  const out = new Map(); let e = buf.length - 22; while (buf.readUInt32LE(e) !== 0x06054b50) e--;
  let p = buf.readUInt32LE(e + 16);
  for (let i = buf.readUInt16LE(e + 10); i > 0; i--) {
    const nl = buf.readUInt16LE(p + 28), size = buf.readUInt32LE(p + 20), lo = buf.readUInt32LE(p + 42), from = lo + 30 + buf.readUInt16LE(lo + 26) + buf.readUInt16LE(lo + 28), body = buf.subarray(from, from + size);
    out.set(buf.toString('utf8', p + 46, p + 46 + nl), buf.readUInt16LE(p + 10) ? zlib.inflateRawSync(body) : body);
    p += 46 + nl + buf.readUInt16LE(p + 30) + buf.readUInt16LE(p + 32);
  }
  return out;
}
