import { RequestReader } from '../../wire/request-reader.js'
import { ResponseReader } from '../../wire/response-reader.js'
import type { Scene } from '../bench.js'
import type { Witness } from '../relay.js'
import { said } from '../said.js'

/** A line between two parties, one of which is not ours and says nothing. */
export interface Line {
  readonly near: string
  readonly far: string
  /** Of whom waits are told: who sends requests waits for responses, who answers them waits for the next one. */
  readonly tells: 'near' | 'far'
  /** A request is whole. */
  readonly onRequest?: () => void
  /** A final response is whole. `head`: latin1, with its blank line. */
  readonly onResponse?: (head: string) => void
  /** The connection is over, or will carry no more in one direction. Told once. */
  readonly onEnd?: () => void
}

const FOR_THE_RESPONSE = said('for the response', '응답을 기다린다')
const NEXT_REQUEST = said('for the next request', '다음 요청을 기다린다')

/** For a relay: concludes from the messages on the wire who waits, and tells it. What is no HTTP is left alone. */
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
    // Somebody who has more to answer is at work, and somebody who has asked for more waits on.
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

  /** Only what this connection has told: the same party may wait on another one by now. */
  private goesOn(): void {
    if (!this.told) return
    this.told = false
    this.scene.goesOn(this.line[this.line.tells])
  }
}
