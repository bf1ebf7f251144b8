import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
/** Globals that make a function depend on more than its arguments. */
const IMPURE_GLOBALS = [
  'Date',
  'performance',
  'process',
  'setTimeout',
  'setInterval',
  'setImmediate',
  'queueMicrotask',
  'crypto',
  'fetch',
  'console',
]

export interface HouseFile {
  /** `lib/wire/reader.ts` */
  path: string
  /** Our own files by path, everything else by its package or `node:` name. Includes imports of types. */
  imports: string[]
  /** The imports that remain without types: what is loaded when this file is. */
  loads: string[]
  /** Impure globals that it uses, including `Math.random`. */
  globals: string[]
}

/** Every source file of lib/ and bin/. */
export function readHouse(): HouseFile[] {
  return ['lib', 'bin'].flatMap(folder =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
      .filter(name => name.endsWith('.ts'))
      .map(name => `${folder}/${name.replaceAll('\\', '/')}`)
      .sort()
      .map(path => readFile(path, readFileSync(join(ROOT, path), 'utf8'))),
  )
}

export function readFile(path: string, text: string): HouseFile {
  const { importedFiles } = ts.preProcessFile(text, true, true)
  const imports = importedFiles.map(({ fileName }) => nameOf(path, fileName))
  const file = ts.createSourceFile(path, text, ts.ScriptTarget.ES2023, true)
  const loads = file.statements.flatMap(statement => loadedBy(statement)).map(name => nameOf(path, name))
  return { path, imports: [...new Set(imports)], loads: [...new Set(loads)], globals: globalsOf(file) }
}

/** Only `import type` and `export type` vanish entirely: `import { type A }` still loads its file. */
function loadedBy(statement: ts.Statement): string[] {
  const types =
    (ts.isImportDeclaration(statement) && statement.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword) ||
    (ts.isExportDeclaration(statement) && statement.isTypeOnly)
  const from =
    ts.isImportDeclaration(statement) || ts.isExportDeclaration(statement) ? statement.moduleSpecifier : undefined
  return !types && from && ts.isStringLiteral(from) ? [from.text] : []
}

function nameOf(from: string, specifier: string): string {
  if (specifier.startsWith('.')) return normalize(join(dirname(from), specifier)).replace(/\.js$/, '.ts')
  if (specifier.startsWith('node:')) return specifier
  return specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/')
}

function globalsOf(file: ts.SourceFile): string[] {
  const found = new Set<string>()
  const walk = (node: ts.Node) => {
    if (ts.isIdentifier(node) && IMPURE_GLOBALS.includes(node.text) && !isMemberName(node)) found.add(node.text)
    if (ts.isPropertyAccessExpression(node) && node.getText() === 'Math.random') found.add('Math.random')
    ts.forEachChild(node, walk)
  }
  walk(file)
  return [...found]
}

/** The `x` of `a.x` and `{ x: 1 }` is not a global, unless `a` is `globalThis`. */
function isMemberName(node: ts.Identifier): boolean {
  const { parent } = node
  if (ts.isPropertyAccessExpression(parent)) return parent.name === node && parent.expression.getText() !== 'globalThis'
  const named = ts.isPropertyAssignment(parent) || ts.isPropertySignature(parent) || ts.isPropertyDeclaration(parent)
  const method = ts.isMethodDeclaration(parent) || ts.isMethodSignature(parent)
  return (named || method) && parent.name === node
}
