import * as fs from 'node:fs'
import { test } from 'tap'
import { COMMANDS } from '../../lib/cli/commands.js'
import { variableOf } from '../../lib/cli/given.js'

const read = (name: string) => fs.readFileSync(new URL(`../../${name}`, import.meta.url), 'utf8')

// The image cannot be built everywhere that tests run (`npm run test:container` builds and runs it): what must never change
// in it is checked here, in the Dockerfile.
const lines = read('Dockerfile')
  .replaceAll(/\\\n\s*/g, '')
  .split('\n')
  .filter(line => line !== '' && !line.startsWith('#'))
const last = lines.slice(lines.findLastIndex(line => line.startsWith('FROM ')))
const one = (word: string) => last.filter(line => line.startsWith(`${word} `))

test('the image contains only Node and hopwise, non-root; signals reach PID 1; it has a health check', t => {
  t.match(lines[0], /^ARG NODE=node:\d+-\S+$/)
  t.match(one('FROM'), ['FROM scratch'], 'no shell, no package manager')
  t.same(one('RUN'), [], 'nothing in the image could run it')
  t.ok(
    one('COPY').every(line => !/ (\.|lib|bin|test) /.test(line)),
    'no sources, no tools',
  )
  t.match(lines.join('\n'), 'npm ci --omit=dev')
  t.match(one('USER'), [/^USER [1-9]\d*:[1-9]\d*$/], 'numbers, and not 0')
  t.same(one('STOPSIGNAL'), ['STOPSIGNAL SIGTERM'])
  t.match(one('HEALTHCHECK'), [/CMD \["node", "\/app\/dist\/bin\/hopwise\.js", "health", "--self"\]$/])
  t.end()
})

test('the image runs the configuration file that it contains', t => {
  t.same(one('ENTRYPOINT'), ['ENTRYPOINT ["node", "/app/dist/bin/hopwise.js"]'], 'no shell in between')
  const command = JSON.parse(one('CMD')[0]?.slice(4) ?? '')
  t.same(command, ['serve', '--config', '/etc/hopwise/hopwise.yaml'])
  t.ok(one('COPY').includes(`COPY config/container/hopwise.yaml ${command[2]}`))
  const version = /image\.version="([^"]*)"/.exec(one('LABEL')[0] ?? '')?.[1]
  t.equal(version, JSON.parse(read('package.json')).version)
  t.end()
})

test('only what the Dockerfile names is sent to the build', t => {
  const ignored = read('.dockerignore').split('\n')
  t.ok(ignored.includes('*'))
  const sources = lines.flatMap(line => /^COPY (?!--from)(.+) \S+$/.exec(line)?.[1]?.split(' ') ?? [])
  const named = ignored.flatMap(line => (line.startsWith('!') ? [line.slice(1)] : []))
  t.same(named.sort(), [...new Set(sources)].sort())
  t.end()
})

test('the example of environment variables names only variables that exist', t => {
  const known = new Set(
    Object.values(COMMANDS).flatMap(({ options, ...command }) => [
      ...Object.keys(options),
      ...('operands' in command ? command.operands.map(({ name }) => name) : []),
    ]),
  )
  const variables = [...known].map(variableOf)
  const lines = read('config/hopwise.env.example').split('\n')
  const set = lines.flatMap(line => /^#?([A-Z][A-Z0-9_]*)=/.exec(line)?.[1] ?? [])
  t.ok(set.length > 10)
  for (const variable of set) t.ok(variables.includes(variable), variable)
  t.ok(
    lines.every(line => line === '' || line.startsWith('#')),
    'commented out: copying it changes nothing',
  )
  t.end()
})
