import { test } from 'tap'
import { gateway, readText, told } from './reading.js'

/** The findings about one line in a listener. */
const ofListener = (line: string) => told(readText(gateway({ listener: line }))).map(bare)
const ofGroup = (line: string) => told(readText(gateway({ group: line }))).map(bare)
const ofFile = (line: string) => told(readText(gateway({ more: `${line}\n` }))).map(bare)

/** `path | message | hint` */
const bare = (finding: string) => finding.replace(/^\S+ \w+ /, '')

test('a misspelt key gets a suggestion, and a key in the wrong place the right one', async t => {
  for (const [line, hint] of [
    ['trst: []', 'did you mean trust?'],
    ['Trace: true', 'did you mean trace?'],
    ['x_forwarded: true', 'did you mean xForwarded?'],
    ['requestHeadMs: 1', 'it belongs inside deadlines'],
    ['headBytesMax: 1', 'it belongs inside grammar'],
    ['connectPorts: [1]', 'it belongs inside destinations'],
    ['drainMs: 1', 'it belongs inside deadlines'],
    ['openTelemetry: true', 'it belongs to tracing'],
    ['servers: []', 'it belongs to upstreams.*'],
    ['workers: 2', 'it belongs to the top of the file'],
    ['cert: a.pem', 'it belongs to listeners[].tls.certificates[] or upstreams.*.tls'],
    ['port: 80', 'it is called address here'],
    ['qqqqqqqq: 1', 'docs/configuration.md lists all keys'],
  ])
    t.same(ofListener(line!), [
      `listeners[0].${line!.split(':')[0]} | there is no key ${line!.split(':')[0]} here | ${hint}`,
    ])
  t.same(ofFile('listener: []'), [
    'listener | there is no key listener at the top of the file | did you mean listeners?',
  ])
  t.match(ofGroup('sticky: { cookie: a, qqqqqqq: 1 }'), [/qqqqqqq here \| the only key is cookie$/])
})

test('a key that is missing because it is misspelt is reported once', async t => {
  t.same(told(readText('lisners: []\n')), [
    '1:1 error lisners | there is no key lisners at the top of the file | did you mean listeners?',
  ])
  t.same(told(readText('workers: 1\n')), [
    '1:1 error listeners | listeners is missing | Where hopwise listens, and what it does there.',
  ])
})

test('numbers, and what people write instead', async t => {
  const rows: [string, string][] = [
    ["'5000'", 'expected a whole number, not "5000" | write 5000 without quotes'],
    ['10s', 'expected a whole number, not "10s" | write 10000: it is in milliseconds'],
    ['1.5h', 'expected a whole number, not "1.5h" | write 5400000: it is in milliseconds'],
    ['250 ms', 'expected a whole number, not "250 ms" | write 250: it is in milliseconds'],
    ['5_000', 'expected a whole number, not "5_000" | write 5000'],
    ["'5,000'", 'expected a whole number, not "5,000" | write 5000'],
    ['soon', 'expected a whole number, not "soon" | write a whole number from 0 to 2147483647'],
    ['1.5', 'expected a whole number, not 1.5 | write a whole number from 0 to 2147483647'],
    ['-1', '-1 is too small | write a whole number from 0 to 2147483647'],
    ['2147483648', '2147483648 is too large | write a whole number from 0 to 2147483647'],
    ['true', 'expected a whole number, not true | write a whole number from 0 to 2147483647'],
    ['[1]', 'expected a whole number, not a list | write a whole number from 0 to 2147483647'],
    ['.inf', 'expected a whole number, not Infinity | write a whole number from 0 to 2147483647'],
    ['', 'connectMs has no value | write one, or remove the line'],
  ]
  for (const [value, said] of rows)
    t.same(ofFile(`deadlines: { connectMs: ${value} }`), [`deadlines.connectMs | ${said}`], value)
  t.same(ofFile('grammar: { headBytesMax: 64k }'), [
    'grammar.headBytesMax | expected a whole number, not "64k" | write 65536: it is in bytes',
  ])
  t.match(ofFile('grammar: { headBytesMax: 1 MiB }'), [/write 1048576/])
  t.match(ofFile('grammar: { headBytesMax: 0 }'), [/0 is too small \| write a whole number from 1 to 1048576$/])
  t.match(ofFile('grammar: { headBytesMax: 1048577 }'), [
    /1048577 is too large \| write a whole number from 1 to 1048576$/,
  ])
  t.match(ofFile('limits: { originsMax: 0 }'), [/0 is too small \| write a whole number of at least 1$/])
})

