import type { Bench } from '../bench.js'
import { fieldOf } from '../client.js'
import { experiment, judged, type Verdict } from '../experiment.js'
import { said } from '../said.js'
import { HOP_FIELD } from './websocket-end.js'
import { type Lived, pinged, type Silence, silent, trickled } from './websocket-scenes.js'

export const websocket = experiment({
  id: 'websocket',
  title: said('Keep-alive after an upgrade', '업그레이드 뒤의 커넥션 유지'),
  question: said(
    'A WebSocket goes through a proxy that ends a tunnel after 4 s of silence. The server sends a ping every 0.75 s. What does the proxy do with it?',
    '웹소켓이 프록시를 거쳐 간다. 이 프록시는 4초 동안 조용한 터널을 끊는다. 서버는 0.75초마다 핑을 보낸다. 프록시는 이 핑을 어떻게 할까?',
  ),
  answers: [
    { text: said('It answers with a pong, and keeps the tunnel', '퐁으로 답하고 터널을 유지한다') },
    { text: said('It drops it: keep-alive is for one hop', '버린다. 커넥션 유지는 홉마다 따로 하는 일이기 때문이다') },
    {
      text: said(
        'It passes the bytes on without knowing what they are; because bytes pass, it keeps the tunnel',
        '무엇인지 모른 채 바이트를 전달한다. 무언가 지나갔다는 사실이 터널을 유지한다',
      ),
    },
    { text: said('It counts pings, and closes when a pong is missing', '핑을 세다가 퐁이 빠지면 닫는다') },
  ],
  watch: said(
    'First see what the proxy removes from the upgrade request and what it writes itself. Then compare the three tunnels: silence, pings with their pongs, and single bytes that never become a ping.',
    '먼저 프록시가 업그레이드 요청에서 무엇을 떼어 내고 무엇을 새로 쓰는지 보라. 그다음 세 터널을 비교해 보라. 아무 말도 없는 터널, 핑과 퐁이 오가는 터널, 그리고 핑이라고 할 수도 없는 바이트만 하나씩 지나가는 터널이다.',
  ),
  lesson: [
    said(
      'Upgrade and Connection are for one hop: a proxy removes them together with everything that Connection names, and writes its own if it agrees to pass the upgrade on. The Sec-WebSocket-* fields go end to end. With the 101 HTTP ends on both connections: there is no timeout and no max, no next request, and neither connection ever goes back to a pool.',
      'Upgrade와 Connection은 홉별 헤더다. 프록시는 이 둘과 Connection이 지목한 모든 헤더를 떼어 내고, 업그레이드를 전달하기로 하면 자신의 것을 새로 쓴다. Sec-WebSocket-* 헤더는 종단간으로 전달된다. 101과 함께 두 커넥션 모두에서 HTTP는 끝난다. timeout도 max도 다음 요청도 없고, 어느 커넥션도 풀로 돌아가지 않는다.',
    ),
    said(
      'Ping and pong are end to end: one end asks, the other answers with the same payload (RFC 6455 5.5.2, 5.5.3). So a ping finds out whether the far end is there. TCP keep-alive cannot do that through a proxy, because it only asks the next hop. The proxy between the ends does not read frames. It only sees a tunnel with traffic: even a ping that is never complete keeps the tunnel open.',
      '핑과 퐁은 종단간이다. 한쪽 끝이 묻고 다른 쪽 끝이 같은 페이로드로 답한다(RFC 6455 5.5.2, 5.5.3). 그래서 핑은 맞은편 끝이 살아 있는지 알아낸다. TCP keep-alive는 다음 홉만 확인하므로 프록시를 넘어서는 그럴 수 없다. 사이에 있는 프록시는 프레임을 읽지 않는다. 바이트가 오가는 터널만 볼 뿐이어서, 끝내 완성되지 않는 핑도 터널을 유지한다.',
    ),
    said(
      'A tunnel in which nothing passes looks the same as a dead one, so it has an idle limit: a minute in nginx (proxy_read_timeout), an hour in hopwise (tunnelIdleMs). To keep a WebSocket open, send pings at intervals shorter than the shortest limit on the way. In a browser a script cannot send pings: the server sends them, and the browser answers.',
      '아무것도 지나가지 않는 터널은 죽은 터널과 구별되지 않으므로 유휴 제한 시간이 있다. nginx는 1분(proxy_read_timeout), hopwise는 한 시간(tunnelIdleMs)이다. 웹소켓을 열어 두려면 경로에서 가장 짧은 제한 시간보다 자주 핑을 보내야 한다. 브라우저의 스크립트는 핑을 보낼 수 없으므로 서버가 보내고 브라우저가 답한다.',
    ),
  ],
  change: said(
    'Double the time between two pings, again and again: once it is longer than the idle limit, the tunnel ends as if there were no pings, although both ends are healthy.',
    '핑의 간격을 두 배로, 또 두 배로 늘려 보라. 유휴 제한 시간보다 길어지면 양쪽 끝이 멀쩡해도 핑이 없을 때처럼 터널이 끊긴다.',
  ),
  references: [
    'RFC 9110 7.8',
    'RFC 9110 7.6.1',
    'RFC 6455 1.3',
    'RFC 6455 4.2.2',
    'RFC 6455 5.3',
    'RFC 6455 5.5.2',
    'RFC 6455 5.5.3',
  ],
  knobs: {
    pingMs: {
      kind: 'number',
      label: said('A ping every', '핑의 간격'),
      unit: 'ms',
      ...{ min: 250, max: 15_000, step: 250, standard: 750 },
    },
    idleMs: {
      kind: 'number',
      label: said('Idle limit of the tunnel', '터널의 유휴 제한 시간'),
      unit: 'ms',
      ...{ min: 1_000, max: 10_000, step: 500, standard: 4_000 },
    },
    who: {
      kind: 'choice',
      label: said('Who sends pings', '핑을 보내는 쪽'),
      choices: { origin: said('the server', '서버'), client: said('the client', '클라이언트') },
      standard: 'origin',
    },
  },
  timeMaxMs: 60_000,
  async run(bench, silence) {
    const [without, pings, octets] = await Promise.all([
      silent(bench, silence),
      pinged(bench, silence),
      trickled(bench, silence),
    ])
    return verdict(bench, silence, { without, pings, octets })
  },
})

