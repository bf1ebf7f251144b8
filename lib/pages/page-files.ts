import { readdirSync, readFileSync } from 'node:fs'

export interface PageFile {
  readonly type: string
  readonly bytes: Buffer
}

const TYPES: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  css: 'text/css; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  svg: 'image/svg+xml',
}

/**
 * The files of a page by path: `/style.css`, and `/` for index.html. Read once, so that a page and its scripts are of the
 * same version even while another one is being installed.
 * @param folder ends with a slash
 */
export function readPageFiles(folder: URL): ReadonlyMap<string, PageFile> {
  const files = readdirSync(folder)
    .map(name => ({ name, type: TYPES[name.slice(name.lastIndexOf('.') + 1)] }))
    .filter((file): file is { name: string; type: string } => file.type !== undefined)
  return new Map(
    files.map(({ name, type }) => [
      name === 'index.html' ? '/' : `/${name}`,
      { type, bytes: readFileSync(new URL(name, folder)) },
    ]),
  )
}
