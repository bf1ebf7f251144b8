import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'

/** The external programs that tests use, and the Debian package of each. */
const PARTS = {
  nginx: { package: 'nginx-light', paths: ['/usr/sbin/nginx'] },
  curl: { package: 'curl', paths: ['/usr/bin/curl'] },
  chromium: { package: 'chromium', paths: ['/usr/bin/chromium'] },
  promtool: { package: 'prometheus', paths: ['/usr/bin/promtool'] },
  openssl: { package: 'openssl', paths: ['/usr/bin/openssl'] },
  apache2: { package: 'apache2-bin', paths: ['/usr/sbin/apache2'] },
  haproxy: { package: 'haproxy', paths: ['/usr/sbin/haproxy'] },
  dnsmasq: { package: 'dnsmasq-base', paths: ['/usr/sbin/dnsmasq'] },
  'systemd-notify': { package: 'systemd', paths: ['/usr/bin/systemd-notify'] },
  'systemd-analyze': { package: 'systemd', paths: ['/usr/bin/systemd-analyze'] },
  script: { package: 'bsdutils', paths: ['/usr/bin/script'] },
  bash: { package: 'bash', paths: ['/bin/bash'] },
  zsh: { package: 'zsh', paths: ['/usr/bin/zsh'] },
  fish: { package: 'fish', paths: ['/usr/bin/fish'] },
  python3: { package: 'python3', paths: ['/usr/bin/python3'] },
} as const satisfies Record<string, { package: string; paths: readonly string[] }>

export type Part = keyof typeof PARTS

/** The path of a program. @throws when it is missing: call `needs` first */
export function pathOf(part: Part): string {
  const path = find(part)
  if (!path) throw new Error(missing([part]))
  return path
}

/**
 * For the options of a test: `test('…', needs('nginx', 'curl'), async t => …)`.
 * If a program is missing the test is skipped and names the Debian package that provides it; with CI=true it runs, and fails.
 */
export function needs(...parts: Part[]): { skip?: string } {
  const gone = parts.filter(part => !find(part))
  return gone.length === 0 || process.env.CI === 'true' ? {} : { skip: missing(gone) }
}

function find(part: Part): string | undefined {
  const onPath = (process.env.PATH ?? '').split(delimiter).map(folder => join(folder, part))
  return [...PARTS[part].paths, ...onPath].find(path => existsSync(path))
}

function missing(parts: Part[]): string {
  return `needs ${parts.join(' and ')}: apt-get install ${parts.map(part => PARTS[part].package).join(' ')}`
}
