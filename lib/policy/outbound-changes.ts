// What becomes of the head of a request between its rewrite and the moment in which it is sent: for `explainRequest` the same is said by
// `RequestContext`. All of it in latin1; our own lines have one form, and received ones of their names do not get there.

/** The content was gathered, and is framed by its length (RFC 9112 6.2): no trailers follow (RFC 9110 6.6.2). */
export function withLength(text: string, octets: number): string {
  return text.replace('\r\nTransfer-Encoding: chunked\r\n', `\r\nContent-Length: ${octets}\r\n`).replace(TRAILER, '')
}

/** 100 (Continue) was said here: nobody else shall be asked for it (RFC 9110 10.1.1). */
export function withoutExpect(text: string): string {
  return text.replace(EXPECT, '')
}

/**
 * Whoever will close says so (RFC 9112 9.6).
 * @param set the lines that the route sets, which stand last
 */
export function withClose(text: string, set: string): string {
  const ours = text.indexOf(CONNECTION)
  if (ours >= 0) {
    const end = text.indexOf('\r\n', ours + CONNECTION.length)
    return `${text.slice(0, end)}, close${text.slice(end)}`
  }
  const at = text.length - set.length - 2
  return `${text.slice(0, at)}Connection: close\r\n${text.slice(at)}`
}

const TRAILER = /\r\ntrailer:[^\r]*/gi
const EXPECT = /\r\nexpect:[^\r]*/gi
const CONNECTION = '\r\nConnection: '
