import type { Scene } from '../bench.js'
import { said } from '../said.js'

/**
 * The hang lasts as long as the idle limit; the same request through hopwise takes 1 to 2 ms. Half of the limit is far from both.
 */
export const HANG_SHARE = 0.5
/** Time for the dumb proxy to see that it no longer has to wait. In story time. */
export const SETTLE_MS = 1_000

export const TITLES = {
  dumb: said('Through the dumb proxy', '멍청한 프록시를 거쳐서'),
  hopwise: said('Through hopwise', 'hopwise를 거쳐서'),
} as const

/** Steps 2 and 3: the request has arrived at the origin, with the field in it. */
export function tellPassedOn(scene: Scene): void {
  scene.step(
    2,
    said('The proxy does not know the field and passes it on.', '프록시는 이 헤더를 알지 못한 채 그대로 전달한다.'),
    'proxy',
  )
  scene.step(
    3,
    said(
      'The origin believes that the proxy wants to keep its connection, and agrees.',
      '원 서버는 프록시가 커넥션을 유지하려 한다고 믿고 동의한다.',
    ),
    'origin',
  )
}

/** Step 4: the agreement has arrived at the client. */
export function tellBelieved(scene: Scene): void {
  scene.step(
    4,
    said(
      'The proxy passes the agreement back. The client believes that the proxy agreed.',
      '프록시는 이 동의를 그대로 되돌려 준다. 클라이언트는 프록시가 동의했다고 믿는다.',
    ),
    'proxy',
  )
}
