import { type Origin, originOf, unixOrigin } from '../../link/origin.js'
import { OptionError, WrongText } from '../../policy/option-error.js'

/** @param option the name under which the URL was given @throws OptionError that says what is wrong and what would be right */
export function readUpstream(text: string | undefined, option = 'upstream'): Origin {
  const example = 'use for example http://127.0.0.1:3000'
  if (text === undefined || text === '') throw new OptionError(`a reverse proxy needs an upstream: ${example}`)
  if (text.startsWith('unix:')) return readUnix(text)
  const match = /^(https?):\/\/([^/?#]*)(.*)$/i.exec(text)
  if (match === null)
    throw new OptionError(`${option} ${JSON.stringify(text)} is not an http:// or https:// URL: ${example}`)
  const rest = match[3]!
  if (rest !== '' && rest !== '/')
    throw new OptionError(
      `${option} ${JSON.stringify(text)} has a path (${rest}): requests keep their own path, so remove it${option === 'upstream' ? '; a route can change the path (setPrefix)' : ''}`,
    )
  let url: URL
  try {
    url = new URL(text)
  } catch {
    throw new OptionError(`${option} ${JSON.stringify(text)} has no valid host and port: ${example}`)
  }
  if (url.username !== '' || url.password !== '')
    throw new OptionError(
      `${option} ${JSON.stringify(url.host)} has a user name or password: HTTP does not send them, so remove them`,
    )
  if (url.hostname === '') throw new OptionError(`${option} ${JSON.stringify(text)} has no host: ${example}`)
  if (url.port === '0')
    throw new OptionError(`${option} ${JSON.stringify(text)} has port 0: use a port from 1 to 65535`)
  const host = url.hostname.startsWith('[') ? url.hostname.slice(1, -1) : url.hostname
  return originOf(url.protocol === 'https:' ? 'https' : 'http', host, url.port === '' ? -1 : Number(url.port))
}

function readUnix(text: string): Origin {
  const what = `upstream ${JSON.stringify(text)}`
  const path = text.slice('unix:'.length)
  if (!path.startsWith('/') || path.includes('\0'))
    throw new WrongText(what, 'has no absolute path', 'use for example unix:/run/app.sock')
  // The kernel's sun_path has 108 bytes, of which the last is zero.
  if (Buffer.byteLength(path) > 107) throw new WrongText(what, '', 'the path of a socket has at most 107 bytes')
  return unixOrigin(path)
}
