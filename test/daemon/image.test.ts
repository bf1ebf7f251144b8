import * as fs from 'node:fs'
import { test } from 'tap'
import { COMMANDS } from '../../lib/cli/commands.js'
import { variableOf } from '../../lib/cli/given.js'

const read = (name: string) => fs.readFileSync(new URL(`../../${name}`, import.meta.url), 'utf8')

// The image cannot be built in every place where tests run: what must never change in it is read here.
test('the image: two stages before the last, non-root, signals reach PID 1, a health check', t => {
  const lines = read('Dockerfile')
    .replaceAll(/\\\n\s*/g, '')
    .split('\n')
    .filter(line => line !== '' && !line.startsWith('#'))
  const last = lines.slice(lines.findLastIndex(line => line.startsWith('FROM ')))
  const one = (word: string) => last.filter(line => line.startsWith(`${word} `))
  t.equal(lines.filter(line => line.startsWith('FROM ')).length, 3)
  t.match(lines[0], /^ARG NODE=node:\d+-\S+$/)
  t.match(one('USER'), [/^USER [1-9]\d*:[1-9]\d*$/], 'numbers, and not 0')
  t.match(one('ENTRYPOINT'), [/^ENTRYPOINT \["node", "\/app\/dist\/bin\/hopwise\.js"\]$/], 'no shell between')
  t.match(one('CMD'), [/^CMD \["demo"\]$/])
  t.match(one('STOPSIGNAL'), ['STOPSIGNAL SIGTERM'])
  t.match(one('HEALTHCHECK'), [/CMD \["node", "\/app\/dist\/bin\/hopwise\.js", "health", "--self"\]$/])
  t.ok(one('RUN').length === 0 && one('COPY').every(line => !/ (\.|lib|bin|test) /.test(line)), 'no sources, no tools')
  t.match(lines.join('\n'), 'npm ci --omit=dev')
  const ignored = read('.dockerignore').split('\n')
  t.ok(ignored.includes('*'), 'only what is named goes to the build')
  for (const source of lines.flatMap(line => /^COPY (?!--from)(.+) \S+$/.exec(line)?.[1]?.split(' ') ?? []))
    t.ok(ignored.includes(`!${source}`), `${source} is named`)
  t.end()
})

test('the example of options by environment names variables that exist', t => {
  const known = new Set(
    Object.values(COMMANDS).flatMap(({ options, ...command }) => [
      ...Object.keys(options),
      ...('operand' in command ? [command.operand.name] : []),
    ]),
  )
  const variables = [...known].map(variableOf)
  const lines = read('config/hopwise.env.example').split('\n')
  const set = lines.flatMap(line => /^#?([A-Z][A-Z0-9_]*)=/.exec(line)?.[1] ?? [])
  t.ok(set.length > 10)
  for (const variable of set) t.ok(variables.includes(variable), variable)
  t.ok(
    lines.every(line => line === '' || line.startsWith('#')),
    'commented: nothing changes by copying it',
  )
  t.end()
})
