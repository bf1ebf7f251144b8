import * as fs from 'node:fs'
import * as path from 'node:path'
import { type Test, test } from 'tap'
import { COMMANDS, type CommandSpec } from '../../lib/cli/commands.js'
import { answerCompletion, answerOldCompletion, complete } from '../../lib/cli/completion.js'
import { callHopwise } from '../support/call-hopwise.js'
import { cleanEnv, run, startChild } from '../support/child.js'
import { until } from '../support/conversation.js'
import { HOPWISE } from '../support/hopwise.js'
import { needs, pathOf } from '../support/needs.js'
import { tempFolder } from '../support/temp-folder.js'

/** What fits at the end of this line; a blank at its end begins another word. */
function at(line: string): { files: boolean; words: string[] } {
  const { files, words } = complete(line.split(' '))
  return { files, words: words.map(({ word }) => word) }
}

test('commands, options, choices', t => {
  t.same(at('re').words, ['reload', 'reverse'])
  t.same(at('help ex').words, ['explain'])
  t.same(at('completion ').words, ['bash', 'zsh', 'fish'])
  t.same(at('forward --connect-p').words, ['--connect-port'])
  t.same(at('--yes la').words, ['lab'], 'after an option without a value')
  t.same(at('reverse --via ').words, ['off', 'request', 'both'])
  t.same(at('reverse --via=b').words, ['--via=both'])
  t.same(at('reverse http://a --no-tra').words, ['--no-trace'])
  t.same(at('check --print --pr').words, [], 'not twice')
  t.same(at('forward --allow a --allo').words, ['--allow', '--allow-port'], 'unless it may be repeated')
  t.same(at('check a.yaml '), { files: false, words: ['--config', '--print', '--json', '--help'] })
  t.same(at('nonsense '), { files: false, words: [] })
  t.same(at('lab ha'), { files: false, words: ['hang', 'handshake'] })
  for (const [name, { options }] of Object.entries(COMMANDS))
    for (const option of Object.keys(options)) t.ok(at(`${name} --`).words.includes(`--${option}`), `${name} ${option}`)
  t.end()
})

test('file names where a file is expected, and nowhere else', t => {
  for (const line of [
    ...['check ', 'check ho', 'serve ', 'reload ', 'explain ', 'explain --json ', 'lab replay ', 'lab replay ha'],
    ...['serve --config ', 'serve -c ', 'reload --config=', 'health --config x', 'forward --auth-file '],
    ...['reverse http://a --upstream-ca ', 'demo --access-log ', 'password alice --file ', 'lab hang --save '],
  ])
    t.ok(at(line).files, line)
  t.same(at('demo --access-log o'), { files: true, words: ['off'] }, 'a file, or one of these')
  for (const line of [
    're',
    'check --pr',
    'reverse ',
    'forward --listen ',
    'lab ',
    'lab check ',
    'password ',
    'reload --pid ',
  ])
    t.notOk(at(line).files, line)
  // An option takes a file name exactly if its help says so.
  for (const [name, { options }] of Object.entries<CommandSpec>(COMMANDS))
    for (const [option, { about, file = false }] of Object.entries(options))
      t.equal(file, /^(A|The) (users )?file|: a file/.test(about) || option === 'config', `${name} --${option}`)
  t.end()
})

test('the protocol of the scripts: bash splits words, and replaces the last piece', t => {
  t.equal(answerCompletion(['bash', 'reverse', '--via', '=', 'o']), 'words \noff\t\n')
  t.equal(answerCompletion(['bash', 'reverse', '--via', '=']), 'words \noff\t\nrequest\t\nboth\t\n')
  t.equal(answerCompletion(['bash', 'serve', '--config', '=', 'ho']), 'files \n')
  t.equal(answerCompletion(['zsh', 'serve', '--config=ho']), 'files --config=\n')
  t.match(answerCompletion(['bash', 'reverse', 'http', ':', '//a', ':', '80', '--hos']), /^words \n--host\t.+\n$/)
  t.match(answerCompletion(['fish', 'hea']), /^words \nhealth\tSend a health check.+\n$/)
  t.equal(
    answerOldCompletion(['hopwise', 'reverse', '--via', '']),
    'off\nrequest\nboth\n',
    'scripts of earlier versions',
  )
  t.end()
})

test('completion prints the script for the named shell, or for that of the user', async t => {
  for (const shell of ['bash', 'zsh', 'fish']) {
    const named = await callHopwise(['completion', shell])
    t.match(named, { code: 0, err: '', out: `hopwise --get-completions ${shell} ` })
    t.equal((await callHopwise(['completion'], { SHELL: `/usr/bin/${shell}` })).out, named.out)
  }
  t.match((await callHopwise(['completion'], { SHELL: '/bin/sh' })).out, 'complete -o bashdefault')
  t.match(await callHopwise(['completion', 'csh']), {
    code: 2,
    err: /^hopwise: "csh" is not a supported shell: write bash, zsh or fish\.\n$/,
  })
  t.match(await callHopwise(['completion', 'zsh', 'x']), { code: 2, err: /unexpected argument "x"/ })
  t.match(await callHopwise(['completion', '--help']), { code: 0, out: /source <\(hopwise completion zsh\)/ })
  t.match(await callHopwise(['--get-completions', 'bash', 'chec']), { code: 0, out: /^words \ncheck\t/, err: '' })
})

