import t from 'tap'
import { ran } from '../running.js'
import { load } from './modules.js'

const { figureOf } = await load('figure.js')
const { recordOf } = await load('player.js')
const { transcriptOf } = await load('transcript.js')
const { waterfallOf } = await load('waterfall.js')
const { events } = await ran(t, 'hang', { knobs: { timeout: 4 } })

/** Checks that each element is closed where it should be. @returns what is wrong */
function unbalanced(xml: string): string {
  const open: string[] = []
  for (const [, end, name = '', empty] of xml.matchAll(/<(\/?)([a-z]+)[^<>]*?(\/?)>/g))
    if (end && open.pop() !== name) return `</${name}>`
    else if (!end && !empty) open.push(name)
  return open.join(' ')
}

for (const language of ['en', 'ko'] as const)
  t.test(`a run as one SVG in ${language}`, async t => {
    const svg = figureOf(events, { language })
    t.equal(unbalanced(svg), '')
    t.match(svg, /^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" viewBox="0 0 1080 \d+" width="1080"/)
    t.match(svg, new RegExp(`lang="${language}"><title>`))
    t.notMatch(svg, /NaN|undefined|Infinity|\[object/)
    t.notMatch(svg.replace('http://www.w3.org/2000/svg', ''), /https?:\/\/|<script|<image|url\(/)
    t.match(svg, 'Connection: Keep-Alive')
    t.match(svg, language === 'en' ? '>hang<' : '>멈춤<')
    const [step] = events.filter(({ kind }) => kind === 'step') as { text: { en: string; ko: string } }[]
    const [first = ''] = step!.text[language].split(' ')
    t.match(svg, first)
  })

t.test('one scene of it, and one that does not exist', async t => {
  const svg = figureOf(events, { language: 'en', width: 600, scene: 'hopwise' })
  t.match(svg, 'Through hopwise')
  t.notMatch(svg, 'Through the dumb proxy')
  t.throws(() => figureOf(events, { language: 'en', scene: 'nobody' }), RangeError)
  t.throws(() => figureOf([], { language: 'en' }), RangeError)
})

t.test('text from the wire cannot break out of the drawing', async t => {
  const evil = JSON.parse(
    JSON.stringify(events).replaceAll('GET / HTTP/1.0', '</text><script>&\\u0001').replaceAll('timeout=', '\\"<b>'),
  )
  const svg = figureOf(evil, { language: 'en' })
  t.equal(unbalanced(svg), '')
  t.notMatch(svg, /<script|<b>|\x01/)
})

t.test('the run in words names each field that dies, the waits, and the steps', async t => {
  const [dumb] = transcriptOf(recordOf(events), 'en')
  const text = dumb!.lines.map(line => line.text).join('\n')
  t.match(text, 'client → dumb proxy (c1): GET / HTTP/1.0; Connection: Keep-Alive (dies at the next hop) · 56 bytes')
  t.match(text, 'dumb proxy waits for the server to close')
  t.match(text, '(5) The client sends its second request')
  const [korean] = transcriptOf(recordOf(events), 'ko')
  t.match(korean!.lines.map(line => line.text).join('\n'), '멍청한 프록시: 서버가 커넥션을 닫기를 기다린다')
})

t.test('a waterfall has a row for each object and ends where the last one does', async t => {
  const bars = ['/a', '/b'].flatMap((row, i) => [
    { kind: 'bar', scene: 's', row, part: 'connect', from: i * 100, to: i * 100 + 50 },
    { kind: 'bar', scene: 's', row, part: 'receive', from: i * 100 + 50, to: i * 100 + 100 },
  ])
  const { shapes, height } = waterfallOf([{ title: 'serial', bars }], {
    ...{ width: 800, size: 15, language: 'en', untilMs: 0 },
  })
  const text = JSON.stringify(shapes)
  t.equal(text.match(/"bar-row"/g)?.length, 2)
  t.equal(text.match(/"part (connect|receive)"/g)?.length, 4)
  t.match(text, 'done after 200 ms')
  t.notMatch(text, /NaN|null/)
  t.ok(height > 60)
})
