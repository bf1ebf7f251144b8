import { test } from 'tap'
import { readMaxForwards, UNCLEAR } from '../../lib/policy/max-forwards.js'
import { fieldLines } from './heads.js'

const rows: [title: string, method: string, lines: string[], hops: number][] = [
  ['R139: counted', 'TRACE', ['Max-Forwards: 0'], 0],
  ['R139: counted', 'OPTIONS', ['max-forwards: 10'], 10],
  ['R139: counted', 'OPTIONS', ['Max-Forwards: 007'], 7],
  ['R139: counted', 'TRACE', ['Max-Forwards: 99999999999999999999999'], 2 ** 31],
  ['R139: counted', 'TRACE', [], -1],
  ['R139: counted', 'TRACE', ['Max-Forwards: 1', 'Max-Forwards: 1'], UNCLEAR],
  ...['-1', '1.5', '0x1', '', '1, 2', '+1'].map((value): [string, string, string[], number] => {
    return ['R139: counted', 'OPTIONS', [`Max-Forwards: ${value}`], UNCLEAR]
  }),
  ['R140: ignored', 'GET', ['Max-Forwards: 0'], -1],
  ['R140: ignored', 'GET', ['Max-Forwards: 1', 'Max-Forwards: x'], -1],
  ['R140: ignored', 'options', ['Max-Forwards: 0'], -1],
]
for (const [title, method, lines, hops] of rows) {
  test(`${title}: ${method} with ${lines.join(' | ') || 'none'}: ${hops}`, async t => {
    t.equal(readMaxForwards(fieldLines(...lines), method), hops)
  })
}