interface Seen {
  readonly without: Lived
  readonly pings: Lived
  readonly octets: Lived
}

function verdict(bench: Bench, { idleMs, pingMs }: Silence, { without, pings, octets }: Seen): Verdict {
  const often = pingMs < idleMs
  const ended = without.ended && without.silentMs >= bench.ms(idleMs) * 0.9
  const kept = [pings, octets].every(each => (often ? !each.ended && each.talks : each.ended))
  const endToEnd = pings.read === pings.pings && pings.pongs === pings.pings && octets.pongs === 0
  const untouched = [without, pings, octets].every(each => each.untouched)
  const rewritten =
    fieldOf(pings.head, 'connection').toLowerCase() === 'upgrade' &&
    fieldOf(pings.head, 'upgrade') === 'websocket' &&
    fieldOf(pings.head, HOP_FIELD) === ''
  const ms = (value: number) => Math.round(value)
  const fate = often
    ? said(
        `the tunnel with ${pings.pings} pings and as many pongs lived, and so did the one with single bytes`,
        `핑 ${pings.pings}개와 같은 수의 퐁이 오간 터널은 살아남았고, 바이트만 하나씩 보낸 터널도 살아남았다`,
      )
    : said(
        `the tunnel with pings that came too rarely also ended, after ${ms(pings.silentMs)} ms`,
        `핑을 너무 드물게 보낸 터널도 ${ms(pings.silentMs)}ms 뒤에 끊겼다`,
      )
  return judged(
    ended && kept && endToEnd && untouched && rewritten,
    said(
      `The proxy ended the silent tunnel after ${ms(without.silentMs)} ms; ${fate.en}.`,
      `프록시는 조용한 터널을 ${ms(without.silentMs)}ms 뒤에 끊었다. ${fate.ko}.`,
    ),
    said(
      `Not every effect was seen: the silent tunnel ${without.ended ? `ended after ${ms(without.silentMs)} ms` : 'lived'}, the one with ${pings.pings} pings ${pings.ended ? 'ended' : 'lived'} with ${pings.pongs} pongs, the one with single bytes ${octets.ended ? 'ended' : 'lived'}.`,
      `모두 나타나지는 않았다. 조용한 터널은 ${without.ended ? `${ms(without.silentMs)}ms 뒤에 끊겼고` : '살아남았고'}, 핑 ${pings.pings}개를 보낸 터널은 퐁 ${pings.pongs}개를 받고 ${pings.ended ? '끊겼으며' : '살아남았으며'}, 바이트를 하나씩 보낸 터널은 ${octets.ended ? '끊겼다' : '살아남았다'}.`,
    ),
    often ? 3 : null,
  )
}
