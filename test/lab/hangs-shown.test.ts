import { readdirSync, readFileSync } from 'node:fs'
import t from 'tap'
import { readRecording } from '../../lib/lab/recording.js'
import { hangsShown } from './hangs-shown.js'
import { ran } from './running.js'

const RECORDINGS = new URL('../../docs/lab/recordings/', import.meta.url)
/** The scenes in which a request hung, according to the verdict. */
const HANG: Readonly<Record<string, readonly string[]>> = {
  hang: ['dumb'],
  'two-proxies': ['dumb-smart', 'smart-dumb'],
}

t.test('a recording is shown as a hang where its verdict says so, and nowhere else', async t => {
  for (const name of readdirSync(RECORDINGS)) {
    const events = readRecording(readFileSync(new URL(name, RECORDINGS), 'utf8'))
    const expected = HANG[name.replace(/\.jsonl$/, '')] ?? []
    t.same(hangsShown(events), { live: expected, recorded: expected, terminal: expected.length }, name)
  }
})

// What is shown during the run depends on when bytes come: test/lab/page/player.test.ts tests this with its own times.
t.test('a narrow line on which bytes still come is not a hang', async t => {
  const knobs = { objects: 3, objectBytes: 30_000, connectMs: 0, serverMs: 0, bytesPerS: 12_000 }
  const { events } = await ran(t, 'page-load', { knobs, scale: 0.2 })
  const { recorded, terminal } = hangsShown(events)
  t.same({ recorded, terminal }, { recorded: [], terminal: 0 })
})
