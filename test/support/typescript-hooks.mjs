import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const KEPT = join(ROOT, '.tap', 'compiled')
const requireHere = createRequire(import.meta.url)
const TYPESCRIPT = /\.m?ts$/

/** The compiler options of the sources. Types are checked elsewhere (`npm run check`). */
const { rootDir, outDir, declaration, sourceMap, ...OPTIONS } = JSON.parse(
  readFileSync(join(ROOT, 'tsconfig.json'), 'utf8'),
).compilerOptions
Object.assign(OPTIONS, { module: 'esnext', moduleResolution: 'bundler', inlineSourceMap: true, inlineSources: true })
const SEED = `${requireHere('typescript/package.json').version} ${JSON.stringify(OPTIONS)}`

mkdirSync(KEPT, { recursive: true })

/** `./x.js` in a TypeScript file means `./x.ts`, where there is one. */
export function resolve(specifier, context, next) {
  if (specifier.startsWith('.') && TYPESCRIPT.test(context.parentURL ?? '')) {
    const source = new URL(specifier.replace(/\.(m?)js(?=$|\?)/, '.$1ts'), context.parentURL)
    if (TYPESCRIPT.test(source.pathname) && existsSync(source))
      return { url: source.href, format: 'module', shortCircuit: true }
  }
  return next(specifier, context)
}

export function load(url, context, next) {
  if (!url.startsWith('file:') || !TYPESCRIPT.test(new URL(url).pathname)) return next(url, context)
  return { format: 'module', source: compiled(fileURLToPath(url)), shortCircuit: true }
}

/** The compiled text of a file, by its path and text: from the cache, or compiled now. */
function compiled(path) {
  const text = readFileSync(path, 'utf8')
  const kept = join(KEPT, `${createHash('sha256').update(`${SEED}\0${path}\0${text}`).digest('hex')}.js`)
  try {
    return readFileSync(kept, 'utf8')
  } catch {
    const made = compile(path, text)
    // Several processes may compile the same file at the same time: each renames a complete file into place.
    const draft = `${kept}.${process.pid}`
    writeFileSync(draft, made)
    renameSync(draft, kept)
    return made
  }
}

function compile(path, text) {
  const ts = requireHere('typescript')
  const { options } = ts.convertCompilerOptionsFromJson(OPTIONS, ROOT)
  const { outputText, diagnostics = [] } = ts.transpileModule(text, {
    fileName: path,
    reportDiagnostics: true,
    compilerOptions: options,
  })
  const [fault] = diagnostics
  if (fault) throw new SyntaxError(`${path}: ${ts.flattenDiagnosticMessageText(fault.messageText, '\n')}`)
  return outputText
}
