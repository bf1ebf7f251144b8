import t from 'tap'
import type { LabEvent } from '../../lib/lab/events.js'
import { painter } from '../../lib/lab/terminal/paint.js'
import { Stage } from '../../lib/lab/terminal/stage.js'
import { widthOf } from '../../lib/lab/terminal/width.js'
import { ran } from './running.js'
import { LOOK, lines } from './terminal-story.js'

/** The text without our colours. */
const bare = (line: string) => line.replace(/\x1b\[[\d;]+m/g, '')

t.test('the real hang on a terminal, in both languages, narrow and wide', async t => {
  const { events } = await ran(t, 'hang', { knobs: { timeout: 3 } })
  for (const language of ['en', 'ko'] as const)
    for (const width of [79, 139]) {
      const shown = lines(events, { width, language, sideBySide: true, paint: painter(true) }).map(bare)
      for (const line of shown) t.ok(widthOf(line) <= width, `${width}: ${line}`)
      const text = shown.join('\n')
      t.match(text, language === 'en' ? 'Through the dumb proxy' : '멍청한 프록시를 거쳐서')
      t.equal(
        shown.some(line => /│.*╎.*│/.test(line)),
        width === 139,
        'side by side if there is room',
      )
      t.match(text, /[├]── GET \/ HTTP\/1\.0 ─+ c1 ►/)
      t.match(text, /- Connection: Keep-Alive/)
      t.match(text, language === 'en' ? /a\s+cycle/ : '순환')
    }
})

t.test('the field that should have died goes on in one scene, and not in the other', async t => {
  const { events } = await ran(t, 'hang', { knobs: { timeout: 1 } })
  // Each scene by itself.
  const shownOf = (scene: string) =>
    lines(
      events.filter(event => !('scene' in event) || event.scene === scene),
      { width: 90 },
    )
  const toOrigin = (shown: readonly string[]) =>
    shown.filter(line => /│ {20,}│ - Connection: Keep-Alive/.test(line)).length
  const dumb = shownOf('dumb')
  t.ok(toOrigin(dumb) >= 2, 'on its way to the origin, and back')
  t.equal(toOrigin(shownOf('hopwise')), 0)
  for (const n of [1, 2, 3, 4, 5]) t.match(dumb.join('\n'), `(${n}) `)
})

t.test('shown piece by piece, the output is the same as shown at once', async t => {
  const { events } = await ran(t, 'hang', { knobs: { timeout: 1 } })
  const stage = new Stage(LOOK)
  const piecewise: string[] = []
  for (const event of events) piecewise.push(...stage.take([event as LabEvent]))
  piecewise.push(...stage.end())
  t.strictSame(
    piecewise.map(line => line.trimEnd()),
    lines(events),
  )
})

t.test('as telnet would show it, the second request has no answer through the dumb proxy', async t => {
  const { events } = await ran(t, 'hang', { knobs: { timeout: 1 } })
  const shown = lines(events, { view: 'transcript' })
  const second = shown.indexOf('Through hopwise')
  const count = (part: readonly string[], what: RegExp) => part.filter(line => what.test(line)).length
  const [dumb, hopwise] = [shown.slice(0, second), shown.slice(second)]
  t.strictSame([count(dumb, /^> GET/), count(dumb, /^HTTP/)], [2, 1])
  t.strictSame([count(hopwise, /^> GET/), count(hopwise, /^HTTP/)], [2, 2])
  t.match(dumb.slice(-3), [/nothing moves/, 'Connection closed by foreign host.', ''])
})
