import { test } from 'tap'
import { readUsersFile, withUser, wrongUserName } from '../../lib/proxy/options/users-file.js'

const HASH = `$scrypt$ln=15,r=8,p=1$${'a'.repeat(22)}$${'b'.repeat(43)}`
const OTHER = `$scrypt$ln=15,r=8,p=1$${'c'.repeat(22)}$${'d'.repeat(43)}`

test('users with their hashes; comments and empty lines are ignored', async t => {
  const text = `# who may\n\nalice:${HASH}\r\n   \nbob b.: ${OTHER} \n\u00fcnal:${HASH}`
  t.same(readUsersFile(text), {
    users: [
      ['alice', HASH],
      ['bob b.', OTHER],
      ['\u00fcnal', HASH],
    ],
    problems: [],
  })
})

test('what makes a file unusable, with the line number and never its content', async t => {
  const rows: [text: string, line: number, message: RegExp][] = [
    ['', 1, /the file has no users/],
    ['# no one\n\n', 1, /the file has no users/],
    [`a:${HASH}\nsecret`, 2, /not user:hash/],
    [`a:${HASH}\n:${HASH}`, 2, /not user:hash/],
    [`\na:secret`, 2, /not a hopwise hash/],
    ['a:$scrypt$ln=2,r=8,p=1$c2FsdHNhbHRzYWx0c2FsdA$c2VjcmV0', 1, /not a hopwise hash/],
    ['a:$apr1$secret', 1, /is a hash of htpasswd \(apr1\), not a hopwise hash: make one with hopwise password$/],
    ['a:$2y$05$secret', 1, /is a bcrypt hash \(htpasswd -B\), not a hopwise hash/],
    ['a:{SHA}secret', 1, /is a SHA-1 hash/],
    ['a:secretsecret1', 1, /is perhaps a crypt \(DES\) hash, not a hopwise hash/],
    [`a:realm:${'0'.repeat(32)}`, 1, /is a line of htdigest/],
    [` #a:${HASH}`, 1, /whitespace/],
    [`a\tb:${HASH}`, 1, /control character/],
    [`a:${HASH}\nb:${HASH}\n\na:${OTHER}`, 4, /is already in line 1/],
    [`a:wrong\na:${HASH}`, 2, /is already in line 1/],
  ]
  for (const [text, line, message] of rows) {
    const { problems } = readUsersFile(text)
    t.match(problems.at(-1), { line, message }, text)
    t.notMatch(JSON.stringify(problems), /secret|scrypt/)
  }
  t.equal(readUsersFile(`a:${HASH}\na:${OTHER}\na:${OTHER}\nx`).problems.length, 3, 'all at once')
})

test('a user is replaced in place, or added at the end; the rest stays as it is', async t => {
  const rows: [before: string, after: string, replaced: boolean][] = [
    ['', `bob:${HASH}\n`, false],
    ['# x', `# x\nbob:${HASH}\n`, false],
    ['# x\r\na:1\r\n', `# x\r\na:1\r\nbob:${HASH}\r\n`, false],
    [`a:1\nbob:old\n\n# y\nc:2`, `a:1\nbob:${HASH}\n\n# y\nc:2`, true],
    ['a:1\r\nbob:old\r\nc:2\r\n', `a:1\r\nbob:${HASH}\r\nc:2\r\n`, true],
    ['bob:1\na:1\nbob:2\n', `bob:${HASH}\na:1\n`, true],
    ['#bob:1\nbobby:1\nBob:1\n', `#bob:1\nbobby:1\nBob:1\nbob:${HASH}\n`, false],
  ]
  for (const [before, text, replaced] of rows)
    t.same(withUser(before, 'bob', HASH), { text, replaced }, JSON.stringify(before))
})

test('names that no line or no client could have', async t => {
  for (const user of ['', 'a:b', 'a\nb', '\u0085', '#a', ' a', 'a '])
    t.not(wrongUserName(user), '', JSON.stringify(user))
  for (const user of ['a', 'a b', 'a#', '\u00e4', 'a@b.example']) t.equal(wrongUserName(user), '', user)
})
