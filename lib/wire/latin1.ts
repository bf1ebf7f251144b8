type Slice = (bytes: Buffer, from: number, to: number) => string

/** The method behind `toString('latin1')`, which every Node version has and none documents. */
interface Latin1Slicing {
  latin1Slice?: (this: unknown, from: number, to: number) => string
}

/** The conversion of bytes to text for these buffers; the documented way where the shortcut does not exist. */
export function sliceOf({ latin1Slice }: Latin1Slicing): Slice {
  return typeof latin1Slice === 'function'
    ? (bytes, from, to) => latin1Slice.call(bytes, from, to) // looked up once: a method of Buffer is looked up again at each call
    : (bytes, from, to) => bytes.toString('latin1', from, to)
}

/**
 * `bytes[from, to)` as text, one character per byte: `bytes.toString('latin1', from, to)` without the lookup of the encoding's
 * name, which costs as much as reading a field line.
 */
export const latin1: Slice = sliceOf(Buffer.prototype as Latin1Slicing)
