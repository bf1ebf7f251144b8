import type { GrammarLimits } from '../wire/limits.js'
import { DEADLINES, type DeadlineName, optionName } from './deadlines.js'
import { LIMITS, type LimitName } from './limits.js'

/** How the proxy was configured: the spelling of a setting depends on it. */
export type Door = 'command-line' | 'file' | 'library'

/** The spellings of one setting; `line` null: the command line has no such option. */
export interface Spelling {
  readonly line: string | null
  /** The key in a listener of the configuration file, or at its top level for `limits`, `deadlines` and `grammar`. */
  readonly file: string
  readonly library: string
}

/** The settings that refuse requests, except deadlines and limits, which have the same name everywhere. */
export const SPELLINGS = {
  mode: { line: null, file: 'mode', library: 'mode' },
  name: { line: '--name', file: 'name', library: 'name' },
  routes: { line: null, file: 'routes', library: 'routes' },
  tls: { line: null, file: 'tls', library: 'tls' },
  trace: { line: '--trace', file: 'trace', library: 'trace' },
  allow: { line: '--allow', file: 'destinations.allow', library: 'allow' },
  only: { line: null, file: 'destinations.only', library: 'only' },
  deny: { line: null, file: 'destinations.deny', library: 'deny' },
  connectPorts: { line: '--connect-port', file: 'destinations.connectPorts', library: 'connectPorts' },
  allowPorts: { line: '--allow-port', file: 'destinations.allowPorts', library: 'allowPorts' },
  users: { line: '--auth-file', file: 'users', library: 'users' },
  credentials: { line: '--auth', file: 'users', library: 'credentials' },
  requestRate: { line: null, file: 'clients.requestsPerSecond', library: 'requestRate' },
  failedLogins: { line: null, file: 'clients.failedLoginsPerMinute', library: 'clients.failedLoginsPerMinute' },
  uploadRate: { line: null, file: 'clients.uploadBytesPerSecondMin', library: 'uploadBytesPerSecondMin' },
  parent: { line: null, file: 'parent', library: 'parent' },
} as const satisfies Record<string, Spelling>

export type SettingName = keyof typeof SPELLINGS | DeadlineName | LimitName | keyof GrammarLimits

/** The settings that would change the outcome, and possibly the value. */
export interface Remedy {
  readonly settings: readonly SettingName[]
  /** The value that the first setting would need to permit the request; `true` for a flag. */
  readonly value?: readonly (string | number)[] | true
}

/** The name of a setting. If the command line has none, it is the name in the configuration file, which can be used instead. */
export function spelled(setting: SettingName, door: Door): string {
  if (setting in SPELLINGS) {
    const { line, file, library } = SPELLINGS[setting as keyof typeof SPELLINGS]
    return door === 'library' ? library : door === 'file' ? file : (line ?? `${file} of a configuration file`)
  }
  if (door === 'command-line') return `--${optionName(setting)}`
  return `${setting in DEADLINES ? 'deadlines' : setting in LIMITS ? 'limits' : 'grammar'}.${setting}`
}

/** The remedy as a suffix of a sentence: ` (--queue-ms)`, `; the option --allow 10.0.0.1/32 would permit it`. */
export function remedyText({ settings, value }: Remedy, door: Door): string {
  if (value === undefined) return ` (${settings.map(setting => spelled(setting, door)).join(', ')})`
  const name = spelled(settings[0]!, door)
  if (value === true) return `; ${door === 'command-line' ? `the option ${name}` : `${name}: true`} would permit it`
  if (door === 'command-line' && name.startsWith('--')) return `; the option ${name} ${value.join(',')} would permit it`
  const entries = value.map(one => (typeof one === 'string' ? `'${one}'` : String(one)))
  return `; ${name}: [${entries.join(', ')}] would permit it`
}
