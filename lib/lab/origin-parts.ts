const REASONS: Readonly<Record<number, string>> = {
  200: 'OK',
  101: 'Switching Protocols',
  304: 'Not Modified',
  404: 'Not Found',
}

/** Without its line end. */
export function statusLine(version: '1.0' | '1.1', status: number): string {
  return `HTTP/${version} ${status} ${REASONS[status] ?? 'Something'}`
}

/** The options of all `Connection` lines of a head, in lower case. */
export function connectionOptions(head: string): string[] {
  return [...head.matchAll(/^connection:(.*)$/gim)].flatMap(([, value = '']) =>
    value.split(',').map(option => option.trim().toLowerCase()),
  )
}

/** The content as one chunk, followed by the last chunk. */
export function chunked(octets: Buffer): Buffer {
  if (octets.length === 0) return Buffer.from('0\r\n\r\n')
  return Buffer.concat([Buffer.from(`${octets.length.toString(16)}\r\n`), octets, Buffer.from('\r\n0\r\n\r\n')])
}