test('words, truth values, lists and mappings', async t => {
  const rows: [string, string][] = [
    [
      'mode: revers',
      'mode | "revers" is not one of the choices | did you mean reverse? The choices are reverse, forward and dumb',
    ],
    ['via: 5', 'via | "5" is not one of the choices | write off, request or both'],
    ['via: false', 'via | "false" is not one of the choices | did you mean off? The choices are off, request and both'],
    ['trace: yes', 'trace | expected true or false, not "yes" | write true'],
    ['trace: "off"', 'trace | expected true or false, not "off" | write false'],
    ['trace: maybe', 'trace | expected true or false, not "maybe" | write true or false'],
    ['name: 5', "name | expected text, not 5 | put it in quotes: '5'"],
    [
      'trust: 10.0.0.0/8',
      'trust | expected a list, not "10.0.0.0/8" | write [10.0.0.0/8], or "- " and the value on its own line',
    ],
    ['trust: { a: 1 }', 'trust | expected a list, not a mapping | start each item with a dash and a space'],
    ['clients: [1]', 'clients | expected a mapping, not a list | write lines of key: value, without dashes'],
    [
      'clients: on',
      'clients | expected a mapping, not "on" | write lines of key: value below listeners[0].clients; its keys are allow, deny, requestsPerSecond, requestsBurst, connectionsPerSecond, failedLoginsPerMinute and uploadBytesPerSecondMin',
    ],
    ['clients:', 'clients | clients has no value | write one, or remove the line'],
    ['clients: { allow: [] }', 'clients.allow | the list is empty | give it an item, or remove the key'],
    ['clients: { allow: [null] }', 'clients.allow[0] | this item has no value | write one, or remove the line'],
    [
      'tls: { certificates: [{ cert: "", key: k }] }',
      'tls.certificates[0].cert | the text is empty | write one, or remove the line',
    ],
  ]
  for (const [line, said] of rows) t.same(ofListener(line), [`listeners[0].${said}`], line)
  t.same(ofFile('workers: many'), [
    'workers | "many" is not one of the choices | write a whole number from 1 to 1024 or auto',
  ])
  t.same(ofFile('workers: Auto'), [
    'workers | "Auto" is not one of the choices | did you mean auto? The choices are auto',
  ])
})

test('of two forms of a value, the one that was probably meant is checked', async t => {
  const servers = (text: string) => told(readText(gateway().replace('[http://127.0.0.1:3000]', text))).map(bare)
  const at = 'upstreams.app.servers[0]'
  t.same(servers('[{ url: 5 }]'), [`${at}.url | expected text, not 5 | put it in quotes: '5'`])
  t.same(servers('[{ url: http://a, wait: 1 }]'), [`${at}.wait | there is no key wait here | did you mean waitingMax?`])
  t.same(servers('[{ weight: 1 }]').length, 1)
  t.same(servers('[5]'), [`${at} | expected text or a mapping, not 5 | put it in quotes: '5'`])
  t.same(servers('[ftp://a]').length, 1)
  const host = (text: string) => told(readText(gateway({ route: `host: ${text}` }))).map(bare)
  t.same(host('[a, b:80]'), [
    'listeners[0].routes[0].host[1] | "b:80" is not a host for a route | remove the port, a route matches every port',
  ])
})
