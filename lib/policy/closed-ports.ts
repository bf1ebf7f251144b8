/**
 * The ports to which a forward proxy sends no request unless the operator opens them, each with the service that listens there.
 *
 * An HTTP request can be interpreted as another protocol: a server that reads line by line and continues after a line that it
 * does not understand executes the lines that a client put into a field or the content, and it may trust the address of the
 * proxy. No web servers use these ports, so closing them costs nothing. CONNECT has its own list, of the ports that are open.
 */
export const CLOSED_PORTS: ReadonlyMap<number, string> = new Map([
  // The "bad ports" of the Fetch standard (2.9 "port blocking"): browsers do not connect to them either.
  ...named(
    'tcpmux 1, echo 7, discard 9, systat 11, daytime 13, netstat 15, qotd 17, chargen 19, ftp-data 20, ftp 21, ssh 22',
  ),
  ...named('telnet 23, smtp 25, time 37, name 42, nicname 43, domain 53, tftp 69, rje 77, finger 79, ttylink 87'),
  ...named(
    'supdup 95, hostname 101, iso-tsap 102, gppitnp 103, acr-nema 104, pop2 109, pop3 110, sunrpc 111, auth 113',
  ),
  ...named(
    'sftp 115, uucp-path 117, nntp 119, ntp 123, epmap 135, netbios-ns 137, netbios-ssn 139, imap 143, snmp 161',
  ),
  ...named('bgp 179, ldap 389, svrloc 427, submissions 465, exec 512, login 513, shell 514, printer 515, tempo 526'),
  ...named('courier 530, chat 531, netnews 532, uucp 540, afp 548, rtsp 554, remotefs 556, nntps 563, submission 587'),
  ...named('syslog-conn 601, ldaps 636, ftps-data 989, ftps 990, imaps 993, pop3s 995, h323gatestat 1719'),
  ...named(
    'h323hostcall 1720, pptp 1723, nfs 2049, apple-sasl 3659, npp 4045, sieve 4190, sip 5060, sips 5061, x11 6000',
  ),
  ...named('sane-port 6566, irc 6665, irc 6666, irc 6667, irc 6668, irc 6669, irc 6679, ircs-u 6697, amanda 10080'),
  // Mail and chat on ports that the standard omits: line protocols whose servers continue after an invalid line.
  ...named('LMTP 24, IRC 194, SMTP 2525, IRC 6660, IRC 6661, IRC 6662, IRC 6663, IRC 6664'),
  // Stores with line-based commands. Redis, Redis Sentinel, memcached and beanstalkd continue after an unknown line.
  ...named('Redis 6379, Redis 26379, memcached 11211, beanstalkd 11300, gearman 4730'),
  // Databases with binary protocols: a request only fails there, but MySQL blocks an address that fails often.
  ...named('SQL Server 1433, Oracle 1521, MySQL 3306, PostgreSQL 5432, MongoDB 27017'),
  // Control ports with line-based commands. ZooKeeper reads four letters as a command, and a method may be any four letters.
  ...named('ZooKeeper 2181, Carbon 2003, UPS daemon 3493, Munin node 4949, Asterisk manager 5038, Varnish CLI 6082'),
  ...named('Music Player Daemon 6600, FreeSWITCH events 8021, Tor control 9051, Tor control 9151'),
])

/** The port of the authority if it is closed and was not opened, else 0. */
export function closedPortOf(authority: string, opened: ReadonlySet<number>): number {
  const colon = authority.lastIndexOf(':')
  if (colon < 0) return 0 // 80 or 443
  const port = Number(authority.slice(colon + 1)) // NaN after the last colon of `[::1]`, 0 after that of `host:`
  return CLOSED_PORTS.has(port) && !opened.has(port) ? port : 0
}

function named(list: string): [number, string][] {
  return list.split(', ').map(entry => {
    const blank = entry.lastIndexOf(' ')
    return [Number(entry.slice(blank + 1)), entry.slice(0, blank)]
  })
}
