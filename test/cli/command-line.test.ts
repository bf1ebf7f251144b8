import { test } from 'tap'
import { type Asked, readCommandLine } from '../../lib/cli/command-line.js'
import { COMMANDS, type CommandSpec } from '../../lib/cli/commands.js'
import { arrange } from '../../lib/cli/line-words.js'
import { NUMBERS } from '../../lib/cli/option-table.js'
import { UsageError } from '../../lib/cli/usage-error.js'
import { DEADLINES, optionName } from '../../lib/link/deadlines.js'
import { LIMITS } from '../../lib/link/limits.js'
import { GRAMMAR_LIMITS } from '../../lib/wire/limits.js'

function read(line: string, environment: Record<string, string> = {}): Asked {
  return readCommandLine(line === '' ? [] : line.split(' '), { environment, version: '1.2.3', columns: 100 })
}

function given(line: string, environment: Record<string, string> = {}) {
  const asked = read(line, environment)
  if (asked.kind !== 'run') throw new Error(`"${line}" prints`)
  return asked.given
}

function printed(line: string): string {
  const asked = read(line)
  return asked.kind === 'print' ? asked.text : ''
}

function refusal(line: string, environment: Record<string, string> = {}): string {
  try {
    read(line, environment)
  } catch (error) {
    if (error instanceof UsageError) return error.message
    throw error
  }
  return ''
}

test('the general help has every command with an example, and every option of the proxies', t => {
  const help = printed('--help')
  for (const [name, { examples }] of Object.entries(COMMANDS)) {
    t.match(help, new RegExp(`^  hopwise ${name}\\b`, 'm'))
    t.ok(help.includes(examples[0][0]), `${name} has its example`)
  }
  t.match(help, 'hopwise completion')
  for (const option of ['listen', 'allow', 'connect-port', 'access-log', 'log-level', ...Object.keys(NUMBERS)])
    t.ok(help.includes(`--${option} `), option)
  t.notMatch(help, '[string]')
  t.notMatch(help, '[choices')
  t.end()
})

test('every deadline and limit is an option', t => {
  for (const key of [...Object.keys(DEADLINES), ...Object.keys(LIMITS), ...Object.keys(GRAMMAR_LIMITS)])
    t.ok(optionName(key) in NUMBERS, optionName(key))
  t.equal(optionName('clientIdleHttp10Ms'), 'client-idle-http10-ms')
  t.end()
})

test('each command explains itself, with its examples', t => {
  for (const [name, { examples, options }] of Object.entries(COMMANDS)) {
    const help = printed(`${name} --help`)
    for (const [line] of examples) t.ok(help.includes(line), line)
    for (const option of Object.keys(options)) t.ok(help.includes(`--${option} `), `${name} --${option}`)
  }
  t.equal(printed('--version'), '1.2.3\n')
  t.equal(printed('-h'), printed('--help'))
  t.end()
})

test('help and version in the forms that other programs have', t => {
  for (const line of ['-v', '-V', '--version', 'version']) t.equal(printed(line), '1.2.3\n', line)
  for (const line of ['help', '-h', 'help help', '--help help']) t.equal(printed(line), printed('--help'), line)
  for (const name of [...Object.keys(COMMANDS), 'completion'])
    t.equal(printed(`help ${name}`), printed(`${name} --help`), name)
  t.equal(refusal('help chek'), 'Unknown command "chek": did you mean check?')
  t.match(printed('--help'), /^ {2}hopwise help \[command\] .*^ {2}hopwise version /ms)
  t.end()
})

test('the file follows its command, --config or -c; giving it twice is refused', t => {
  for (const command of ['serve', 'check', 'reload'])
    for (const line of [
      `${command} a.yaml`,
      `${command} --config a.yaml`,
      `${command} -c a.yaml`,
      `-c a.yaml ${command}`,
    ])
      t.equal(given(line).text('config'), 'a.yaml', line)
  t.equal(given('health -c=a.yaml').text('config'), 'a.yaml')
  t.equal(given('serve', { HOPWISE_CONFIG: 'b.yaml' }).text('config'), 'b.yaml')
  t.equal(refusal('check a.yaml -c b.yaml'), '"a.yaml" and --config both give the config: remove one of them.')
  t.equal(
    refusal('reverse http://a --upstream=http://b'),
    '"http://a" and --upstream both give the upstream: remove one of them.',
  )
  t.equal(refusal('forward -c a'), 'Unknown option -c: it is an option of serve, check, reload and health.')
  t.end()
})

