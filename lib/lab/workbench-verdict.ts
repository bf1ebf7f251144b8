import type { Received } from './client.js'
import type { LabEvent, Party } from './events.js'
import { type Said, said } from './said.js'
import { HangBook } from './waits.js'

/** The result of one request. */
export interface Answered {
  /** From 1. */
  readonly nth: number
  readonly received: Received
  readonly ended: '' | 'fin' | 'reset'
  readonly hang: Hung | null
  /** The response says that no other may follow. */
  readonly closes: boolean
}

export interface Hung {
  /** The parties that waited for one another, in order. */
  readonly cycle: readonly string[]
  readonly ms: number
}

/** A client that is caught for less than this share of its wait has not hung. */
const HUNG_SHARE = 0.5

/** Finds in the events how long the client was part of a hang, or caught by one, while it waited for a response. */
export class HangWatch {
  private readonly book: HangBook
  private read = 0
  private before = 0

  /** @param seen grows while the run goes on */
  constructor(
    private readonly seen: readonly LabEvent[],
    private readonly scene: string,
    parties: readonly Party[],
    scale: number,
  ) {
    this.book = new HangBook(parties, scale)
  }

  begin(): void {
    this.catchUp()
    this.before = this.book.spans.length
  }

  /** @returns the hang that held the client for most of its wait, if there was one */
  end(tookMs: number): Hung | null {
    const now = this.catchUp()
    const hung = this.book.spans.slice(this.before).flatMap(({ cycle, from, to, broken }): Hung[] => {
      return broken || to > now ? [{ cycle, ms: Math.min(to, now) - from }] : []
    })
    const longest = hung.sort((a, b) => b.ms - a.ms)[0]
    return longest !== undefined && longest.ms >= tookMs * HUNG_SHARE ? longest : null
  }

  /** @returns the time of the last event, in ms of the run */
  private catchUp(): number {
    for (; this.read < this.seen.length; this.read++) {
      const event = this.seen[this.read]!
      if ('scene' in event && event.scene === this.scene) this.book.note(event, event.at)
    }
    return this.seen.at(-1)?.at ?? 0
  }
}

export interface Outcome {
  readonly answered: readonly Answered[]
  /** Requests that the setup asks for. */
  readonly requests: number
  /** Responses that the origin sent. */
  readonly byOrigin: number
  readonly parties: readonly Party[]
}

/** The number of responses that the origin itself sent. */
export function responsesOf(origin: string, seen: readonly LabEvent[]): number {
  const heads = seen.flatMap(event => (event.kind === 'bytes' && event.by === origin ? (event.heads ?? []) : []))
  return heads.filter(({ startLine }) => startLine.startsWith('HTTP/')).length
}

/** One sentence about the run: the first thing that went wrong, or that nothing did. */
export function sentenceFor(outcome: Outcome): Said {
  const { answered, requests } = outcome
  const wrong = answered.find(({ received }) => received.outcome !== 'whole' || received.status >= 400)
  if (wrong) return sentenceForWrong(wrong, outcome)
  const last = answered.at(-1)!
  if (answered.length < requests) return endedBy(last, requests)
  const { status, tookMs } = last.received
  return requests === 1
    ? said(
        `The request was answered with ${status} after ${ms(tookMs)} ms.`,
        `요청은 ${ms(tookMs)}ms 뒤에 ${status} 응답을 받았다.`,
      )
    : said(
        `All ${requests} requests were answered on one connection; the last one after ${ms(tookMs)} ms.`,
        `요청 ${requests}개가 커넥션 하나로 모두 응답을 받았다. 마지막 응답까지 ${ms(tookMs)}ms가 걸렸다.`,
      )
}

/** Nothing went wrong, but no further request could follow. */
function endedBy({ nth, received }: Answered, requests: number): Said {
  return said(
    `Response ${nth} came after ${ms(received.tookMs)} ms and ended the connection, so ${nth} of ${requests} requests were sent.`,
    `${ordinal(nth)} 응답은 ${ms(received.tookMs)}ms 뒤에 왔고 그것으로 커넥션이 끝났다. 그래서 요청 ${requests}개 가운데 ${nth}개만 보냈다.`,
  )
}

function sentenceForWrong(wrong: Answered, outcome: Outcome): Said {
  const { nth, received, hang, ended } = wrong
  const after = ms(received.tookMs)
  if (hang !== null) return hung(nth, hang, outcome.parties)
  switch (received.outcome) {
    case 'whole':
      return refused(wrong, outcome)
    case 'silent':
      return said(
        `Request ${nth} had no complete response after ${after} ms, and the client gave up.`,
        `${ordinal(nth)} 요청은 ${after}ms가 지나도 온전한 응답을 받지 못했고, 클라이언트는 포기했다.`,
      )
    case 'truncated':
      return said(
        `Response ${nth} was cut: ${received.content.length} bytes of its content came, then the connection ended with a ${END[ended].en} after ${after} ms.`,
        `${ordinal(nth)} 응답이 잘렸다. 본문 ${received.content.length}바이트만 도착했고, ${after}ms 뒤에 ${END[ended].ko} 커넥션이 끝났다.`,
      )
    case 'ended':
      return said(
        `Request ${nth} was never answered: the connection ended with a ${END[ended].en} after ${after} ms.`,
        `${ordinal(nth)} 요청은 응답을 받지 못했다. ${after}ms 뒤에 ${END[ended].ko} 커넥션이 끝났다.`,
      )
    case 'garbage':
      return said(
        `The answer to request ${nth} is not an HTTP response.`,
        `${ordinal(nth)} 요청에 돌아온 것은 응답이 아니다.`,
      )
  }
}

const END = {
  '': said('FIN', 'FIN으로'),
  fin: said('FIN', 'FIN으로'),
  reset: said('reset', '리셋으로'),
} as const satisfies Record<Answered['ended'], Said>

function hung(nth: number, { cycle, ms: hungMs }: Hung, parties: readonly Party[]): Said {
  const names = [...cycle, cycle[0]!].map(id => parties.find(each => each.id === id)?.name ?? said(id, id))
  return said(
    `Request ${nth} hung for ${ms(hungMs)} ms in a circle of waiting: ${names.map(({ en }) => en).join(' → ')}.`,
    `${ordinal(nth)} 요청은 서로 기다리는 순환에 걸려 ${ms(hungMs)}ms 동안 멈추었다: ${names.map(({ ko }) => ko).join(' → ')}.`,
  )
}

function refused({ nth, received }: Answered, { byOrigin }: Outcome): Said {
  const { status, tookMs } = received
  return byOrigin < nth
    ? said(
        `A proxy refused request ${nth} with ${status} after ${ms(tookMs)} ms: the origin never saw it.`,
        `${ordinal(nth)} 요청은 도중에 거부되어 ${ms(tookMs)}ms 뒤에 ${status} 응답을 받았다. 원 서버는 이 요청을 보지 못했다.`,
      )
    : said(
        `Request ${nth} was answered with ${status} after ${ms(tookMs)} ms.`,
        `${ordinal(nth)} 요청은 ${ms(tookMs)}ms 뒤에 ${status} 응답을 받았다.`,
      )
}

/** `첫 번째`; at most four requests are possible. */
export function ordinal(nth: number): string {
  return `${['', '첫', '두', '세', '네'][nth]} 번째`
}

function ms(value: number): string {
  return value < 10 ? value.toFixed(1) : value.toFixed(0)
}
