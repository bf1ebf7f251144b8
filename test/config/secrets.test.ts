import { test } from 'tap'
import { replaceSecrets } from '../../lib/config/secrets.js'

const ROWS: readonly (readonly [text: string, shown: string])[] = [
  ['', ''],
  ['http://127.0.0.1:3000', 'http://127.0.0.1:3000'],
  ['http://u:p@app', 'http://<u:p>@app'],
  ['http://u:p@ss@app/x', 'http://<u:p@ss>@app/x'],
  ['u:p@app:80', '<u:p>@app:80'],
  ["a: 'u:p@app'", "a: '<u:p>@app'"],
  ['path: /a, u@app', 'path: /a, u@app'],
  ['http:/u:p@app', '<http:/u:p>@app'],
  [':p@app', ':p@app'],
  ['x u:p@app y v:q@app', 'x <u:p>@app y <v:q>@app'],
  ['u:p@app http://v:q@app', '<u:p>@app http://<v:q>@app'],
  ['u://p@app', 'u://<p>@app'],
  ['//@', '//<>@'],
  ['a b@c', 'a b@c'],
]

for (const [text, shown] of ROWS) {
  test(`secrets in ${JSON.stringify(text)}`, async t => {
    t.equal(
      replaceSecrets(text, secret => `<${secret}>`),
      shown,
    )
  })
}

// A million characters: quadratic work would take an hour.
for (const unit of ['/', '//', ':', 'a:', "'a:", 'a:b ', '@', 'a:@', 'a:@ ', '//@', "'", ' ']) {
  test(`a long text of ${JSON.stringify(unit)} is read once`, async t => {
    const text = unit.repeat(1_000_000 / unit.length)
    for (const end of ['', '@', ' @'])
      t.ok(replaceSecrets(text + end, () => '*').length <= text.length * 2 + end.length + 1)
  })
}
