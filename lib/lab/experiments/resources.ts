import type { Bench } from '../bench.js'
import { experiment, judgedInTime, type Verdict } from '../experiment.js'
import { said } from '../said.js'
import { type Crowded, crowd } from './resources-memory.js'
import {
  eventLoop,
  type Newcomer,
  oneAddress,
  type Pressed,
  pressure,
  processes,
  type Shared,
} from './resources-scenes.js'
import { type Limited, underLimit } from './resources-timeouts.js'

/** The two limits, in pauses of the client: it always comes too late for the first, and long before the second. */
const SHORT_PAUSES = 1 / 3
const LONG_PAUSES = 6
/** A share of the idle limit: no place becomes free before the limit is over. Clocks are not exact. */
const WAITED_SHARE = 0.9

interface Seen {
  readonly crowded: Crowded
  readonly behind: Newcomer
  readonly beside: Newcomer
  readonly pressed: Pressed
  readonly shared: Shared
  readonly short: Limited
  readonly long: Limited
}

export const resources = experiment({
  id: 'resources',
  title: said('The price of persistence', '커넥션 유지의 대가'),
  question: said(
    'A server gives each connection its own process, and has three processes. Three clients have had their responses and keep their idle connections. What happens to the request of a fourth client?',
    '한 서버가 커넥션마다 프로세스를 하나씩 맡기며, 프로세스는 세 개다. 클라이언트 셋이 응답을 다 받고도 커넥션을 유휴 상태로 유지하고 있다. 네 번째 클라이언트의 요청은 어떻게 될까?',
  ),
  answers: [
    {
      text: said(
        'It is answered at once: no other client has a request',
        '바로 응답을 받는다. 지금 요청하는 다른 클라이언트는 없기 때문이다',
      ),
    },
    {
      text: said(
        'It waits until one of the idle connections reaches its limit',
        '유휴 커넥션 하나가 제한 시간에 이를 때까지 기다린다',
      ),
    },
    { text: said('It is refused with 503', '503으로 거절된다') },
    { text: said('It shares the connection of an idle client', '유휴 클라이언트와 커넥션을 함께 쓴다') },
  ],
  watch: said(
    'The processes do nothing, but the newcomer still waits. Through hopwise it does not wait. Then see which connection is closed when there is no room left, and what happens with an idle limit that is too short or too long.',
    '프로세스들은 아무 일도 하지 않는데 새 클라이언트는 기다린다. hopwise를 거치면 기다리지 않는다. 그다음 자리가 없을 때 누가 나가야 하는지, 유휴 제한 시간이 너무 짧거나 너무 길면 어떻게 되는지 보라.',
  ),
  lesson: [
    said(
      'An idle connection is not free: it costs memory in the process, buffers in the kernel, a file descriptor, and one of a limited number of places. Where each connection has its own process or thread, idle connections occupy these, too, and a few clients that only keep their connections shut out all others. On an event loop an idle connection is an entry in a table, a few KiB, and no one waits for it.',
      '유휴 커넥션은 공짜가 아니다. 프로세스의 메모리, 커널의 버퍼, 파일 디스크립터 하나, 그리고 한정된 자리 하나를 차지한다. 커넥션마다 프로세스나 스레드를 하나씩 맡기는 서버에서는 유휴 커넥션이 그것까지 붙들고 있어, 커넥션을 유지하기만 하는 클라이언트 몇이 다른 모두를 막는다. 이벤트 루프에서 유휴 커넥션은 표의 한 줄, 수 KiB일 뿐이고 아무도 그것을 기다리지 않는다.',
    ),
    said(
      'Many long connections starve other clients. This can also be done on purpose: opening connections and staying silent is a cheap denial of service. The defences are limits, in total and per address, so that one address never takes every place; idle timeouts; and, when the places run out, the eviction of the connection that has been idle longest, because it is the least likely to be missed. Only if no connection is idle is a newcomer refused, at once and with a reason: 503.',
      '오래 유지되는 커넥션이 많으면 다른 클라이언트가 자리를 얻지 못한다(기아 상태). 일부러 그럴 수도 있다. 커넥션을 열어 놓고 아무 말도 하지 않는 것은 비용이 적게 드는 서비스 거부 공격이다. 이를 막는 것이 전체와 주소별 커넥션 수 제한(한 주소가 모든 자리를 차지하지 못한다), 유휴 제한 시간, 그리고 자리가 모자랄 때 가장 오래 유휴 상태였던 커넥션을 내보내는 일이다. 그런 커넥션은 다시 쓰일 가능성이 가장 작다. 유휴 커넥션이 하나도 없을 때에만 새 클라이언트를 거절하되, 이유를 밝혀 바로 503으로 응답한다.',
    ),
    said(
      'An idle limit that is too short makes every request pay for a new connection: keep-alive in name only. A limit that is too long holds places for clients that never come back. The right limit is a little longer than the pause after which clients usually return. Either side may close an idle connection at any time, and should do so gracefully (RFC 9112 9.5), so a client must always be ready to open another.',
      '유휴 제한 시간이 너무 짧으면 요청마다 새 커넥션의 비용을 치르므로 커넥션 유지는 이름뿐이다. 너무 길면 다시 오지 않을 클라이언트를 위해 자리를 붙들어 둔다. 클라이언트가 대개 돌아올 때까지의 간격보다 조금 길게 잡는 것이 알맞다. 유휴 커넥션은 어느 쪽이든 언제라도 닫을 수 있고 정상적으로 닫아야 하므로(RFC 9112 9.5), 클라이언트는 언제든 새 커넥션을 열 준비가 되어 있어야 한다.',
    ),
  ],
  change: said(
    'Make the idle limit longer: the newcomer waits exactly that much longer for a process, and through hopwise no longer than before.',
    '유휴 제한 시간을 늘려 보라. 새 클라이언트는 꼭 그만큼 더 오래 프로세스를 기다리지만, hopwise를 거치면 전과 다름없다.',
  ),
  references: ['RFC 9112 9.4', 'RFC 9112 9.5', 'RFC 9110 15.6.4', 'RFC 2068 8.1.4'],
  knobs: {
    idleMs: {
      kind: 'number',
      label: said('Idle limit', '유휴 제한 시간'),
      unit: 'ms',
      ...{ min: 1_000, max: 10_000, step: 500, standard: 4_000 },
    },
    places: {
      kind: 'number',
      label: said('Processes, or places', '프로세스 또는 자리의 수'),
      unit: 'count',
      ...{ min: 2, max: 8, step: 1, standard: 3 },
    },
    pauseMs: {
      kind: 'number',
      label: said('The client that returns does so every', '다시 오는 클라이언트의 요청 간격'),
      unit: 'ms',
      ...{ min: 300, max: 1_500, step: 100, standard: 600 },
    },
    crowd: {
      kind: 'number',
      label: said('Idle clients whose memory is measured', '메모리를 잴 유휴 클라이언트 수'),
      unit: 'count',
      ...{ min: 50, max: 300, step: 50, standard: 100 },
    },
  },
  timeMaxMs: 60_000,
  async run(bench, { places: given, idleMs, pauseMs, crowd: clients }) {
    const room = { places: Math.round(given), idleMs }
    // First and alone, so that no other scene takes memory meanwhile.
    const crowded = await crowd(bench, Math.round(clients))
    const [behind, beside] = await Promise.all([processes(bench, room), eventLoop(bench, room)])
    const [pressed, shared] = await Promise.all([pressure(bench, room), oneAddress(bench, room)])
    const [short, long] = await Promise.all([
      underLimit(bench, 'too-short', said('A limit that is too short', '너무 짧은 제한 시간'), {
        pauseMs,
        limitMs: Math.round(pauseMs * SHORT_PAUSES),
      }),
      underLimit(bench, 'too-long', said('A limit that is too long', '너무 긴 제한 시간'), {
        pauseMs,
        limitMs: pauseMs * LONG_PAUSES,
      }),
    ])
    return verdict(bench, { idleMs, pauseMs }, { crowded, behind, beside, pressed, shared, short, long })
  },
})

