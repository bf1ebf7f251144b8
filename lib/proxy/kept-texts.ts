import type { CloseReason } from '../policy/close-reason.js'
import type { Withheld } from '../policy/interim.js'
import { GRAMMAR_MAXIMA } from '../wire/limits.js'
import type { Lines } from '../wire/lines.js'

/** An interim response, and what happened to it; `own`: a 100 that we sent ourselves. */
export interface KeptInterim {
  /** The head, latin1, repaired. */
  readonly text: string
  /** How many faults were repaired. */
  readonly repairs: number
  readonly became: 'passed' | 'own' | Withheld
}

/** More than an upstream may send, unless those limits were raised: then as many bytes as the longest head may have. */
const INTERIM_MAX = 100
const INTERIM_BYTES_MAX = GRAMMAR_MAXIMA.headBytesMax

/**
 * The texts of an exchange that are kept for watchers, each as of the moment when it is forwarded: latin1, as received, repaired.
 * Created only while there is a watcher. The head of the request is in `Asked`, which has it anyway.
 */
export class KeptTexts {
  /** The CONNECT that was sent to the parent proxy for this one; '' for none. */
  connect = ''
  /** The trailer sections with their empty lines; '' for none. */
  requestTrailers = ''
  responseTrailers = ''
  /** The latest attempt sent the end of the request, and so the forwarded trailers. */
  endSent = false
  /** Interim responses, except a 101. */
  readonly interim: KeptInterim[] = []
  private interimBytes = 0
  /** How many further ones were not kept. */
  interimMore = 0
  /** The final head, or that of a 101; '' for none. */
  response = ''
  repairs = 0
  /** The verdict on the client's connection, and the time (IMF-fixdate), when that head was forwarded. */
  verdict: 'keep' | CloseReason = 'keep'
  date = ''
  /** A response of our own, head and content; '' for none. */
  own = ''

  keepConnect(head: string): void {
    this.connect = head
  }

  /** @param sent there is an upstream, to which the end of the request is sent now */
  keepRequestTrailers(text: string, sent: boolean): void {
    this.requestTrailers = text
    this.endSent = sent
  }

  /** The content is sent, perhaps again. @param whole including its end */
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
