import { type Said, said } from '../said.js'

/** The proxies of this experiment. */
export type Kind = 'dumb' | 'smart' | 'hopwise'

/** The position of hopwise in place of the smart proxy, and its settings. */
export type Instead = 'behind' | 'before' | 'before11' | 'allowed'

/** Two proxies from left to right. */
export interface Chain {
  readonly id: string
  readonly title: Said
  readonly kinds: readonly [Kind, Kind]
  /** The steps that are reported when the first answer has come and was as expected. */
  readonly steps: readonly (readonly [party: string, text: Said])[]
  /** Expected in the first exchange: the origin is asked to keep a connection; the client is told that its connection is kept. */
  readonly asked: boolean
  readonly agreed: boolean
  /** hopwise is a forward proxy and gets the absolute URI; it may keep HTTP/1.0 clients. */
  readonly forward?: { readonly keepsHttp10: boolean }
  readonly version: '1.0' | '1.1'
}

const PASSES_ON = said(
  'The dumb proxy does not know the field and passes it on.',
  '멍청한 프록시는 이 헤더를 알지 못한 채 그대로 전달한다.',
)

export const DUMB_FIRST: Chain = {
  id: 'dumb-smart',
  title: said('The dumb one first', '멍청한 프록시가 앞에'),
  kinds: ['dumb', 'smart'],
  asked: true,
  agreed: true,
  version: '1.0',
  steps: [
    ['proxy', PASSES_ON],
    [
      'proxy2',
      said(
        'The smart proxy believes that its neighbour asked, and turns the field into Connection: Keep-Alive.',
        '똑똑한 프록시는 이웃이 요청했다고 믿고 이를 Connection: Keep-Alive로 바꾼다.',
      ),
    ],
    [
      'proxy',
      said(
        'The smart proxy agrees, and the dumb one passes the agreement back to the client.',
        '똑똑한 프록시가 동의하고, 멍청한 프록시는 그 동의를 클라이언트에 그대로 되돌려 준다.',
      ),
    ],
  ],
}

export const SMART_FIRST: Chain = {
  id: 'smart-dumb',
  title: said('The smart one first', '똑똑한 프록시가 앞에'),
  kinds: ['smart', 'dumb'],
  asked: true,
  agreed: true,
  version: '1.0',
  steps: [
    [
      'proxy',
      said(
        'The smart proxy turns the field into its own Connection: Keep-Alive.',
        '똑똑한 프록시는 이를 자신의 Connection: Keep-Alive로 바꾼다.',
      ),
    ],
    ['proxy2', PASSES_ON],
    [
      'origin',
      said(
        'The origin agrees with the dumb proxy. The smart proxy believes that its neighbour has agreed, and agrees with the client.',
        '원 서버는 멍청한 프록시에 동의하고, 똑똑한 프록시는 이웃이 동의했다고 믿고 클라이언트에 동의한다.',
      ),
    ],
  ],
}

const HOPWISE_BEHIND: Chain = {
  id: 'hopwise',
  title: said('hopwise behind the dumb one', '멍청한 프록시 뒤에 hopwise'),
  kinds: ['dumb', 'hopwise'],
  asked: false,
  agreed: false,
  version: '1.0',
  forward: { keepsHttp10: false },
  steps: [
    ['proxy', PASSES_ON],
    [
      'proxy2',
      said(
        'hopwise drops the field: it never turns it into another field, and as a forward proxy it does not keep HTTP/1.0 connections.',
        'hopwise는 이 헤더를 제거한다. 다른 헤더로 바꾸는 일이 없고, 프록시이므로 HTTP/1.0 커넥션을 유지하지 않는다.',
      ),
    ],
  ],
}

const HOPWISE_BEFORE: Chain = {
  id: 'hopwise',
  title: said('hopwise before the dumb one', '멍청한 프록시 앞에 hopwise'),
  kinds: ['hopwise', 'dumb'],
  asked: false,
  agreed: false,
  version: '1.0',
  steps: [
    [
      'proxy',
      said(
        'hopwise drops the field and asks its neighbour for nothing.',
        'hopwise는 이 헤더를 제거하고 이웃에게 아무것도 요청하지 않는다.',
      ),
    ],
  ],
}

export const HOPWISE: Readonly<Record<Instead, Chain>> = {
  behind: HOPWISE_BEHIND,
  before: HOPWISE_BEFORE,
  before11: { ...HOPWISE_BEFORE, version: '1.1' },
  allowed: {
    ...HOPWISE_BEHIND,
    agreed: true,
    forward: { keepsHttp10: true },
    steps: [
      ...HOPWISE_BEHIND.steps.slice(0, 1),
      [
        'proxy2',
        said(
          'hopwise was told to keep HTTP/1.0 clients: it agrees with the neighbour that never asked.',
          'hopwise는 HTTP/1.0 클라이언트와 커넥션을 유지하도록 설정되어 있다. 그래서 요청한 적 없는 이웃에 동의한다.',
        ),
      ],
    ],
  },
}

/** Whether the second request must hang with hopwise in the smart proxy's place. */
export const HANGS: Readonly<Record<Instead, boolean>> = { behind: false, before: false, before11: true, allowed: true }
