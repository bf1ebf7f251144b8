/** The limits of the grammar: how much of each element is read before a message is refused. All settable. */
export interface GrammarLimits {
  /** Octets of a request line or status line, its CRLF not counted. Beyond: 414 (a response: 502). */
  readonly requestLineBytesMax: number
  /** Octets of the field section with its blank line, the start line not counted. Beyond: 431 (a response: 502). */
  readonly headBytesMax: number
  /** Field lines in one head, and in one trailer section. Beyond: 431 (a response: 502). */
  readonly fieldsMax: number
  /** Octets of the trailer section with its blank line. Beyond: 431 (a response: 502). */
  readonly trailerBytesMax: number
  /** Octets of the extensions of one chunk. Beyond: 413 (a response: 502). */
  readonly chunkExtensionBytesMax: number
  /** Octets of all chunk extensions of one message. Beyond: 413 (a response: 502). */
  readonly chunkExtensionsBytesMax: number
  /** Empty lines that are skipped in front of a request line. Beyond: 400. */
  readonly emptyLinesMax: number
  /** Interim responses before a final one. Beyond: 502. */
  readonly interimResponsesMax: number
  /** Octets of all heads of interim responses before a final one. Beyond: 502. */
  readonly interimBytesMax: number
}

/**
 * The most that each may be set to. What is held in memory as a whole, for each connection, has an end; what is only counted has none
 * but that of numbers.
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
  requestLineBytesMax: 16_384, // twice the 8,000 octets that RFC 9112 3 wants accepted; nginx and httpd stop at 8 KiB
  headBytesMax: 65_536, // large cookies and tokens pass; nginx takes 32 KiB, HAProxy 16 KiB, Node 16 KiB
  fieldsMax: 200, // browsers send 10 to 40; httpd stops at 100, HAProxy at 101
  trailerBytesMax: 16_384, // trailers carry digests and timings, never cookies
  chunkExtensionBytesMax: 4_096, // nobody sends any; room for a signature in one chunk
  chunkExtensionsBytesMax: 65_536, // extensions are dropped here: the work for nothing ends somewhere (CVE-2023-39326)
  emptyLinesMax: 4, // RFC 9112 2.2 asks for at least one; old clients send one CRLF after a POST
  interimResponsesMax: 32, // a 100, some 103 and a 102 now and then are what servers send; RFC 9110 15.2 names no number
  interimBytesMax: 65_536, // as much as one head may have: a 103 says early what the final head says once more
}
