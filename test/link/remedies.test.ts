import { test } from 'tap'
import { COMMANDS } from '../../lib/cli/commands.js'
import { keysAt } from '../../lib/config/json-schema.js'
import { DEADLINES } from '../../lib/link/deadlines.js'
import { LIMITS } from '../../lib/link/limits.js'
import { remedyText, type SettingName, SPELLINGS, spelled } from '../../lib/link/remedies.js'
import { OPTION_NAMES } from '../../lib/proxy/options/known-options.js'
import { GRAMMAR_LIMITS } from '../../lib/wire/limits.js'

const NUMBERS = [...Object.keys(DEADLINES), ...Object.keys(LIMITS), ...Object.keys(GRAMMAR_LIMITS)] as SettingName[]
const SETTINGS = [...Object.keys(SPELLINGS), ...NUMBERS] as SettingName[]

const options: ReadonlySet<string> = new Set([
  ...Object.keys(COMMANDS.reverse.options),
  ...Object.keys(COMMANDS.forward.options),
])

for (const setting of SETTINGS)
  test(`${setting} has its name in each spelling`, async t => {
    const line = spelled(setting, 'command-line')
    if (line.startsWith('--')) t.ok(options.has(line.slice(2)), `${line} is an option`)
    else t.equal(line, `${spelled(setting, 'file')} of a configuration file`)
    const [last, ...above] = spelled(setting, 'file').split('.').reverse()
    const places = [['listeners', 0, ...[...above].reverse()], [...above].reverse()]
    t.ok(
      places.some(place => keysAt(place).includes(last ?? '')),
      `${spelled(setting, 'file')} is a key of the file`,
    )
    const [option] = spelled(setting, 'library').split('.')
    t.ok((OPTION_NAMES as readonly string[]).includes(option ?? ''), `${option} is an option of the library`)
  })

test('the sentence about a remedy, in each spelling', async t => {
  const doors = ['command-line', 'file', 'library'] as const
  const told = (remedy: Parameters<typeof remedyText>[0]) => doors.map(door => remedyText(remedy, door))
  t.same(told({ settings: ['queueMs'] }), [' (--queue-ms)', ' (deadlines.queueMs)', ' (deadlines.queueMs)'])
  t.same(told({ settings: ['lookupsMax', 'headBytesMax'] }), [
    ' (--lookups-max, --head-bytes-max)',
    ' (limits.lookupsMax, grammar.headBytesMax)',
    ' (limits.lookupsMax, grammar.headBytesMax)',
  ])
  t.same(told({ settings: ['allow'], value: ['10.0.0.1/32'] }), [
    '; the option --allow 10.0.0.1/32 would permit it',
    "; destinations.allow: ['10.0.0.1/32'] would permit it",
    "; allow: ['10.0.0.1/32'] would permit it",
  ])
  t.same(told({ settings: ['connectPorts'], value: [80, 443, 25] }), [
    '; the option --connect-port 80,443,25 would permit it',
    '; destinations.connectPorts: [80, 443, 25] would permit it',
    '; connectPorts: [80, 443, 25] would permit it',
  ])
  t.same(told({ settings: ['trace'], value: true }), [
    '; the option --trace would permit it',
    '; trace: true would permit it',
    '; trace: true would permit it',
  ])
  t.same(told({ settings: ['requestRate'] }), [
    ' (clients.requestsPerSecond of a configuration file)',
    ' (clients.requestsPerSecond)',
    ' (requestRate)',
  ])
  t.match(
    remedyText({ settings: ['only'], value: ['a'] }, 'command-line'),
    "; destinations.only of a configuration file: ['a'] would",
  )
})
