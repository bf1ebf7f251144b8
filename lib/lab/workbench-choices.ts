import { type Said, said } from './said.js'
import { checkedWorkbench, HOPS, METHODS, WORKBENCH_LIMITS, type Workbench } from './workbench.js'

/** A setup to start with, and what to look at in it. */
export interface Preset {
  readonly id: string
  readonly title: Said
  readonly about: Said
  readonly description: Workbench
}

/** The data from which a form of the workbench is built. */
export interface Choices {
  readonly methods: readonly string[]
  readonly hops: readonly string[]
  readonly limits: typeof WORKBENCH_LIMITS
  readonly presets: readonly Preset[]
}

const HOST = { name: 'Host', value: 'origin' }
const KEEP_ALIVE = { name: 'Connection', value: 'Keep-Alive' }

/** The workbench shows the first one when it is opened. */
export const PRESETS: readonly Preset[] = [
  {
    id: 'hang',
    title: said('The classic hang', '고전적인 멈춤'),
    about: said(
      'An HTTP/1.0 client asks the dumb proxy to keep the connection. Replace the proxy with hopwise and send again.',
      'HTTP/1.0 클라이언트가 멍청한 프록시에 커넥션 유지를 요청한다. 프록시를 hopwise로 바꾸고 다시 보내 보라.',
    ),
    description: checkedWorkbench({
      version: '1.0',
      fields: [HOST, KEEP_ALIVE],
      chain: [{ kind: 'dumb' }],
      origin: { timeoutS: 5 },
    }),
  },
  {
    id: 'nominated',
    title: said('A field that Connection names', 'Connection이 지목한 헤더'),
    about: said(
      'Connection names X-Private, so this field is about one connection only. Stock http-proxy passes it on; put hopwise in its place and see the field die.',
      'Connection이 X-Private를 지목하므로 이 헤더는 한 커넥션에만 해당한다. 기본 http-proxy는 그대로 전달한다. hopwise로 바꾸고 이 헤더가 사라지는 것을 보라.',
    ),
    description: checkedWorkbench({
      fields: [HOST, { name: 'Connection', value: 'X-Private' }, { name: 'X-Private', value: 'for the next hop only' }],
      requests: 1,
      chain: [{ kind: 'stock' }],
    }),
  },
  {
    id: 'proxy-connection',
    title: said('Proxy-Connection through two proxies', '프록시 두 개를 거치는 Proxy-Connection'),
    about: said(
      'The smart proxy believes the field that the dumb one passed on, and turns it into Connection: the hang is back.',
      '똑똑한 프록시는 멍청한 프록시가 그대로 전달한 헤더를 믿고 Connection으로 바꾼다. 그래서 멈춤이 다시 나타난다.',
    ),
    description: checkedWorkbench({
      version: '1.0',
      fields: [HOST, { name: 'Proxy-Connection', value: 'Keep-Alive' }],
      chain: [{ kind: 'dumb' }, { kind: 'smart', idleS: 5 }],
    }),
  },
  {
    id: 'death',
    title: said('Death in the middle of the content', '본문 도중의 죽음'),
    about: said(
      'The origin promises 1,000 bytes, sends 100 and closes. Stock http-proxy leaves the client waiting; hopwise passes the end on at once.',
      '원 서버가 1,000바이트를 약속하고 100바이트만 보낸 뒤 사라진다. 기본 http-proxy는 클라이언트를 기다리게 두고, hopwise는 그 끝을 곧바로 전달한다.',
    ),
    description: checkedWorkbench({
      fields: [HOST],
      requests: 1,
      chain: [{ kind: 'stock' }],
      origin: { contentBytes: 1_000, stopAfter: 100, after: 'leave' },
    }),
  },
  {
    id: 'pipelined',
    title: said('Four requests at once', '한꺼번에 보내는 요청 네 개'),
    about: said(
      'Pipelined: all requests are sent before the first response comes. The responses come in the order of the requests.',
      '파이프라인 커넥션: 첫 응답이 오기 전에 모두 보낸다. 응답은 요청한 순서대로 온다.',
    ),
    description: checkedWorkbench({
      fields: [HOST],
      requests: 4,
      sending: 'pipelined',
      chain: [{ kind: 'hopwise' }],
      origin: { delayMs: 200 },
    }),
  },
]

export function workbenchChoices(): Choices {
  return { methods: METHODS, hops: HOPS, limits: WORKBENCH_LIMITS, presets: PRESETS }
}
