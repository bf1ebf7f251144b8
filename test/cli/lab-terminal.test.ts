import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { recordingText } from '../../lib/lab/recording.js'
import { widthOf } from '../../lib/lab/terminal/width.js'
import { at, RUN, setScene, step, VERDICT, waits } from '../lab/terminal-story.js'
import { type Child, cleanEnv, startChild } from '../support/child.js'
import { HOPWISE } from '../support/hopwise.js'
import { needs } from '../support/needs.js'
import { tempFolder } from '../support/temp-folder.js'

const ERASE = '\r\x1b[2K'

interface Terminal extends Child {
  /** Resolves when this was written to the terminal. */
  shows(text: string | RegExp): Promise<void>
  type(text: string): void
  /** The lines that stayed, without colours. */
  lines(): string[]
}

/** `hopwise lab WORDS` at a terminal of its own, as wide as is said. */
function atTerminal(
  t: Test,
  words: string,
  { columns = 80, env = {} }: { columns?: number; env?: NodeJS.ProcessEnv } = {},
): Terminal {
  const command = `stty cols ${columns} rows 40; exec ${process.execPath} ${HOPWISE} lab ${words}`
  const child = startChild(t, 'script', ['-qec', command, '/dev/null'], {
    env: { ...cleanEnv(), TERM: 'xterm', NO_COLOR: '', LC_ALL: 'C.UTF-8', ...env },
    keepsInput: true,
  })
  return {
    ...child,
    async shows(text) {
      const over = child.ended.then(({ out }) => {
        throw new Error(`it ended without ${text}: ${out}`)
      })
      over.catch(() => {})
      while (!(typeof text === 'string' ? child.out().includes(text) : text.test(child.out())))
        await Promise.race([over, new Promise(done => child.process.stdout?.once('data', done))])
    },
    type: text => child.process.stdin?.write(text),
    lines: () =>
      child
        .out()
        .split('\r\n')
        .map(line => (line.split(ERASE).at(-1) ?? '').replace(/\x1b\[[\d;]*m/g, '').trimEnd()),
  }
}

t.test('the question stands first, and is judged at the end', needs('script'), async t => {
  const terminal = atTerminal(t, 'hang --scale 0.05')
  await terminal.shows('Your prediction')
  t.notMatch(terminal.out(), 'Watch', 'nothing is shown before the answer')
  terminal.type('7\r')
  await terminal.shows('Your prediction\x1b[0m [1-4] (Enter to skip): 7\r\n\x1b[1mYour prediction')
  terminal.type('3\r')
  t.equal((await terminal.ended).code, 0)
  t.match(terminal.lines().join('\n'), '✔  You predicted 3. That is right.')
})

t.test('a wrong prediction, and none', needs('script'), async t => {
  for (const [typed, told] of [
    ['1\r', '✘  You predicted 1. The answer is 3: It is not read'],
    ['\r', '→  The answer is 3: It is not read'],
    ['\x04', '→  The answer is 3: It is not read'],
  ] as const) {
    const terminal = atTerminal(t, 'hang --scale 0.05')
    await terminal.shows('Your prediction')
    terminal.type(typed)
    t.equal((await terminal.ended).code, 0)
    t.match(terminal.lines().join('\n'), told)
  }
})

t.test('eighty columns are enough, in both languages', needs('script'), async t => {
  for (const language of ['en', 'ko']) {
    const terminal = atTerminal(t, `hang --yes --lang ${language} --scale 0.05`)
    t.equal((await terminal.ended).code, 0)
    for (const line of terminal.lines()) t.ok(widthOf(line) <= 80, line)
    t.notMatch(terminal.lines().join('\n'), '╎')
  }
})

t.test('a wide terminal has both proxies side by side', needs('script'), async t => {
  const terminal = atTerminal(t, 'hang --yes --scale 0.05', { columns: 140 })
  t.equal((await terminal.ended).code, 0)
  t.ok(terminal.lines().some(line => /^Through the dumb proxy +╎ {2}Through hopwise$/.test(line)))
})

t.test('a clock ticks while nothing moves, and is gone when something does', needs('script'), async t => {
  const terminal = atTerminal(t, 'hang --yes --set timeout=2 --scale 0.5')
  await terminal.shows(/\r\x1b\[2K\x1b\[1;31m {2}… \d\.\d s {2}a cycle: client → dumb proxy ⇄ origin server/)
  t.equal((await terminal.ended).code, 0)
  t.notMatch(terminal.lines().join('\n'), /… \d\.\d s {2}a cycle/)
  t.match(terminal.lines().join('\n'), /… (\d\.\d\d s|9\d\d ms) pass, nothing moves/)
})

t.test(
  'without colours where they are not wanted; without a clock where nothing can be rewritten',
  needs('script'),
  async t => {
    const plain = atTerminal(t, 'hang --yes --scale 0.05', { env: { NO_COLOR: '1' } })
    await plain.ended
    t.notMatch(plain.out().replaceAll('\x1b[2K', ''), '\x1b')
    const dumb = atTerminal(t, 'hang --scale 0.05', { env: { TERM: 'dumb' } })
    await dumb.ended
    t.notMatch(dumb.out(), '\x1b')
    t.notMatch(dumb.out(), 'Your prediction', 'nor is anything asked')
  },
)

t.test('Ctrl-C ends it at the question and in the run', needs('script'), async t => {
  const asked = atTerminal(t, 'hang')
  await asked.shows('Your prediction')
  asked.type('\x03')
  t.equal((await asked.ended).code, 130)
  t.notMatch(asked.out(), 'Error')
  const running = atTerminal(t, 'hang --yes')
  await running.shows('(5)')
  running.type('\x03')
  t.equal((await running.ended).code, 130)
  t.notMatch(running.out(), 'OBSERVED')
})

t.test('a recording has its own time on a terminal, divided by the speed', needs('script'), async t => {
  const file = join(tempFolder(t), 'x.jsonl')
  const story = [RUN, setScene(0, 's'), waits(1, 's', 'client', 'proxy'), step(12_000, 's', 1, 'at last')]
  writeFileSync(file, recordingText([...story, { ...VERDICT, at: 12_001 }]))
  const terminal = atTerminal(t, `replay ${file} --yes --speed 4`)
  const began = performance.now()
  await terminal.shows('client waits for dumb proxy')
  await terminal.shows('at last')
  t.ok(performance.now() - began >= 2_900, 'twelve seconds, four times as fast')
  t.equal((await terminal.ended).code, 0)
  t.match(
    terminal.out(),
    /… ([4-9]|1[01])\.\d s/,
    'the clock is that of the recording, of which not four seconds pass here',
  )

  const slow = atTerminal(t, `replay ${file} --yes --speed 0.001`)
  await slow.shows('Recorded')
  slow.type('\x03')
  t.equal((await slow.ended).code, 130)
})

t.test('a hostile recording cannot command the terminal', needs('script'), async t => {
  const evil = '\x1b]0;owned\x07\x9b2J\x1b[2J'
  const text = { en: evil, ko: evil }
  const file = join(tempFolder(t), 'x.jsonl')
  writeFileSync(
    file,
    recordingText([
      { ...RUN, machine: evil, startedAt: evil } as typeof RUN,
      at(0, {
        kind: 'scene',
        scene: 's',
        title: text,
        parties: [{ id: 'client', role: 'client', what: 'client', name: text }],
      }),
      at(1, { kind: 'note', scene: 's', text }),
      at(2, { kind: 'figure', scene: 's', id: 'x', label: text, value: 1, unit: 'ms' }),
      at(3, { kind: 'verdict', outcome: 'observed', text }),
    ]),
  )
  for (const view of ['', '--transcript', '--json']) {
    const terminal = atTerminal(t, `replay ${file} --yes ${view}`)
    await terminal.ended
    t.notMatch(terminal.out(), /\x07|\x9b|\x1b\]|\x1b\[2J/, view)
    t.match(terminal.out(), /x1b|u001b/, 'it is written out')
  }
})
