import * as fs from 'node:fs'
import * as path from 'node:path'
import { type Test, test } from 'tap'
import { readUsersFile } from '../../lib/proxy/options/users-file.js'
import { readPasswordHash, Users } from '../../lib/proxy/users.js'
import { callHopwise } from '../support/call-hopwise.js'
import { run } from '../support/child.js'
import { HOPWISE, runHopwise } from '../support/hopwise.js'
import { needs, pathOf } from '../support/needs.js'

/** Whether the proxy accepts this password for the line. */
async function proves(line: string, credentials: string): Promise<boolean> {
  const users = readUsersFile(line).users.map(([user, hash]) => [user, readPasswordHash(hash)!] as const)
  return (await new Users(new Map(users)).prove(credentials, '', 0, null)) === 'right'
}

/** Python's scrypt gives the same hash. */
const JUDGE = `
import base64, hashlib, sys
_, kind, _, salt, hash = sys.argv[1].split(':', 1)[1].split('$')
def decoded(text): return base64.b64decode(text + '=' * (-len(text) % 4))
made = hashlib.scrypt(sys.argv[2].encode(), salt=decoded(salt), n=2**15, r=8, p=1, dklen=32, maxmem=2**28)
print(kind, made == decoded(hash))
`

test('a password from standard input: the line, as other programs compute it', needs('python3'), async t => {
  const { code, out, err } = await runHopwise(t, ['password', 'al'], { input: 'p\u00e4ss: w\nmore\n' })
  t.match({ code, err }, { code: 0, err: '' })
  t.match(out, /^al:\$scrypt\$ln=15,r=8,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}\n$/)
  t.ok(await proves(out, 'al:p\u00e4ss: w'), 'the proxy lets this one in')
  t.notOk(await proves(out, 'al:p\u00e4ss: w\nmore'))
  t.match(await run(t, pathOf('python3'), ['-c', JUDGE, out.trim(), 'p\u00e4ss: w']), { out: 'scrypt True\n' })
  const again = await runHopwise(t, ['password', 'al'], { input: 'p\u00e4ss: w\r\n' })
  t.ok(await proves(again.out, 'al:p\u00e4ss: w'))
  t.not(again.out, out, 'with its own salt')
})

test('invalid names and passwords', async t => {
  for (const [user, input, code, err] of [
    ['a:b', 'x', 2, 'hopwise: user "a:b" contains a colon, which ends the name.\n'],
    ['a', '', 1, 'No password: the line is empty.\n'],
    ['a', 'x\ty', 1, 'The password contains a control character, which no client can send.\n'],
    ['a', 'x'.repeat(5_000), 1, 'No password: the line is longer than 4096 bytes.\n'],
  ] as const)
    t.match(await runHopwise(t, ['password', user], { input }), { code, out: '', err }, err)
  t.match(await callHopwise(['password']), { code: 2, err: /^hopwise: hopwise password requires a user name/ })
})

/** Runs a command on a terminal: waits for each text, then types. What the terminal showed, and the exit code. */
const TERMINAL = `
import json, os, pty, sys
steps, command = json.loads(sys.argv[1]), sys.argv[2:]
pid, fd = pty.fork()
if pid == 0: os.execv(command[0], command)
shown = b''
def more():
    global shown
    try: piece = os.read(fd, 4096)
    except OSError: piece = b''
    shown += piece
    return piece != b''
for awaited, typed in steps:
    while awaited.encode() not in shown and more(): pass
    os.write(fd, typed.encode())
while more(): pass
code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
print(json.dumps({'shown': shown.decode(), 'code': code}))
`

async function onTerminal(t: Test, words: readonly string[], steps: readonly (readonly [string, string])[]) {
  const { out, err } = await run(t, pathOf('python3'), [
    '-c',
    TERMINAL,
    JSON.stringify(steps),
    process.execPath,
    HOPWISE,
    ...words,
  ])
  t.equal(err, '')
  return JSON.parse(out) as { shown: string; code: number }
}

test('on a terminal the password is asked for twice and never shown', needs('python3'), async t => {
  const file = path.join(t.testdir(), 'users.txt')
  const words = ['password', 'alice', '--file', file]
  const asked = [
    ['Password for alice: ', 'hushx\u007f\r'],
    ['Repeat the password: ', 'hush\r'],
  ] as const
  const { shown, code } = await onTerminal(t, words, asked)
  t.equal(code, 0, shown)
  t.equal(shown, `Password for alice: \r\nRepeat the password: \r\n${file}: added alice\r\n`)
  t.ok(await proves(fs.readFileSync(file, 'utf8'), 'alice:hush'), 'what was typed, after its correction')

  const before = fs.readFileSync(file)
  const other = await onTerminal(t, words, [asked[0], ['Repeat the password: ', 'hash\r']])
  t.match(other, { code: 1, shown: /The passwords differ: nothing was changed\.\r\n$/ })
  const stopped = await onTerminal(t, words, [['Password for alice: ', 'hush\u0003']])
  t.match(stopped, { code: -2, shown: /^Password for alice: \r\n$/ }, 'Ctrl-C')
  const ended = await onTerminal(t, words, [['Password for alice: ', '\u0004']])
  t.match(ended, { code: 1, shown: /No password: nothing was typed\.\r\n$/ }, 'Ctrl-D')
  t.same(fs.readFileSync(file), before)
})

test('into a file: replaced at once, with its old mode', async t => {
  const folder = t.testdir({ 'users.txt': '# staff\nalice:old\r\n\nbob:x\n', link: t.fixture('symlink', 'users.txt') })
  const file = path.join(folder, 'users.txt')
  fs.chmodSync(file, 0o640)
  const inode = fs.statSync(file).ino
  const set = (user: string, name: string) => runHopwise(t, ['password', user, '--file', name], { input: 'secret' })
  t.match(await set('alice', path.join(folder, 'link')), {
    code: 0,
    out: /: changed the password of alice\n$/,
    err: /link:4: the text after the colon is not a hopwise hash.*\n$/,
  })
  const text = fs.readFileSync(file, 'utf8')
  t.match(text, /^# staff\nalice:\$scrypt\$[^\n]*\r\n\nbob:x\n$/)
  t.ok(await proves(text, 'alice:secret'))
  t.equal(fs.statSync(file).mode & 0o777, 0o640)
  t.not(fs.statSync(file).ino, inode, 'a new file in its place')
  t.ok(fs.lstatSync(path.join(folder, 'link')).isSymbolicLink())
  t.same(fs.readdirSync(folder).sort(), ['link', 'users.txt'], 'no temporary file is left')

  const fresh = path.join(folder, 'fresh.txt')
  t.match(await set('carol', fresh), { code: 0, out: `${fresh}: added carol\n`, err: '' })
  t.equal(fs.statSync(fresh).mode & 0o777, 0o600, 'no other user can read it')
  t.match(await set('carol', path.join(folder, 'no', 'users')), { code: 1, err: /could not be changed: ENOENT/ })
  t.match(await set('carol', folder), { code: 2, err: /cannot be read: it is a directory/ })
})
