// The image, built from the Dockerfile as it is.
import { copyFileSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { baseImage } from './base.mjs'
import { buildah, FOLDER, must } from './machine.mjs'

const IMAGE = 'localhost/hopwise-test/hopwise'

/**
 * @param context the folder with the Dockerfile
 * @returns `config` as an engine reads it (Entrypoint, Cmd, Env, User, …), `root` the image's files, `base` what it was built on
 */
export async function buildImage(context) {
  const wanted = /^ARG NODE=(\S+)$/m.exec(readFileSync(join(context, 'Dockerfile'), 'utf8'))?.[1] ?? ''
  const base = await baseImage(wanted)
  const began = performance.now()
  // In Docker's format: the OCI format has no health check.
  const how = ['--isolation', 'chroot', '--format', 'docker', '--build-arg', `NODE=${base}`]
  await buildah('bud', '--quiet', ...how, ...(await registryVolumes()), '--tag', IMAGE, context)
  const seconds = Math.round((performance.now() - began) / 1000)

  const { Docker } = JSON.parse(await buildah('inspect', '--type', 'image', IMAGE))
  const container = await buildah('from', IMAGE)
  const root = await buildah('mount', container)
  return { config: Docker.config, root, seconds, base }
}

/**
 * A machine with systemd and hopwise, its units installed.
 * @returns its root
 */
export async function buildMachine(image, context) {
  const container = await buildah('from', image.base)
  const packages = ['systemd', 'dbus', 'procps']
  await buildah('run', '--isolation', 'chroot', container, 'apt-get', '-qq', 'update')
  await buildah('run', '--isolation', 'chroot', container, 'sh', '-c', `${APT} ${packages.join(' ')} >/dev/null 2>&1`)
  const root = await buildah('mount', container)
  await must('cp', ['-a', join(image.root, 'app'), join(root, 'usr/local/lib/hopwise')])
  await must('chmod', ['+x', join(root, 'usr/local/lib/hopwise/dist/bin/hopwise.js')])
  symlinkSync('../lib/hopwise/dist/bin/hopwise.js', join(root, 'usr/local/bin/hopwise'))
  mkdirSync(join(root, 'etc/hopwise'))
  for (const unit of ['hopwise.service', 'hopwise.socket'])
    copyFileSync(join(context, 'config/systemd', unit), join(root, 'etc/systemd/system', unit))
  return root
}

const APT = 'DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends install'

/** Removes what a build left: containers, our image and those of its stages. The base stays. */
export async function dropImage() {
  await buildah('rm', '--all')
  await buildah('rmi', '--force', IMAGE)
  await buildah('rmi', '--prune')
}

/** Makes `npm ci` use the registry of this machine's npm. Mounted for the build: nothing of it gets into a layer. */
async function registryVolumes() {
  const setting = name => must('npm', ['config', 'get', name]).then(text => (text === 'null' ? undefined : text))
  const cafile = await setting('cafile')
  const file = join(FOLDER, 'npmrc')
  writeFileSync(file, `registry=${await setting('registry')}\n${cafile ? `cafile=${cafile}\n` : ''}`)
  const volumes = [`${file}:/usr/local/etc/npmrc:ro`]
  if (cafile && existsSync(cafile)) volumes.push(`${cafile}:${cafile}:ro`)
  return volumes.flatMap(volume => ['--volume', volume])
}
