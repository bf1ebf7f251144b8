type Slice = (bytes: Buffer, from: number, to: number) => string

/** The method behind `toString('latin1')`, which every Node has and none documents. */
interface Latin1Slicing {
  latin1Slice?: (this: unknown, from: number, to: number) => string
}

/** How to make text of octets with these buffers; the documented way where the shorter one is not there. */
export function sliceOf({ latin1Slice }: Latin1Slicing): Slice {
  return typeof latin1Slice === 'function'
    ? (bytes, from, to) => latin1Slice.call(bytes, from, to) // looked up once: a method of Buffer's is looked up anew each time
    : (bytes, from, to) => bytes.toString('latin1', from, to)
}

/**
 * `bytes[from, to)` as text, an octet a character: `bytes.toString('latin1', from, to)` without its detour over the names of
 * encodings, which costs as much as reading a field line.
 */
export const latin1: Slice = sliceOf(Buffer.prototype as Latin1Slicing)
