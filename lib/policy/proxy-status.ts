import { TCHAR } from '../wire/names.js'

/** One member of Proxy-Status (RFC 9209 2): the deployment that speaks, what went wrong, and a detail that leaks nothing. */
export interface ProxyStatusMember {
  /** The deployment's name, never the product's. */
  name: string
  /** A name of RFC 9209 2.3, or '' when nothing went wrong. */
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

/** RFC 8941 3.3.4: begins with a letter or `*`, goes on as a token, also with `:` and `/`. */
function isSfToken(text: string): boolean {
  return /^[A-Za-z*]/.test(text) && [...text].every(char => char === ':' || char === '/' || TCHAR[char.charCodeAt(0)])
}

/** RFC 8941 3.3.3: printable ASCII only, what is not becomes `?`. */
function sfString(text: string): string {
  return `"${text.replace(/[^ -~]/g, '?').replace(/[\\"]/g, '\\$&')}"`
}
