import { existsSync, readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { test } from 'tap'
import ts from 'typescript'
import { readCommandLine } from '../../lib/cli/command-line.js'
import { COMMANDS } from '../../lib/cli/commands.js'
import { read, rowsOf } from './references.js'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const DOCUMENTS = ['', 'docs', 'docs/decisions', 'bench'].flatMap(folder =>
  readdirSync(join(ROOT, folder))
    .filter(name => name.endsWith('.md'))
    .map(name => join(folder, name)),
)

/** The fenced blocks of a document in one of these languages. */
function blocks(path: string, ...languages: string[]): string[] {
  return [...read(path).matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)]
    .filter(([, language = '']) => languages.includes(language))
    .map(([, , text = '']) => text)
}

test('programs in the documents compile', async t => {
  const programs = new Map(
    DOCUMENTS.flatMap(path =>
      blocks(path, 'ts').map((text, i): [string, string] => [
        join(ROOT, `${path.replaceAll('/', '-')}-${i + 1}.ts`),
        text,
      ]),
    ),
  )
  t.ok(programs.size >= 4, 'there are some')
  const { config } = ts.readConfigFile(join(ROOT, 'tsconfig.json'), ts.sys.readFile)
  const { options } = ts.parseJsonConfigFileContent({ ...config, files: [] }, ts.sys, ROOT)
  const ours: ts.CompilerOptions = { ...options, noEmit: true, paths: { hopwise: ['./lib/index.ts'] } }
  const host = ts.createCompilerHost(ours)
  const { getSourceFile, fileExists } = host
  host.fileExists = path => programs.has(path) || fileExists(path)
  host.getSourceFile = (path, version) => {
    const text = programs.get(path)
    return text === undefined ? getSourceFile(path, version) : ts.createSourceFile(path, text, version)
  }
  const program = ts.createProgram([...programs.keys()], ours, host)
  for (const path of programs.keys()) {
    const file = program.getSourceFile(path)
    const faults = [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)]
    t.same(
      faults.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n')),
      [],
      path.slice(ROOT.length),
    )
  }
})

test('command lines in the documents are valid', async t => {
  const surroundings = { environment: {}, version: '', columns: 80 }
  const texts = [
    ...DOCUMENTS.flatMap(path => blocks(path, 'sh', 'console')),
    read('Dockerfile'),
    read('config/hopwise.env.example'),
  ]
  const examples = Object.values(COMMANDS).flatMap(({ examples }) => examples.map(([line]) => line))
  const lines = [...texts.flatMap(text => text.split('\n')), ...examples].flatMap(line => {
    const found =
      /(?:^|\s)(?:hopwise|\S*hopwise\.js) ((?:serve|check|reload|password|reverse|forward|dumb|explain|health|lab|demo)(?: .*)?)$/.exec(
        line,
      )
    return found?.[1] === undefined ? [] : [found[1].split(/ {2,}/)[0] ?? '']
  })
  t.ok(lines.length >= 15, `${lines.length} lines`)
  for (const line of lines) {
    const words = [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare ?? '')
    t.match(readCommandLine(words, surroundings), { kind: 'run' }, line)
  }
})

test('options in the documents exist', async t => {
  const known = new Set(Object.values(COMMANDS).flatMap(({ options }) => Object.keys(options)))
  for (const path of DOCUMENTS.filter(name => !name.startsWith('bench') && name !== 'CONTRIBUTING.md')) {
    const named = [...read(path).matchAll(/`--([a-z][a-z0-9-]+)/g)].map(([, name = '']) => name)
    t.same(
      named.filter(name => !known.has(name) && !known.has(name.replace(/^no-/, ''))),
      [],
      path,
    )
  }
})

test('docs/library.md names every option of createProxy, and no other', async t => {
  const options =
    /export interface ProxyOptions \{([\s\S]*?)\n\}/.exec(read('lib/proxy/options/proxy-options.ts'))?.[1] ?? ''
  const keys = [...options.matchAll(/^ {2}(\w+)\??:/gm)].map(([, key]) => `\`${key}\``)
  const table = read('docs/library.md').split('## Options')[1]?.split('## Events')[0] ?? ''
  t.same(
    rowsOf(table).map(([key]) => key),
    keys,
  )
})

test('links between the documents have a target', async t => {
  for (const path of DOCUMENTS) {
    const targets = [...read(path).matchAll(/\]\((?!https?:|#)([^)#\s]+)/g)].map(([, target = '']) => target)
    t.same(
      targets.filter(target => !existsSync(join(ROOT, dirname(path), target))),
      [],
      path,
    )
  }
})