function verdict(bench: Bench, { idleMs, pauseMs }: { idleMs: number; pauseMs: number }, seen: Seen): Verdict {
  const { crowded, behind, beside, pressed, shared, short, long } = seen
  const limitMs = bench.ms(idleMs) * WAITED_SHARE
  const starved = behind.afterFirstMs >= limitMs && beside.besideAll && crowded.bytesEach > 0
  const [waitedMs, atOnceMs] = [behind.waitedMs, beside.waitedMs]
  const evicted = pressed.evicted.join() === '0' && pressed.status === 200 && pressed.statusWhenBusy === 503
  const limited = shared.refused === 503 && shared.later === 200 && [0, 200].includes(shared.elsewhere)
  const paid = short.connections === short.requests && long.connections === 1
  const ms = (value: number) => (value < 10 ? value.toFixed(1) : value.toFixed(0))
  const each = (crowded.bytesEach / 1_024).toFixed(1)
  return judgedInTime(
    {
      certain: starved && evicted && limited && paid,
      inTime: long.heldMs > short.heldMs,
      tookMs: bench.clock.lost.sumMs,
      hidesMs: bench.ms(pauseMs * (LONG_PAUSES - SHORT_PAUSES)),
    },
    said(
      `Behind idle connections the newcomer waited ${ms(waitedMs)} ms for a process, and at hopwise ${ms(atOnceMs)} ms, where an idle connection costs about ${each} KiB; when there was no room, the connection that was idle longest was closed; and a limit that was too short caused ${short.connections} connections for ${short.requests} requests instead of ${long.connections}.`,
      `유휴 커넥션 뒤에서 새 클라이언트는 프로세스를 ${ms(waitedMs)}ms 기다렸고, hopwise에서는 ${ms(atOnceMs)}ms 만에 응답을 받았다. hopwise에서 유휴 커넥션 하나는 약 ${each}KiB를 쓴다. 자리가 없으면 가장 오래 유휴 상태였던 커넥션이 나갔고, 제한 시간이 너무 짧으면 요청 ${short.requests}개에 커넥션이 ${long.connections}개가 아니라 ${short.connections}개 필요했다.`,
    ),
    said(
      `Not every effect was seen: the newcomer waited ${ms(waitedMs)} ms and ${ms(atOnceMs)} ms, an idle connection took ${each} KiB, ${pressed.evicted.length} were evicted, answers were ${pressed.status}, ${pressed.statusWhenBusy}, ${shared.refused} and ${shared.later}, connections ${short.connections} and ${long.connections}.`,
      `모두 나타나지는 않았다. 새 클라이언트는 ${ms(waitedMs)}ms와 ${ms(atOnceMs)}ms를 기다렸고, 유휴 커넥션 하나는 ${each}KiB를 썼으며, 내보낸 커넥션은 ${pressed.evicted.length}개, 응답은 ${pressed.status}, ${pressed.statusWhenBusy}, ${shared.refused}, ${shared.later}, 커넥션은 ${short.connections}개와 ${long.connections}개였다.`,
    ),
    2,
  )
}
