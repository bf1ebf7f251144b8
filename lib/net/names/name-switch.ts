/**
 * Whether the `hosts` line of `/etc/nsswitch.conf` lists more than the hosts file and DNS (mDNS, systemd-resolved, NIS, LDAP,
 * WINS): then there are names that only the C library finds. Without such a line it uses only these two.
 */
export function asksOthers(text: string): boolean {
  const line = text
    .split('\n')
    .map(whole => whole.replace(/#.*/s, '').trim())
    .find(bare => bare.startsWith('hosts:'))
  // `[NOTFOUND=return]` is not a module; it says when to continue.
  const modules = line?.slice('hosts:'.length).replace(/\[[^\]]*\]?/g, ' ')
  return modules?.split(/\s+/).some(module => !KNOWN.has(module)) ?? false
}

const KNOWN: ReadonlySet<string> = new Set(['', 'files', 'dns'])
