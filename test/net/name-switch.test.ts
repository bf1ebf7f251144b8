import { test } from 'tap'
import { asksOthers } from '../../lib/net/names/name-switch.js'

for (const [line, others] of [
  ['hosts: files dns', false],
  ['hosts:\t\tfiles dns # ours', false],
  ['hosts: files [NOTFOUND=return] dns', false],
  ['hosts: dns [!UNAVAIL=return] files', false],
  ['passwd: files ldap', false],
  ['', false],
  ['# hosts: files mdns dns', false],
  ['hosts: files mdns4_minimal [NOTFOUND=return] dns mymachines', true],
  ['  hosts: mymachines resolve [!UNAVAIL=return] files myhostname dns', true],
  ['passwd: files\nhosts: files nis dns\n', true],
] as const) {
  test(`${JSON.stringify(line)}: the C library ${others ? 'knows more names' : 'uses only the hosts file and DNS'}`, async t => {
    t.equal(asksOthers(line), others)
  })
}
