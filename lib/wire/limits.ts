/** The limits of the grammar: how much of each element is read before the message is refused. All are configurable. */
export interface GrammarLimits {
  /** Bytes of a request line or status line, without its CRLF. Above: 414 (a response: 502). */
  readonly requestLineBytesMax: number
  /** Bytes of the field section with its empty line, without the start line. Above: 431 (a response: 502). */
  readonly headBytesMax: number
  /** Field lines in one head, and in one trailer section. Above: 431 (a response: 502). */
  readonly fieldsMax: number
  /** Bytes of the trailer section with its empty line. Above: 431 (a response: 502). */
  readonly trailerBytesMax: number
  /** Bytes of the extensions of one chunk. Above: 413 (a response: 502). */
  readonly chunkExtensionBytesMax: number
  /** Bytes of all chunk extensions of one message. Above: 413 (a response: 502). */
  readonly chunkExtensionsBytesMax: number
  /** Empty lines that are skipped before a request line. Above: 400. */
  readonly emptyLinesMax: number
  /** Interim responses before a final one. Above: 502. */
  readonly interimResponsesMax: number
  /** Bytes of all heads of interim responses before a final one. Above: 502. */
  readonly interimBytesMax: number
}

/**
 * The maximum that each may be set to. An element that each connection holds in memory as a whole is bounded; one that is only
 * counted is bounded only by the range of numbers.
 */
export const GRAMMAR_MAXIMA: GrammarLimits = {
  requestLineBytesMax: 1_048_576,
  headBytesMax: 1_048_576,
  fieldsMax: 65_536,
  trailerBytesMax: 1_048_576,
  chunkExtensionBytesMax: Number.MAX_SAFE_INTEGER,
  chunkExtensionsBytesMax: Number.MAX_SAFE_INTEGER,
  emptyLinesMax: Number.MAX_SAFE_INTEGER,
  interimResponsesMax: Number.MAX_SAFE_INTEGER,
  interimBytesMax: Number.MAX_SAFE_INTEGER,
}

export const GRAMMAR_LIMITS: GrammarLimits = {
  requestLineBytesMax: 16_384, // twice the 8,000 octets that RFC 9112 3 recommends to support; nginx and httpd stop at 8 KiB
  headBytesMax: 65_536, // large cookies and tokens pass; nginx accepts 32 KiB, HAProxy 16 KiB, Node 16 KiB
  fieldsMax: 200, // browsers send 10 to 40; httpd stops at 100, HAProxy at 101
  trailerBytesMax: 16_384, // trailers carry digests and timings, never cookies
  chunkExtensionBytesMax: 4_096, // hardly any sender uses them; room for a signature in one chunk
  chunkExtensionsBytesMax: 65_536, // extensions are dropped: bounds the work spent on them for nothing (CVE-2023-39326)
  emptyLinesMax: 4, // RFC 9112 2.2 asks for at least one; old clients send one CRLF after a POST
  interimResponsesMax: 32, // servers send a 100, some 103 and an occasional 102; RFC 9110 15.2 sets no number
  interimBytesMax: 65_536, // as much as one head: a 103 announces early what the final head repeats
}
