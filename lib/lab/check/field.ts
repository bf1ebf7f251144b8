import type { Place, Scene } from '../bench.js'
import { type LabClient, type Received, request } from '../client.js'
import type { LabOrigin, OriginAnswer, OriginRequest } from '../origin.js'
import { said } from '../said.js'
import { Wrong } from './wrong.js'

/** How long a proxy may take for one response before it counts as hanging, in ms: the default. The origin answers at once. */
export const PATIENCE_MS = 3_000
/** A pause so that two writes are read separately. */
const APART_MS = 100

export interface Asking {
  /** Default GET. */
  readonly method?: string
  /** Default 1.1. */
  readonly version?: '1.0' | '1.1'
  /** In this order, after Host. */
  readonly fields?: readonly (readonly [name: string, value: string])[]
  /** Sent with Content-Length, unless `chunked`. latin1. */
  readonly content?: string
  readonly chunked?: boolean
  /** The content is sent a moment after the head. */
  readonly apart?: boolean
}

/**
 * The field of one check: the client in front of the learner's proxy and the origin behind it, which answers as the check says.
 */
export class Field {
  /** Requests that reached the origin in this check. */
  readonly seen: OriginRequest[] = []
  private asked = 0

  constructor(
    private readonly scene: Scene,
    private readonly proxy: Place,
    private readonly origin: LabOrigin,
    /** Use absolute-form, as for a forward proxy. */
    private readonly absolute: boolean,
    /** The check's own path: `/named`. */
    readonly path: string,
    /** How long a proxy may take for one response. */
    readonly patienceMs: number,
    private readonly answering: { with(answer: (request: OriginRequest) => OriginAnswer): void },
  ) {
    this.answers(() => ({}))
  }

  /** Sets how the origin answers from now on. */
  answers(answer: (request: OriginRequest, nth: number) => OriginAnswer): void {
    this.answering.with(request => {
      this.seen.push(request)
      return answer(request, this.seen.length)
    })
  }

  /** @throws Wrong if the proxy does not accept the connection */
  async client(): Promise<LabClient> {
    try {
      return await this.scene.client({ to: this.proxy })
    } catch (error) {
      throw new Wrong(
        said(
          `your proxy did not accept the connection (${(error as NodeJS.ErrnoException).code})`,
          `프록시가 커넥션을 받지 않았다(${(error as NodeJS.ErrnoException).code})`,
        ),
      )
    }
  }

  /** The bytes of a request to this check's path; each request has its own number. */
  message({ method = 'GET', version = '1.1', fields = [], content, chunked = false }: Asking = {}): string {
    this.asked += 1
    const authority = `127.0.0.1:${this.origin.port}`
    const target = `${this.absolute ? `http://${authority}` : ''}${this.path}/${this.asked}`
    const framing: [string, string][] =
      content === undefined
        ? []
        : chunked
          ? [['Transfer-Encoding', 'chunked']]
          : [['Content-Length', `${content.length}`]]
    const lines = [...fields, ...framing].map(([name, value]) => `${name}: ${value}\r\n`)
    const head = request(`${method} ${target} HTTP/${version}`, { Host: authority })
    const body = chunked && content ? `${content.length.toString(16)}\r\n${content}\r\n0\r\n\r\n` : (content ?? '')
    return `${head.slice(0, -2)}${lines.join('')}\r\n${body}`
  }

  /** Sends a request and waits for its response, whatever happens. */
  async exchange(client: LabClient, asking: Asking = {}): Promise<Received> {
    const message = this.message(asking)
    const headTo = asking.apart ? message.indexOf('\r\n\r\n') + 4 : message.length
    await client.send(message.slice(0, headTo))
    if (headTo < message.length) {
      await this.scene.bench.sleep(APART_MS)
      await client.send(message.slice(headTo))
    }
    return client.response({ forMs: this.patienceMs, method: asking.method ?? 'GET' })
  }

  /** The same, but there must be a complete response with that status. @throws Wrong if there is not */
  async whole(client: LabClient, asking: Asking = {}, status = 200): Promise<Received> {
    const received = await this.exchange(client, asking)
    if (received.outcome !== 'whole') throw new Wrong(outcomes(received, this.patienceMs), received.head)
    if (received.status !== status)
      throw new Wrong(
        said(`the client got ${received.status}`, `클라이언트가 ${received.status} 응답을 받았다`),
        received.head,
      )
    return received
  }

  /** The last request that reached the origin. @throws Wrong if none did */
  get last(): OriginRequest {
    const last = this.seen.at(-1)
    if (!last) throw new Wrong(said('no request reached the origin', '원 서버에 요청이 도착하지 않았다'))
    return last
  }

  /** The number of connections on which requests of this check reached the origin. */
  get connections(): number {
    return new Set(this.seen.map(({ connection }) => connection)).size
  }
}

function outcomes({ outcome }: Received, patienceMs: number) {
  const words = {
    whole: said('the response was complete', '응답이 온전했다'),
    truncated: said('the connection ended in the middle of the response', '응답 도중에 커넥션이 끝났다'),
    silent: said(`no response came within ${patienceMs / 1000} s`, `${patienceMs / 1000}초 안에 응답이 오지 않았다`),
    ended: said('the connection ended without a response', '응답 없이 커넥션이 끝났다'),
    garbage: said('the answer is not an HTTP response', '받은 것이 HTTP 응답이 아니다'),
  }
  return words[outcome]
}

/** The options in all Connection lines, in lower case. */
export function connectionOptions(head: string): string[] {
  return [...head.matchAll(/^connection:([^\r\n]*)/gim)]
    .flatMap(([, value = '']) => value.split(','))
    .map(option => option.trim().toLowerCase())
    .filter(option => option !== '')
}

/** Whether there is a line with that name. */
export function hasField(head: string, name: string): boolean {
  return new RegExp(`^${name}[ \\t]*:`, 'im').test(head)
}
