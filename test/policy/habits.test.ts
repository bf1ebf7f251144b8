import { test } from 'tap'
import {
  destinationHabit,
  type Habit,
  hostHabit,
  methodHabit,
  networkHabit,
  pathHabit,
} from '../../lib/policy/habits.js'

const readers = {
  path: pathHabit,
  host: hostHabit,
  method: methodHabit,
  network: networkHabit,
  destination: destinationHabit,
}

const habits: [kind: keyof typeof readers, written: string, what: RegExp, right: RegExp][] = [
  ['path', '/api/*', /pattern/, /^write \/api, which matches \/api and everything below it$/],
  ['path', '/api/**', /pattern/, /^write \/api, /],
  ['path', '/api*', /pattern/, /^write \/api, /],
  ['path', '/*', /pattern/, /^omit path/],
  ['path', '*', /pattern/, /^omit path/],
  ['path', '/a/*/b', /pattern/, /^write \/a, /],
  ['path', '/a/*.php', /pattern/, /^write \/a, /],
  ['path', '*.php', /pattern/, /^omit path/],
  ['path', '= /login', /nginx/, /^write exact: \/login$/],
  ['path', '^~ /static/', /nginx/, /^write \/static, /],
  ['path', '~ ^/x', /regular/, /path: \/api/],
  ['path', '~* \\.png$', /regular/, /exact/],
  ['path', '^/api', /regular/, /exact/],
  ['path', '/api/.*', /regular/, /exact/],
  ['path', '/(a|b)', /regular/, /exact/],
  ['path', '/a\\.b', /regular/, /exact/],
  ['path', '/api$', /regular/, /^write exact: \/api /],
  ['path', 'Path(`/x`)', /Traefik/, /^write exact: \/x$/],
  ['path', "PathPrefix('/x')", /Traefik/, /^write \/x, /],
  ['path', 'PathRegexp(`^/x`)', /regular/, /exact/],
  ['path', '/users/:id/posts', /parameter/, /^write \/users, /],
  ['path', '/users/{id}', /parameter/, /^write \/users, /],
  ['host', '*', /not a host/, /omit host/],
  ['host', '_', /not a host/, /omit host/],
  ['host', '~^(www\\.)?a$', /regular/, /'\*\.example'/],
  ['host', 'Host(`a.example`)', /Traefik/, /^write a\.example$/],
  ['host', '.example.com', /not a host name/, /\[example\.com, '\*\.example\.com'\]/],
  ['host', 'a.example b.example', /more than one/, /\[a\.example, b\.example\]/],
  ['host', 'a.example,b.example', /more than one/, /\[a\.example, b\.example\]/],
  ['method', '*', /not a method/, /omit method/],
  ['method', 'ANY', /not a method/, /omit method/],
  ['method', 'GET,POST', /more than one/, /\[GET, POST\]/],
  ['method', 'get|post', /more than one/, /\[GET, POST\]/],
  ['network', '*', /not a network/, /0\.0\.0\.0\/0/],
  ['network', 'private_ranges', /Caddy/, /10\.0\.0\.0\/8/],
  ['destination', 'all', /not a network/, /::\/0/],
  ['destination', 'https://a.example:8443/x', /URL/, /^write a\.example, /],
  ['destination', 'a.example:8443', /port/, /^write a\.example: /],
  ['destination', '.internal', /dot/, /^write \*\.internal /],
]

for (const [kind, written, what, right] of habits)
  test(`${kind} ${written} is refused with the right form`, async t => {
    const habit: Habit | null = readers[kind](written)
    t.match(habit?.what, what)
    t.match(habit?.right, right)
  })

const plain: [kind: keyof typeof readers, ...written: string[]][] = [
  ['path', '/', '/api', '/wiki/A_(b)', '/a:b', '/v1/x:batch', '/a+b', '/a.b', '/~ann', '/$x/y', '/a,b;c', '/%2A'],
  ['host', 'a.example', '*.example', '::1', '192.0.2.1', '_x.example', 'a*'],
  ['method', 'GET', 'PROPFIND', 'M-SEARCH'],
  ['network', '10.0.0.0/8', 'unix', ''],
  ['destination', 'a.example', '*.internal', '10.0.0.0/8', 'fd00::/8', '::1', '1.2.3.4'],
]

for (const [kind, ...all] of plain)
  test(`${kind}: an unambiguous value is accepted`, async t => {
    for (const written of all) t.equal(readers[kind](written), null, written)
  })
