import { writeFindings } from '../../lib/config/findings.js'
import { type Reading, type ReadOptions, readConfigurationText } from '../../lib/config/read.js'

/** Reads a text as `hopwise.yaml`, without checking the files that it names. */
export function readText(text: string, options: Partial<ReadOptions> = {}): Reading {
  return readConfigurationText(text, 'hopwise.yaml', { environment: {}, checkFiles: false, ...options })
}

/** Every finding as `line:column severity path | message | hint`. */
export function told({ findings }: Reading): string[] {
  return findings.map(
    ({ line, column, severity, path, message, hint }) => `${line}:${column} ${severity} ${path} | ${message} | ${hint}`,
  )
}

/** A configuration with one listener, one route and one group, to be extended. */
export function gateway({ listener = '', route = '', group = '', more = '' } = {}): string {
  const lines = (text: string, indent: string) =>
    text
      .split('\n')
      .filter(line => line !== '')
      .map(line => `${indent}${line}\n`)
      .join('')
  return (
    `listeners:\n  - address: 127.0.0.1:8080\n${lines(listener, '    ')}` +
    `    routes:\n      - upstream: app\n${lines(route, '        ')}` +
    `upstreams:\n  app:\n    servers: [http://127.0.0.1:3000]\n${lines(group, '    ')}${more}`
  )
}

export const shown = (reading: Reading): string => writeFindings(reading.findings, reading.text)