/** A folder with a configuration, another folder and a name with a blank, and `hopwise` on the PATH. */
function place(t: Test): { folder: string; env: NodeJS.ProcessEnv } {
  const folder = tempFolder(t)
  const bin = tempFolder(t)
  fs.writeFileSync(
    path.join(folder, 'hopwise.yaml'),
    'listeners: [{ address: "127.0.0.1:0", routes: [{ upstream: "http://127.0.0.1:1" }] }]\n',
  )
  fs.mkdirSync(path.join(folder, 'hopfen'))
  fs.writeFileSync(path.join(folder, 'two words.yaml'), '')
  fs.writeFileSync(path.join(bin, 'hopwise'), `#!/bin/sh\nexec '${process.execPath}' '${HOPWISE}' "$@"\n`, {
    mode: 0o755,
  })
  return {
    folder,
    env: { ...cleanEnv(), PATH: `${bin}:${process.env.PATH}`, HOME: folder, TERM: 'dumb' },
  }
}

test('in a real bash: commands, options, files and folders, and nothing on standard error', needs('bash'), async t => {
  const { folder, env } = place(t)
  const program = `
    set -u
    cd '${folder}'
    source <(hopwise completion bash)
    at() { COMP_WORDS=(hopwise "$@"); COMP_CWORD=$#; COMPREPLY=(); _hopwise; printf '<%s>' "\${COMPREPLY[@]-}"; echo; }
    at forward --connect-p
    at check hop
    at serve --config = two
    at lab replay ./
    at reverse http : //a --via ''
    at demo --access-log s
    at reverse ''`
  const { code, out, err } = await run(t, pathOf('bash'), ['--norc', '-c', program], { env })
  t.same({ code, err }, { code: 0, err: '' })
  const [option, files, value, ...rest] = out.trimEnd().split('\n')
  t.equal(option, '<--connect-port>')
  t.same((files ?? '').split(/(?<=>)/).sort(), ['<hopfen>', '<hopwise.yaml>'])
  t.equal(value, '<two words.yaml>')
  t.equal(rest[0]?.split('><').length, 3, 'all three entries of the folder')
  t.same(rest.slice(1, 3), ['<off><request><both>', '<stdout>'])
  t.match(rest[3], /^<--listen></)
})

/** Types into a shell on its own terminal. Returns what the terminal showed until the shell ended. */
async function typed(t: Test, shell: string, env: NodeJS.ProcessEnv, lines: readonly string[]): Promise<string> {
  const child = startChild(t, pathOf('script'), ['-qec', shell, '/dev/null'], { env, keepsInput: true })
  let from = 0
  // A shell also reads what was typed before it started; the echo of this line differs from the prompt that it sets.
  child.process.stdin?.write("PS1='REA''DY> '\n")
  for (const line of [...lines, 'exit 0\n']) {
    await until('the shell is ready', () => child.out().indexOf('READY> ', from) >= 0)
    from = child.out().length
    child.process.stdin?.write(line)
  }
  await child.ended
  return child.out()
}

const CHECKED = /hopwise\.yaml: ok, 1 listener/g

test(
  'typed into a bash on a terminal: the file is completed, the prompt is clean',
  needs('bash', 'script'),
  async t => {
    const { folder, env } = place(t)
    const lines = [
      `cd '${folder}'\n`,
      'source <(hopwise completion bash)\n',
      'hopwise check hopw\t\n',
      'hopwise chec\t hopwis\t\n',
    ]
    const shown = await typed(t, 'bash --norc --noprofile -i', env, lines)
    t.equal(shown.match(CHECKED)?.length, 2, shown)
    t.notMatch(shown, /Unknown|command not found|did you mean/)
  },
)

test('typed into a zsh on a terminal', needs('zsh', 'script'), async t => {
  const { folder, env } = place(t)
  const lines = [
    `cd '${folder}'\n`,
    'source <(hopwise completion zsh)\n',
    'hopwise check hopw\t\n',
    'hopwise chec\t --config=hopw\t\n',
  ]
  const shown = await typed(t, 'zsh -f -i', env, lines)
  t.equal(shown.match(CHECKED)?.length, 2, shown)
  t.notMatch(shown, /Unknown|command not found|did you mean/)
})

test('in a real fish: words with descriptions, files, and files after an option', needs('fish'), async t => {
  const { folder, env } = place(t)
  const program = `cd '${folder}'; hopwise completion fish | source
    for line in 'hopwise chec' 'hopwise check hopw' 'hopwise check --config=hopw' 'hopwise reverse --via '
      complete -C $line
    end`
  const { code, out, err } = await run(t, pathOf('fish'), ['--no-config', '-c', program], { env })
  t.same({ code, err }, { code: 0, err: '' })
  t.match(out.split('\n'), [
    /^check\tCheck a configuration/,
    /^hopwise\.yaml/,
    /^--config=hopwise\.yaml/,
    'both',
    'off',
    'request',
    '',
  ])
})
