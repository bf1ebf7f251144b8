import { TCHAR } from '../wire/names.js'

/** One member of Proxy-Status (RFC 9209 2): the intermediary, the error, and details that disclose nothing sensitive. */
export interface ProxyStatusMember {
  /** The name of the deployment, never of the product. */
  name: string
  /** A proxy error type (RFC 9209 2.3), or '' for no error. */
  error: string
  /** For humans, '' for none. */
  details: string
}

export function proxyStatus({ name, error, details }: ProxyStatusMember): string {
  let member = isSfToken(name) ? name : sfString(name)
  if (error !== '') member += `; error=${error}`
  if (details !== '') member += `; details=${sfString(details)}`
  return member
}

/** RFC 8941 3.3.4: begins with a letter or `*` and continues with characters of a token, `:` or `/`. */
function isSfToken(text: string): boolean {
  return /^[A-Za-z*]/.test(text) && [...text].every(char => char === ':' || char === '/' || TCHAR[char.charCodeAt(0)])
}

/** RFC 8941 3.3.3: printable ASCII only; anything else becomes `?`. */
function sfString(text: string): string {
  return `"${text.replace(/[^ -~]/g, '?').replace(/[\\"]/g, '\\$&')}"`
}
