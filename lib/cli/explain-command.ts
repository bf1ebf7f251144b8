import * as fs from 'node:fs'
import * as net from 'node:net'
import { settingsOf } from '../proxy/options/options.js'
import type { ProxyOptions } from '../proxy/options/proxy-options.js'
import { isToken } from '../wire/names.js'
import { plainJson, visibleLatin1 } from '../wire/visible.js'
import { type Explanation, explainRequestHead, explainResponseHead, type Scene } from './explain.js'
import type { Given } from './given.js'
import { checked, commonSettings, defined, leadingTo } from './proxy-settings.js'
import { UsageError } from './usage-error.js'
import { readUpstream } from './values.js'

const FILE_BYTES_MAX = 1_048_576

/**
 * `hopwise explain`: the text to print, in Latin-1, so that the bytes of a field come out as they went in. Characters
 * that a terminal would act on are shown escaped.
 */
export async function explainCommand(given: Given): Promise<{ output: Buffer; refused: boolean }> {
  const response = given.flag('response') === true
  const scene = readScene(given)
  const bytes = await readInput(given.text('file') ?? '-')
  const explanation = response ? explainResponseHead(bytes, scene) : explainRequestHead(bytes, scene)
  const whole = { kind: response ? 'response' : 'request', mode: scene.settings.mode, ...explanation }
  const text = given.flag('json') ? `${plainJson(JSON.stringify(whole, null, 2))}\n` : tableOf(explanation)
  return {
    output: Buffer.from(text, given.flag('json') ? 'utf8' : 'latin1'),
    refused: explanation.refused !== undefined,
  }
}

function readScene(given: Given): Scene {
  const mode = given.choice('mode', ['reverse', 'forward']) ?? 'reverse'
  const method = given.text('method') ?? 'GET'
  if (!isToken(method)) throw new UsageError(`--method "${method}" is not a method: write one such as HEAD.`)
  const clientAddress = given.text('client-address') ?? '192.0.2.1'
  if (net.isIP(clientAddress) === 0) throw new UsageError(`--client-address "${clientAddress}" is not an IP address.`)
  const upstream = readUpstream(given.where('upstream'), given.text('upstream') ?? 'http://127.0.0.1:3000')
  const options: ProxyOptions = defined({
    ...commonSettings(given),
    mode,
    ...(mode === 'reverse' ? { ...leadingTo(upstream), host: given.choice('host', ['preserve', 'upstream']) } : {}),
  })
  return {
    settings: settingsOf(checked(options), 'command-line'),
    trusted: given.flag('trusted') === true,
    clientAddress,
    method,
    clientMinor: given.choice('client-version', ['1.0', '1.1']) === '1.0' ? 0 : 1,
  }
}

async function readInput(path: string): Promise<Buffer> {
  if (path === '-' && process.stdin.isTTY)
    process.stderr.write('Reading a head from the terminal; end it with Ctrl-D.\n')
  const pieces: Buffer[] = []
  let length = 0
  try {
    for await (const piece of path === '-' ? process.stdin : fs.createReadStream(path)) {
      pieces.push(piece)
      length += piece.length
      // A head is far shorter: what follows it is content, which is ignored.
      if (length > FILE_BYTES_MAX) break
    }
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    const why =
      code === 'ENOENT' ? 'there is no such file' : code === 'EISDIR' ? 'it is a directory' : (error as Error).message
    throw new UsageError(`${path === '-' ? 'Standard input' : path} cannot be read: ${why}.`, { cause: error })
  }
  return Buffer.concat(pieces)
}

const SIGNS = { keep: ' ', drop: '-', replace: '~', reject: '!', add: '+' } as const
const VALUE_LETTERS_MAX = 44

/** The decisions as a table, then the forwarded head and the notes. */
export function tableOf({ startLine, rows, outbound, refused, notes }: Explanation): string {
  const table = rows.map(({ field, value: received, verdict, reason, section }) => {
    const value = visibleLatin1(received)
    const short = value.length > VALUE_LETTERS_MAX ? `${value.slice(0, VALUE_LETTERS_MAX - 3)}...` : value
    return [`${SIGNS[verdict]} ${verdict}`, field, short, `${reason} (${section})`]
  })
  const widths = [0, 1, 2].map(i => Math.max(0, ...table.map(cells => cells[i]?.length ?? 0)))
  const lines = table.map(cells =>
    cells
      .map((cell, i) => cell.padEnd(widths[i] ?? 0))
      .join('  ')
      .trimEnd(),
  )
  const parts = [
    [startLine, ...lines].filter(line => line !== '').join('\n'),
    refused ? `Refused with ${refused.status}: ${sentence(refused)}` : '',
    outbound === undefined ? '' : `Forwarded:\n\n${outbound.replaceAll('\r\n', '\n').trimEnd()}`,
    notes.map(note => `Note: ${note}`).join('\n'),
  ]
  return `${visibleLatin1(parts.filter(part => part !== '').join('\n\n'))}\n`
}

function sentence({ message, section }: NonNullable<Explanation['refused']>): string {
  const bare = message.replace(/\.$/, '')
  return section === '' ? `${bare}.` : `${bare} (${section}).`
}