test('options of any kind may precede the command', t => {
  for (const [name, { options }] of Object.entries<CommandSpec>(COMMANDS))
    for (const [option, { kind, choices = ['7'] }] of Object.entries(options)) {
      const words = kind === 'flag' ? [`--${option}`] : [`--${option}`, choices[0] ?? '']
      t.same(
        arrange([...words, name, 'word', '--json']),
        { command: name, words: [name, ...words, 'word', '--json'] },
        `${words.join(' ')} ${name}`,
      )
    }
  t.equal(given('--yes lab hang').text('experiment'), 'hang')
  t.equal(given('--json --print check a').text('config'), 'a')
  t.equal(given('--trace false forward').flag('trace'), false)
  t.equal(given('--no-trace forward').flag('trace'), false)
  t.equal(given('--trace=true reverse http://a').text('upstream'), 'http://a')
  t.equal(refusal('--foo reverse http://a'), 'Unknown option --foo.')
  t.match(refusal('--listen reverse http://a'), 'Unknown command "http://a"', 'here reverse is the value of --listen')
  t.equal(refusal('--pid 7 check a'), 'Unknown option --pid: it is an option of reload.')
  t.end()
})

test('an option has the same kind in every command', t => {
  const kinds = new Map<string, string>()
  for (const { options } of Object.values<CommandSpec>(COMMANDS))
    for (const [name, { kind }] of Object.entries(options)) {
      const sort = kind === 'flag' ? 'flag' : 'value'
      t.equal(kinds.get(name) ?? sort, sort, name)
      kinds.set(name, sort)
    }
  t.end()
})

test('an unknown word is refused with the one that was probably meant', t => {
  t.equal(refusal('reverse http://a --liste :1'), 'Unknown option --liste: did you mean --listen?')
  t.equal(refusal('reverse http://a --log-levle=info'), 'Unknown option --log-levle: did you mean --log-level?')
  t.equal(refusal('reverse http://a --no-x-forwarder'), 'Unknown option --no-x-forwarder: did you mean --x-forwarded?')
  t.equal(refusal('reverse http://a -listen :1'), 'Unknown option -listen: did you mean --listen?')
  t.equal(refusal('reverse http://a --allow a'), 'Unknown option --allow: it is an option of forward.')
  t.equal(refusal('forward --zzzzzzzzz'), 'Unknown option --zzzzzzzzz.')
  t.equal(refusal('revers http://a'), 'Unknown command "revers": did you mean reverse?')
  t.match(refusal('zzzzzzzz'), /hopwise has serve, check, .*reverse, .* demo, help, version or completion\./)
  t.match(refusal(''), /^No command: give one of serve, check, .*reverse, .*hopwise --help/)
  t.match(refusal('--clientidle 5'), '--clientidle is given without a command')
  t.match(refusal('reverse a b'), 'unexpected argument "b": reverse takes one upstream.')
  t.match(refusal('forward a'), 'unexpected argument "a": forward takes options only.')
  t.end()
})

test('a command may take two operands, in their order', t => {
  const both = given('lab replay a.jsonl --speed 2')
  t.equal(both.text('experiment'), 'replay')
  t.equal(both.text('file'), 'a.jsonl')
  t.equal(given('lab replay -').text('file'), '-')
  t.equal(given('lab').text('experiment'), undefined)
  t.equal(given('lab', { HOPWISE_EXPERIMENT: 'hang' }).text('experiment'), 'hang')
  t.ok(given('lab hang').onLine('experiment'))
  t.notOk(given('lab', { HOPWISE_EXPERIMENT: 'hang' }).onLine('experiment'), 'the environment is not the command line')
  t.match(printed('lab --help'), /hopwise lab \[experiment\] \[file\]/)
  t.match(refusal('lab a b c'), 'unexpected argument "c": lab takes one experiment and one file.')
  t.end()
})

