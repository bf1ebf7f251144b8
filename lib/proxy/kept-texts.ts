import type { CloseReason } from '../policy/close-reason.js'
import type { Withheld } from '../policy/interim.js'
import { GRAMMAR_MAXIMA } from '../wire/limits.js'
import type { Lines } from '../wire/lines.js'

/** An interim response, and what became of it; `own`: the 100 that we say ourselves. */
export interface KeptInterim {
  /** The head, latin1, without its faults. */
  readonly text: string
  /** How many faults it had. */
  readonly repairs: number
  readonly became: 'passed' | 'own' | Withheld
}

/** More than an upstream may send, unless those limits were raised: then as many octets as the longest head may have. */
const INTERIM_MAX = 100
const INTERIM_BYTES_MAX = GRAMMAR_MAXIMA.headBytesMax

/**
 * What is kept of an exchange for those who watch it, each text at the moment at which it is passed on: latin1, as received, without its
 * faults. None is made while nobody watches. The head of the request is in `Asked`, which has it anyway.
 */
export class KeptTexts {
  /** The CONNECT that a proxy behind us was sent for this one; ''. */
  connect = ''
  /** The trailer sections with their blank lines; '' for none. */
  requestTrailers = ''
  responseTrailers = ''
  /** What was sent last of the request had its end, and so the trailers that go on. */
  endSent = false
  /** Without that of a 101. */
  readonly interim: KeptInterim[] = []
  private interimBytes = 0
  /** Further ones that are not kept. */
  interimMore = 0
  /** The final head, or that of a 101; ''. */
  response = ''
  repairs = 0
  /** What was to become of the client's connection, and the time (IMF-fixdate), as that head was passed on. */
  verdict: 'keep' | CloseReason = 'keep'
  date = ''
  /** An answer of our own, from its head on; ''. */
  own = ''

  keepConnect(head: string): void {
    this.connect = head
  }

  /** @param sent there is an upstream that gets the end of the request now */
  keepRequestTrailers(text: string, sent: boolean): void {
    this.requestTrailers = text
    this.endSent = sent
  }

  /** The content is sent, once more perhaps. @param whole with its end */
  keepSent(whole: boolean): void {
    this.endSent = whole
  }

  keepInterim({ text, repairs }: Pick<Lines, 'text' | 'repairs'>, became: KeptInterim['became']): void {
    if (this.interim.length === INTERIM_MAX || this.interimBytes + text.length > INTERIM_BYTES_MAX) {
      this.interimMore++
      return
    }
    this.interimBytes += text.length
    this.interim.push({ text, repairs, became })
  }

  keepResponse({ text, repairs }: Lines, verdict: 'keep' | CloseReason, date: string): void {
    this.response = text
    this.repairs = repairs
    this.verdict = verdict
    this.date = date
  }

  keepResponseTrailers(text: string): void {
    this.responseTrailers = text
  }

  keepOwn(text: string): void {
    this.own = text
  }
}
