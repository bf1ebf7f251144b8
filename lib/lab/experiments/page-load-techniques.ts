import { said } from '../said.js'
import type { Page, Technique } from './page-load-loader.js'

/** The number of connections that browsers open to one server. */
const BROWSER_CONNECTIONS = 6

/** The five techniques, the oldest first. */
export function techniques(atATime: number) {
  return {
    serial: {
      id: 'serial',
      title: said('Serial', '순차'),
      how: said(
        'One object after another, each over its own connection.',
        '객체를 하나씩 차례로, 매번 새 커넥션으로 받는다.',
      ),
      ...{ lanes: 1, keep: false, pipelined: false },
    },
    parallel: {
      id: 'parallel',
      title: said('Parallel', '병렬'),
      how: said(
        `${atATime} objects at a time, each over its own connection.`,
        `한 번에 객체 ${atATime}개씩, 매번 새 커넥션으로 받는다.`,
      ),
      ...{ lanes: atATime, keep: false, pipelined: false },
    },
    persistent: {
      id: 'persistent',
      title: said('Persistent', '지속'),
      how: said(
        'One object after another, all over one connection.',
        '객체를 하나씩 차례로, 모두 한 커넥션으로 받는다.',
      ),
      ...{ lanes: 1, keep: true, pipelined: false },
    },
    kept: {
      id: 'parallel-persistent',
      title: said('Parallel and persistent', '병렬 + 지속'),
      how: said(
        `${atATime} connections, each used again and again.`,
        `커넥션 ${atATime}개를 열고, 저마다 여러 번 다시 쓴다.`,
      ),
      ...{ lanes: atATime, keep: true, pipelined: false },
    },
    pipelined: {
      id: 'pipelined',
      title: said('Pipelined', '파이프라인'),
      how: said(
        'One connection; all requests leave before the first answer arrives.',
        '커넥션 하나로, 첫 응답이 오기도 전에 모든 요청을 보낸다.',
      ),
      ...{ lanes: 1, keep: true, pipelined: true },
    },
  } as const satisfies Record<string, Technique>
}

/** Two techniques over a line of fixed width: with one connection, and with as many as a browser opens. */
export function narrowTechniques(objects: number) {
  const lanes = Math.min(objects, BROWSER_CONNECTIONS)
  return {
    one: {
      id: 'narrow-one',
      title: said('A narrow line, one connection', '좁은 회선, 커넥션 하나'),
      how: said('The objects come one after another.', '객체가 하나씩 차례로 온다.'),
      ...{ lanes: 1, keep: true, pipelined: false },
    },
    many: {
      id: 'narrow-many',
      title: said(`A narrow line, ${lanes} connections`, `좁은 회선, 커넥션 ${lanes}개`),
      how: said(
        'All connections share the same line: each gets its part of it.',
        '모든 커넥션이 같은 회선을 나누어 쓴다. 저마다 자기 몫만 얻는다.',
      ),
      ...{ lanes, keep: true, pipelined: false },
    },
  } as const satisfies Record<string, Technique>
}

/** The calculated time, in ms of the story, where the line is not the limit. */
export function sumOf(page: Page, { lanes, keep, pipelined }: Technique): number {
  const { objects, connectMs, serverMs, roundTripMs, work } = page
  const rounds = Math.ceil(objects / lanes)
  if (pipelined) return connectMs + roundTripMs + serverMs * (work === 'together' ? 1 : objects)
  return connectMs * (keep ? 1 : rounds) + (roundTripMs + serverMs) * rounds
}
