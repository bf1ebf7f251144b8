import { mkdirSync, readdirSync, readFileSync, rmdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { LAB_VERBS, LAB_WORDS } from '../../lib/cli/lab/options.js'
import { EXPERIMENTS } from '../../lib/lab/catalogue.js'
import { readRecording } from '../../lib/lab/recording.js'
import { runHopwise, spawnHopwise } from '../support/hopwise.js'
import { tempFolder } from '../support/temp-folder.js'
import { labHere } from './lab-here.js'

const QUICK = ['--scale', '0.02']

/** `hopwise lab WORDS`, without a terminal, in English. */
function lab(words: string, env: NodeJS.ProcessEnv = {}) {
  return labHere(
    words.split(' ').filter(word => word !== ''),
    env,
  )
}

/** What `hopwise lab WORDS` is refused with, before anything runs. */
async function refusal(words: string): Promise<string> {
  const { code, err } = await lab(words)
  return code === 2 ? err.replace(/^hopwise: /, '').trimEnd() : ''
}

t.test('the words of the command line are the experiments, and what is no experiment', async t => {
  const ids: string[] = EXPERIMENTS.map(({ id }) => id)
  t.strictSame(LAB_WORDS, [...ids, ...LAB_VERBS])
  for (const verb of [...LAB_VERBS, 'check']) t.notOk(ids.includes(verb), `${verb} means something else`)
})

t.test('without an experiment it lists them all, in the language', async t => {
  const { code, out, err } = await lab('')
  t.strictSame([code, err], [0, ''])
  t.match(out, /^hang +The dumb proxy\n +What happens to the second request on the same connection\?$/m)
  for (const { id } of EXPERIMENTS) t.match(out, new RegExp(`^${id} `, 'm'))
  for (const env of [{ LC_ALL: 'ko_KR.UTF-8', LANG: 'en_US' }, { HOPWISE_LANG: 'ko' }])
    t.match((await lab('', env)).out, /^hang +멍청한 프록시$/m)
  t.match((await lab('--lang en', { LANG: 'ko_KR' })).out, 'The dumb proxy')
  t.match(
    JSON.parse((await lab('--json')).out).find((each: { id: string }) => each.id === 'hang'),
    { title: { en: 'The dumb proxy', ko: '멍청한 프록시' } },
  )
})

t.test('a run without a terminal: plain lines, no question, the verdict in the exit code', async t => {
  const { code, out, err } = await runHopwise(t, ['lab', 'hang', ...QUICK, '--lang', 'en'])
  t.strictSame([code, err], [0, ''])
  t.notMatch(out, /[^\P{Cc}\n]/u, 'no control character but the end of the line')
  t.notMatch(out, 'Your prediction')
  for (const text of ['What happens to the second request', 'Through the dumb proxy', 'Through hopwise', 'OBSERVED'])
    t.match(out, text)
  t.match(out, '$ hopwise lab hang --set timeout=10')
  t.match(out, '× 0.02: All waits of this run are scaled')
})

t.test('as a transcript, and as events while they happen', async t => {
  const { code, out } = await lab('hang --transcript --set timeout=2 --scale 0.05')
  t.equal(code, 0)
  // A busy machine is silent where another one is not.
  t.match(
    out.replace(/^\(.* pass, nothing moves\)\n/gm, ''),
    /Trying 127\.0\.0\.1\.\.\.\nConnected to 127\.0\.0\.1\.\n.*\n> GET \/ HTTP\/1\.0\n> Host: origin\n> Connection: Keep-Alive\n>\nHTTP\/1\.1 200 OK\n/,
  )
  t.match(out, 'Connection closed by foreign host.')
  t.notMatch(out, '►')

  const live = spawnHopwise(t, ['lab', 'hang', '--json', '--set', 'timeout=30', '--scale', '0.1'])
  await live.line(line => line.includes('"kind":"bytes"'))
  t.notMatch(live.out(), '"kind":"verdict"', 'they are there before the end')
  t.equal((await live.ended).code, 0)
  t.match(readRecording(live.out()).at(-1), { kind: 'verdict', outcome: 'observed' })
})

t.test('a recording is saved whole, and replayed in any view and language', async t => {
  const folder = tempFolder(t)
  const file = join(folder, 'hang.jsonl')
  t.equal((await lab(`hang --save ${file} --set timeout=2 --scale 0.05`)).code, 0)
  t.strictSame(readdirSync(folder), ['hang.jsonl'], 'no temporary file stays')
  t.equal(statSync(file).mode & 0o777, 0o666 & ~process.umask())
  const events = readRecording(readFileSync(file, 'utf8'))
  t.match(events[0], { experiment: 'hang', knobs: { timeout: 2 }, scale: 0.05 })

  const shown = await lab(`replay ${file} --lang ko`)
  t.equal(shown.code, 0)
  t.match(shown.out, /기록됨.*멍청한 프록시를 거쳐서.*관찰됨/s)
  t.match((await lab(`replay ${file} --transcript`)).out, '> GET / HTTP/1.0')
  t.strictSame(readRecording((await lab(`replay ${file} --json`)).out), events)
})

t.test('a replay ends as its run did, and knows experiments that are not here', async t => {
  const run = {
    at: 0,
    kind: 'run',
    format: 'hopwise-lab/1',
    experiment: 'of-tomorrow',
    knobs: {},
    scale: 1,
    startedAt: '',
    machine: '',
  }
  const text = { en: 'So.', ko: '그렇다.' }
  for (const [outcome, code] of [
    ['observed', 0],
    ['not-observed', 1],
    ['too-busy', 3],
    ['impossible', 3],
  ] as const) {
    const file = join(tempFolder(t), 'x.jsonl')
    writeFileSync(file, `${JSON.stringify(run)}\n${JSON.stringify({ at: 90_000, kind: 'verdict', outcome, text })}\n`)
    const ended = await lab(`replay ${file}`)
    t.equal(ended.code, code)
    t.match(ended.out, 'So.')
  }
})

t.test('what cannot be replayed, and why', async t => {
  const folder = tempFolder(t)
  const file = join(folder, 'x.jsonl')
  for (const [text, why] of [
    ['', `${file}:1: it is empty.`],
    ['{"at":0}\n', `${file}:1: it is not an event of the laboratory: kind is wrong.`],
    ['\x1b[2J\n', `${file}:1: it is not JSON.`],
  ] as const) {
    writeFileSync(file, text)
    t.equal(await refusal(`replay ${file}`), why)
  }
  t.match(await lab(`replay ${file}`), { code: 2, err: `hopwise: ${file}:1: it is not JSON.\n`, out: '' })
  t.match(await refusal(`replay ${folder}/none`), /none cannot be read: there is no such file/)
  t.match(await refusal(`replay ${folder}`), /cannot be read: it is a folder/)
  t.match(await refusal('replay'), /needs a recording/)
  t.match(await refusal('replay /dev/zero'), /larger than 67108864 bytes/)
})

t.test('what cannot be saved is said before the run', async t => {
  const folder = tempFolder(t)
  t.match(await refusal(`hang --save ${folder}/no/x`), /--save .* there is no such file or folder/)
  t.match(await refusal(`hang --save ${folder}`), /it is not a regular file/)
  t.match(await refusal('hang --save /dev/full'), /it is not a regular file/)
})

t.test('what can no longer be saved when the run is over is said then', async t => {
  const folder = join(tempFolder(t), 'soon-gone')
  mkdirSync(folder)
  const running = spawnHopwise(t, [
    'lab',
    'hang',
    '--json',
    '--save',
    join(folder, 'x'),
    '--scale',
    '0.1',
    '--set',
    'timeout=30',
  ])
  await running.line(line => line.includes('"kind":"run"'))
  rmdirSync(folder)
  t.match(await running.ended, {
    code: 1,
    err: /x could not be written: there is no such file or folder\. The recording is lost\.\n$/,
  })
})

t.test('a wrong command line: what was probably meant', async t => {
  for (const [words, why] of [
    ['hagn', 'There is no experiment "hagn": did you mean hang? hopwise lab lists them.'],
    ['zzzzzzzzz', 'There is no experiment "zzzzzzzzz"; hopwise lab lists them.'],
    ['servee', 'There is no experiment "servee": did you mean serve?'],
    ['hang x', '"x" is one word too many: hopwise lab hang takes options only.'],
    ['hang --set timout=3', 'hang has no setting "timout": did you mean timeout?'],
    ['hang --set zzzzzzzz=3', 'hang has no setting "zzzzzzzz": its settings are timeout'],
    ['hang --set timeout', '--set "timeout" changes nothing: write name=value.'],
    ['hang --set timeout=1000', '--set: timeout must be a number from 1 to 30, not "1000".'],
    ['hang --set timeout=x', '--set: timeout must be a number from 1 to 30, not "x".'],
    ['hang --scale 0', '--scale needs a number from 0.02 to 10, not "0".'],
    ['hang --scale 1e9', '--scale needs a number from 0.02 to 10, not "1e9".'],
    ['hang --json --transcript', '--json and --transcript exclude each other: use only one of them.'],
    ['hang --speed 2', '--speed cannot be used with hopwise lab hang.'],
    ['hang --all', '--all runs every experiment: leave out "hang", or --all.'],
    ['--all --set timeout=3', '--set cannot be used with --all.'],
    ['--save x', '--save cannot be used with the list of experiments.'],
    ['serve --json', '--json cannot be used with hopwise lab serve.'],
    ['hang --lang fr', '--lang must be en or ko, not "fr".'],
    ['serve --listen 8090', '--listen "8090" is only a port'],
  ] as const) {
    const said = await refusal(words)
    t.ok(said.startsWith(why), said)
  }
  t.match(await runHopwise(t, ['lab', 'hagn']), { code: 2, out: '', err: /^hopwise: There is no experiment "hagn"/ })
})

t.test('a signal breaks a run off, and everything closes', async t => {
  const running = spawnHopwise(t, ['lab', 'hang', '--json'])
  await running.line(line => line.includes('"n":5'))
  running.signal('SIGINT')
  t.equal((await running.ended).code, 130)
  t.match(JSON.parse(running.out().trimEnd().split('\n').at(-1) ?? ''), { kind: 'verdict', outcome: 'not-observed' })

  const file = join(tempFolder(t), 'x.jsonl')
  const saving = spawnHopwise(t, ['lab', 'hang', '--save', file, '--json'])
  await saving.line(line => line.includes('"n":5'))
  saving.signal('SIGTERM')
  t.equal((await saving.ended).code, 143)
  t.throws(() => statSync(file), { code: 'ENOENT' }, 'nothing is saved of a part')
})

t.test('a reader that goes away ends the run', async t => {
  const running = spawnHopwise(t, ['lab', 'hang', '--set', 'timeout=30', '--json'])
  await running.line(line => line.includes('"kind":"run"'))
  running.process.stdout?.destroy()
  t.equal((await running.ended).code, 1, 'broken off: at its end the hang would have been observed')
})
