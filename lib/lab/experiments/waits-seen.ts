import { RequestReader } from '../../wire/request-reader.js'
import { ResponseReader } from '../../wire/response-reader.js'
import type { Scene } from '../bench.js'
import type { Witness } from '../relay.js'
import { said } from '../said.js'

/** A line between two parties, one of which is an external program that reports nothing. */
export interface Line {
  readonly near: string
  readonly far: string
  /**
   * The party whose waits are reported: the sender of requests waits for responses, the sender of responses for the next request.
   */
  readonly tells: 'near' | 'far'
  /** A request is complete. */
  readonly onRequest?: () => void
  /** A final response is complete. `head`: latin1, with its blank line. */
  readonly onResponse?: (head: string) => void
  /** The connection has ended, or at least one direction has. Called once. */
  readonly onEnd?: () => void
}

const FOR_THE_RESPONSE = said('for the response', '응답을 기다린다')
const NEXT_REQUEST = said('for the next request', '다음 요청을 기다린다')

/** For a relay: derives from the messages on the wire who waits, and reports it. Bytes that are not HTTP are ignored. */
export function waitsSeen(scene: Scene, line: Line): () => Witness {
  return () => new SeenConnection(scene, line)
}

class SeenConnection implements Witness {
  private readonly requests = new RequestReader()
  private readonly responses = new ResponseReader()
  /** Methods of requests that have no response yet. */
  private readonly methods: string[] = []
  private head = ''
  private told = false
  private over = false

  constructor(
    private readonly scene: Scene,
    private readonly line: Line,
  ) {}

  bytes(by: string, octets: Buffer): void {
    if (this.over) return
    try {
      if (by === this.line.near) this.readRequests(octets)
      else this.readResponses(octets)
    } catch (error) {
      if ((error as Error).name !== 'ProtocolError') throw error
      this.end()
    }
  }

  end(): void {
    if (this.over) return
    this.over = true
    this.goesOn()
    this.line.onEnd?.()
  }

  private readRequests(octets: Buffer): void {
    const sink = {
      onRequestHead: ({ method }: { method: string }) => this.methods.push(method),
      onRequestContent() {},
      onRequestEnd: () => this.requested(),
    }
    for (let at = 0; at < octets.length; ) {
      if (this.requests.done) this.requests.next()
      at = this.requests.consume(octets, at, octets.length, sink)
    }
  }

  private readResponses(octets: Buffer): void {
    const sink = {
      onResponseHead: ({ status, lines }: { status: number; lines: { text: string } }) => {
        if (status >= 200) this.head = lines.text
      },
      onResponseContent() {},
      onResponseEnd: () => this.responded(),
    }
    for (let at = 0; at < octets.length; ) {
      const method = this.responses.started || this.responses.inContent ? undefined : this.methods.shift()
      if (method !== undefined) this.responses.expect(method)
      at = this.responses.consume(octets, at, octets.length, sink)
    }
  }

  private requested(): void {
    const { near, far, tells } = this.line
    if (tells === 'near') this.waits(near, far)
    else this.goesOn()
    this.line.onRequest?.()
  }

  private responded(): void {
    const { near, far, tells } = this.line
    // With requests still unanswered, the answering party is at work and the asking party goes on waiting.
    if (this.methods.length === 0) {
      if (tells === 'far') this.waits(far, near)
      else this.goesOn()
    }
    this.line.onResponse?.(this.head)
  }

  private waits(who: string, on: string): void {
    this.told = true
    this.scene.waits(who, on, this.line.tells === 'near' ? FOR_THE_RESPONSE : NEXT_REQUEST)
  }

  /** Ends only a wait that this connection has reported: the same party may already wait on another connection. */
  private goesOn(): void {
    if (!this.told) return
    this.told = false
    this.scene.goesOn(this.line[this.line.tells])
  }
}
