import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
/** What is shipped or run by `npm run …`. */
const PRODUCT = ['lib', 'bin', 'scripts', 'bench']

/** What a file declares, exports, imports and mentions: by name alone, without types. */
export interface NamedFile {
  /** `lib/wire/reader.ts` */
  path: string
  /** Functions, classes, types, constants and their members, as often as they are declared. */
  declares: string[]
  /** Functions, classes and constants that it exports itself. */
  exports: string[]
  /** `path#name`; `path#*` where all of a file may be used. */
  imports: string[]
  /** How often each name occurs, declarations included. */
  mentions: ReadonlyMap<string, number>
}

export function readNames(): { product: NamedFile[]; tests: NamedFile[] } {
  return { product: PRODUCT.flatMap(sources), tests: sources('test') }
}

function sources(folder: string): NamedFile[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .map(name => `${folder}/${name.replaceAll('\\', '/')}`)
    .filter(path => /\.m?[tj]s$/.test(path) && !/\.d\.m?ts$/.test(path))
    .sort()
    .map(path => namesOf(path, readFileSync(join(ROOT, path), 'utf8')))
}

/**
 * Names that lib and bin declare and that nothing of the product mentions again: what only a test keeps alive.
 * A name that two things share counts for both, so this finds less than a compiler would, and nothing that is used.
 */
export function unmentioned(product: readonly NamedFile[]): string[] {
  const declared = new Map<string, { count: number; path: string }>()
  const mentioned = new Map<string, number>()
  for (const { path, declares, mentions } of product) {
    if (isHouse(path))
      for (const name of declares) declared.set(name, { path, count: (declared.get(name)?.count ?? 0) + 1 })
    for (const [name, count] of mentions) mentioned.set(name, (mentioned.get(name) ?? 0) + count)
  }
  return [...declared]
    .filter(([name, { count }]) => (mentioned.get(name) ?? 0) <= count)
    .map(([name, { path }]) => `${path}: ${name}`)
}

/**
 * Exports of lib and bin that no other file imports, not even a test: the word `export` is too much. (Not of the pages' scripts: their
 * tests load them by name.)
 */
export function unimported(product: readonly NamedFile[], tests: readonly NamedFile[]): string[] {
  const imported = new Set([...product, ...tests].flatMap(({ imports }) => imports))
  return product
    .filter(({ path }) => isHouse(path) && path.endsWith('.ts'))
    .flatMap(({ path, exports }) =>
      imported.has(`${path}#*`)
        ? []
        : exports.filter(name => !imported.has(`${path}#${name}`)).map(name => `${path}: ${name}`),
    )
}

function isHouse(path: string): boolean {
  return path.startsWith('lib/') || path.startsWith('bin/')
}

export function namesOf(path: string, text: string): NamedFile {
  const file = ts.createSourceFile(path, text, ts.ScriptTarget.ES2023, true)
  const declares: string[] = []
  const imports: string[] = []
  const mentions = new Map<string, number>()
  const use = (specifier: string, name: string) => {
    if (specifier.startsWith('.')) imports.push(`${sourceOf(path, specifier)}#${name}`)
  }
  const walk = (node: ts.Node) => {
    if (ts.isIdentifier(node) || ts.isPrivateIdentifier(node) || ts.isStringLiteral(node))
      mentions.set(node.text, (mentions.get(node.text) ?? 0) + 1)
    const name = declaredBy(node)
    if (name !== undefined) declares.push(name)
    for (const [specifier, used] of importedBy(node, file)) use(specifier, used)
    ts.forEachChild(node, walk)
  }
  walk(file)
  return { path, declares, exports: file.statements.flatMap(exportedBy), imports, mentions }
}

function declaredBy(node: ts.Node): string | undefined {
  const isDeclaration =
    ts.isFunctionDeclaration(node) ||
    ts.isClassDeclaration(node) ||
    ts.isInterfaceDeclaration(node) ||
    ts.isTypeAliasDeclaration(node) ||
    (ts.isVariableDeclaration(node) && ts.isSourceFile(node.parent.parent.parent)) ||
    ts.isMethodDeclaration(node) ||
    ts.isPropertyDeclaration(node) ||
    ts.isAccessor(node) ||
    ts.isMethodSignature(node) ||
    ts.isPropertySignature(node) ||
    (ts.isParameter(node) && ts.isParameterPropertyDeclaration(node, node.parent))
  return isDeclaration && node.name !== undefined && ts.isIdentifier(node.name) ? node.name.text : undefined
}

function exportedBy(statement: ts.Statement): string[] {
  const isExported =
    ts.canHaveModifiers(statement) &&
    ts.getModifiers(statement)?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword) === true
  if (!isExported) return []
  if (ts.isVariableStatement(statement)) return statement.declarationList.declarations.map(({ name }) => name.getText())
  const isValue = ts.isFunctionDeclaration(statement) || ts.isClassDeclaration(statement)
  return isValue && statement.name !== undefined ? [statement.name.text] : []
}

function importedBy(node: ts.Node, file: ts.SourceFile): [specifier: string, name: string][] {
  if ((ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) && node.moduleSpecifier !== undefined) {
    const specifier = (node.moduleSpecifier as ts.StringLiteral).text
    const named = ts.isImportDeclaration(node) ? node.importClause?.namedBindings : node.exportClause
    if (named === undefined) return [[specifier, '*']]
    if (ts.isNamespaceImport(named)) return membersOf(named.name.text, file).map(name => [specifier, name])
    if (!ts.isNamedImports(named) && !ts.isNamedExports(named)) return [[specifier, '*']]
    return named.elements.map(({ name, propertyName }) => [specifier, (propertyName ?? name).text])
  }
  if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument))
    return [[(node.argument.literal as ts.StringLiteral).text, node.qualifier?.getText() ?? '*']]
  const [argument] = ts.isCallExpression(node) ? node.arguments : []
  if (argument === undefined || !ts.isStringLiteral(argument)) return []
  return (node as ts.CallExpression).expression.kind === ts.SyntaxKind.ImportKeyword ? [[argument.text, '*']] : []
}

/** What is read of `import * as name`. */
function membersOf(name: string, file: ts.SourceFile): string[] {
  const found = new Set<string>()
  const walk = (node: ts.Node) => {
    if (ts.isPropertyAccessExpression(node) && node.expression.getText() === name) found.add(node.name.text)
    if (ts.isQualifiedName(node) && node.left.getText() === name) found.add(node.right.text)
    ts.forEachChild(node, walk)
  }
  walk(file)
  return [...found]
}

/** Source of what is imported: `dist/` and `.js` are what becomes of it. */
function sourceOf(from: string, specifier: string): string {
  const path = normalize(join(dirname(from), specifier)).replace(/^dist\//, '')
  return path.startsWith('lib/') && !/\/page\//.test(path) ? path.replace(/\.js$/, '.ts') : path
}
