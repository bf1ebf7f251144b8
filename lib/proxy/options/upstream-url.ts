import { type Origin, originOf, unixOrigin } from '../../link/origin.js'

/** @throws TypeError with what is wrong and what would be right. */
export function readUpstream(text: string | undefined): Origin {
  const example = 'for example http://127.0.0.1:3000'
  if (text === undefined || text === '') throw new TypeError(`a reverse proxy needs an upstream, ${example}`)
  if (text.startsWith('unix:')) return readUnix(text)
  const match = /^(https?):\/\/([^/?#]*)(.*)$/i.exec(text)
  if (match === null)
    throw new TypeError(`upstream ${JSON.stringify(text)} is no URL with http:// or https://, ${example}`)
  const rest = match[3]!
  if (rest !== '' && rest !== '/')
    throw new TypeError(
      `upstream ${JSON.stringify(text)} has a path (${rest}): requests keep their own path, so leave it off; a route can change it (setPrefix)`,
    )
  let url: URL
  try {
    url = new URL(text)
  } catch {
    throw new TypeError(`upstream ${JSON.stringify(text)} has no valid host and port, ${example}`)
  }
  if (url.username !== '' || url.password !== '')
    throw new TypeError(
      `upstream ${JSON.stringify(url.host)} has a user name or password: HTTP does not send them; leave them off`,
    )
  if (url.hostname === '') throw new TypeError(`upstream ${JSON.stringify(text)} has no host, ${example}`)
  if (url.port === '0') throw new TypeError(`upstream ${JSON.stringify(text)} has port 0, to which nobody can connect`)
  const host = url.hostname.startsWith('[') ? url.hostname.slice(1, -1) : url.hostname
  return originOf(url.protocol === 'https:' ? 'https' : 'http', host, url.port === '' ? -1 : Number(url.port))
}

function readUnix(text: string): Origin {
  const path = text.slice('unix:'.length)
  if (!path.startsWith('/') || path.includes('\0'))
    throw new TypeError(`upstream ${JSON.stringify(text)} needs the absolute path of a socket, as unix:/run/app.sock`)
  // sun_path of the kernel has 108 octets, the last of them zero.
  if (Buffer.byteLength(path) > 107)
    throw new TypeError(`upstream ${JSON.stringify(text)}: a socket's path has at most 107 octets`)
  return unixOrigin(path)
}