test('values that are missing, wrong or given twice', t => {
  t.equal(refusal('reverse http://a --listen'), '--listen requires a value.')
  t.equal(refusal('reverse http://a --via x'), '--via must be off, request or both, not "x".')
  t.throws(() => given('reverse http://a --listen :1 --listen :2').text('listen'), {
    message: '--listen is given 2 times: give it once.',
  })
  t.throws(() => given('reverse http://a --no-listen').text('listen'), { message: '--listen requires a value.' })
  t.throws(() => given('reverse http://a --listen=').text('listen'), { message: /--listen is empty/ })
  t.end()
})

test('values from the command line', t => {
  const line = given('forward --allow 10.0.0.0/8,a --allow b --auth u:p,q --trace --no-forwarded --client-idle-ms 05')
  const as = (_: string, text: string) => text
  t.strictSame(line.list('allow', as), ['10.0.0.0/8', 'a', 'b'])
  t.strictSame(line.list('auth', as), ['u:p,q'], 'a password may have commas')
  t.equal(line.flag('trace'), true)
  t.equal(line.flag('forwarded'), false)
  t.equal(line.flag('strict-upstream'), undefined)
  t.equal(line.whole('client-idle-ms'), 5)
  t.equal(line.list('connect-port', as), undefined)
  t.equal(given('--listen :1 reverse http://a').text('listen'), ':1', 'options may precede the command')
  t.equal(given('forward --trace --no-trace').flag('trace'), false, 'the last one wins')
  t.throws(() => given('forward --no-allow').list('allow', as), { message: '--allow requires a value.' })
  t.end()
})

test('values from the environment, which the command line overrides', t => {
  const environment = {
    HOPWISE_LISTEN: ':1',
    HOPWISE_ALLOW: 'a, b',
    HOPWISE_TRACE: 'yes',
    HOPWISE_VIA: 'x',
    HOPWISE_AUTH: '',
    HOPWISE_UPSTREAM: 'http://a',
  }
  const as = (_: string, text: string) => text
  t.equal(given('forward', environment).text('listen'), ':1')
  t.equal(given('forward --listen :2', environment).text('listen'), ':2')
  t.strictSame(given('forward', environment).list('allow', as), ['a', 'b'])
  t.equal(given('forward', environment).flag('trace'), true)
  t.equal(given('forward --no-trace', environment).flag('trace'), false)
  t.equal(given('forward', environment).list('auth', as), undefined, 'empty is not given')
  t.equal(given('reverse', environment).text('upstream'), 'http://a')
  t.throws(() => given('forward', environment).choice('via', ['off']), { message: /^HOPWISE_VIA must be off, not "x"/ })
  t.throws(() => given('forward', { HOPWISE_TRACE: 'x' }).flag('trace'), { message: /^HOPWISE_TRACE/ })
  t.equal(given('forward --via off').choice('via', ['off']), 'off')
  t.end()
})

test('a variable that is probably misspelt is warned about, those of a cluster are not', t => {
  const asked = read('forward', {
    HOPWISE_LISEN: ':1',
    HOPWISE_SERVICE_HOST: '10.0.0.1',
    HOPWISE_PORT: 'tcp://10.0.0.1:80',
    HOPWISE_PORT_80_TCP_ADDR: '10.0.0.1',
    HOPWISE_SOMETHING_ELSE_ALTOGETHER: '1',
    HOPWISE_ALLOW: 'a',
    HOPWISE_UPSTREAM: 'http://a',
    PATH: '/',
  })
  t.strictSame(asked.kind === 'run' && asked.doubts, [
    'HOPWISE_LISEN is set, but there is no such option: did you mean HOPWISE_LISTEN?',
  ])
  t.end()
})
