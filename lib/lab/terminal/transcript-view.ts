import type { BytesSeen, ConnectionClosed, ConnectionOpened, SceneSet, Stamped } from '../events.js'
import type { Language } from '../said.js'
import { type Style, visibleOctets } from './paint.js'
import { Row } from './row.js'
import type { OfScene, View } from './view.js'
import type { WaitingText } from './waiting.js'
import { type Phrases, phrases } from './words.js'

/**
 * One scene as its client sees it, printed as by telnet: typed lines begin with `>`. Several connections are distinguished by
 * their names.
 */
export class TranscriptView implements View {
  readonly id: string
  readonly title: string
  lastAt: number
  private readonly clients: ReadonlySet<string>
  private readonly open = new Map<string, ConnectionOpened>()
  private readonly over = new Set<string>()
  private readonly waiting = new Set<string>()
  private current = ''
  private readonly say: Phrases

  constructor(
    { scene, title, parties, at }: SceneSet & Stamped,
    language: Language,
    private readonly silenceMs: number,
  ) {
    this.id = scene
    this.title = title[language]
    this.lastAt = at
    this.clients = new Set(parties.filter(({ role }) => role === 'client').map(({ id }) => id))
    this.say = phrases(language)
  }

  header(): Row[] {
    return []
  }

  blank(): Row {
    return line('')
  }

  take(events: readonly OfScene[]): Row[] {
    return events.flatMap(event => {
      const before = this.open.size > 0 && this.isSilent(event.at) ? this.silence(event.at) : []
      const rows = this.one(event)
      if (rows.length === 0) return []
      this.lastAt = event.at
      return [...before, ...rows]
    })
  }

  /** A transcript goes on until its connections have ended: their ends belong under the same heading. */
  get stalls(): boolean {
    return this.waiting.size > 0 || [...this.open.keys()].some(connection => !this.over.has(connection))
  }

  isSilent(at: number): boolean {
    return at - this.lastAt >= this.silenceMs
  }

  waitingNow(): WaitingText | null {
    return null
  }

  private one(event: OfScene): Row[] {
    switch (event.kind) {
      case 'open':
        return this.clients.has(event.from) ? this.connects(event) : []
      case 'bytes':
        return this.open.has(event.connection) ? this.octets(event) : []
      case 'fin':
        return this.clients.has(event.by) ? this.halfClosed(event.connection) : this.ends(event.connection, BY_PEER)
      case 'closed':
        return this.ends(event.connection, this.howEnded(event))
      case 'waits':
      case 'goes-on':
        this.clientWaits(event)
        return []
      default:
        return []
    }
  }

  private clientWaits({ kind, who }: { kind: 'waits' | 'goes-on'; who: string }): void {
    if (kind === 'goes-on') this.waiting.delete(who)
    else if (this.clients.has(who)) this.waiting.add(who)
  }

  private connects(event: ConnectionOpened): Row[] {
    this.open.set(event.connection, event)
    const address = event.addresses?.[1].replace(/:\d+$/, '') ?? '127.0.0.1'
    return [
      ...this.turnTo(event.connection),
      line(`Trying ${address}...`, 'faint'),
      line(`Connected to ${address}.`, 'faint'),
      line("Escape character is '^]'.", 'faint'),
    ]
  }

  private octets({ connection, by, size, text }: BytesSeen): Row[] {
    const typed = this.clients.has(by)
    const lines = text.replace(/\r?\n$/, '').split(/\r?\n/)
    const rows = lines.map(each => line(`${typed ? '> ' : ''}${visibleOctets(each)}`, typed ? 'strong' : 'plain'))
    const more = size - text.length
    const rest = more > 0 ? [line(`… +${more.toLocaleString('en-US')} B`, 'faint')] : []
    return [...this.turnTo(connection), ...rows, ...rest]
  }

  private halfClosed(connection: string): Row[] {
    return this.open.has(connection) && !this.over.has(connection)
      ? [...this.turnTo(connection), line('> (FIN)', 'faint')]
      : []
  }

  private howEnded({ by, how }: ConnectionClosed): string {
    if (this.clients.has(by)) return 'Connection closed.'
    return how === 'reset' ? 'Connection reset by peer.' : BY_PEER
  }

  /** Once for each connection. */
  private ends(connection: string, text: string): Row[] {
    if (!this.open.has(connection) || this.over.has(connection)) return []
    this.over.add(connection)
    return [...this.turnTo(connection), line(text, 'faint')]
  }

  private silence(at: number): Row[] {
    return [line(`(${this.say.silence(at - this.lastAt)})`, 'faint')]
  }

  /** A name is only needed if there are several connections. */
  private turnTo(connection: string): Row[] {
    const changes = this.current !== connection
    this.current = connection
    return changes && this.open.size > 1 ? [line(`[${connection}]`, 'step')] : []
  }
}

const BY_PEER = 'Connection closed by foreign host.'

function line(text: string, style: Style = 'plain'): Row {
  return new Row(Number.POSITIVE_INFINITY).put(0, text, style)
}
