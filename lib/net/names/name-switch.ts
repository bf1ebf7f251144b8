/**
 * Does the `hosts` line of `/etc/nsswitch.conf` name more than the hosts file and DNS (mDNS, systemd-resolved, NIS, LDAP, WINS)?
 * Then names exist that only the C library finds. Without such a line it asks these two only.
 */
export function asksOthers(text: string): boolean {
  const line = text
    .split('\n')
    .map(whole => whole.replace(/#.*/s, '').trim())
    .find(bare => bare.startsWith('hosts:'))
  // `[NOTFOUND=return]` is no module, it says when to go on.
  const modules = line?.slice('hosts:'.length).replace(/\[[^\]]*\]?/g, ' ')
  return modules?.split(/\s+/).some(module => !KNOWN.has(module)) ?? false
}

const KNOWN: ReadonlySet<string> = new Set(['', 'files', 'dns'])
