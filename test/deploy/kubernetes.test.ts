import type { Deployment } from 'kubernetes-types/apps/v1.js'
import type { HorizontalPodAutoscaler } from 'kubernetes-types/autoscaling/v2.js'
import type { ConfigMap, Probe, Service } from 'kubernetes-types/core/v1.js'
import type { PodDisruptionBudget } from 'kubernetes-types/policy/v1.js'
import { test } from 'tap'
import { portOf, readConfigured } from './configured.js'
import { read, readYaml } from './files.js'
import { complaints } from './typed.js'

const FILES = {
  'configmap.yaml': ['ConfigMap', 'v1', 'core/v1'],
  'deployment.yaml': ['Deployment', 'apps/v1', 'apps/v1'],
  'horizontalpodautoscaler.yaml': ['HorizontalPodAutoscaler', 'autoscaling/v2', 'autoscaling/v2'],
  'poddisruptionbudget.yaml': ['PodDisruptionBudget', 'policy/v1', 'policy/v1'],
  'service.yaml': ['Service', 'v1', 'core/v1'],
  'upstream-service.yaml': ['Service', 'v1', 'core/v1'],
} as const
type File = keyof typeof FILES
const NAMES = Object.keys(FILES) as File[]

const manifest = (name: File) => readYaml(`kubernetes/${name}`)
const deployment = manifest('deployment.yaml') as Deployment
const template = deployment.spec?.template
const pod = template?.spec
const container = pod?.containers[0]
const service = manifest('service.yaml') as Service
const upstreamService = manifest('upstream-service.yaml') as Service
const configMap = manifest('configmap.yaml') as ConfigMap
// The kubelet probes the admin listener from outside, so it cannot be on loopback.
const configured = () =>
  readConfigured(configMap.data?.['hopwise.yaml'] ?? '', {
    environment: { POD_NAMESPACE: 'shop' },
    warnings: ['admin.address'],
  })

test('each manifest is valid by the types of Kubernetes', async t => {
  const values = NAMES.map(name => ({
    name,
    type: FILES[name][0],
    module: `kubernetes-types/${FILES[name][2]}.js`,
    value: manifest(name),
  }))
  t.same(complaints(values), [])
  for (const name of NAMES) {
    const [kind, apiVersion] = FILES[name]
    t.match(manifest(name), { kind, apiVersion, metadata: { name: String } }, name)
  }
})

test('the type check finds errors', async t => {
  const service = (name: string, spec: object) => ({
    name,
    type: 'Service',
    module: 'kubernetes-types/core/v1.js',
    value: { apiVersion: 'v1', kind: 'Service', spec },
  })
  const values = [service('a', { ports: [{ port: 'http' }] }), service('b', { selectors: {} }), service('c', {})]
  t.match(complaints(values), [
    /^a: "port": "http": .*'string' is not assignable to type 'number'/,
    /^b: "selectors": .*does not exist/,
  ])
})

test('kustomization.yaml lists every manifest, and the image of this version', async t => {
  const { resources, images } = readYaml('kubernetes/kustomization.yaml') as {
    resources: string[]
    images: { name: string; newTag: string }[]
  }
  t.same([...resources].sort(), NAMES)
  const { version } = JSON.parse(read('../package.json'))
  t.match(images, [{ name: container?.image, newTag: version }])
})

test('names and labels match between the manifests', async t => {
  const labels = template?.metadata?.labels ?? {}
  t.match(labels, deployment.spec?.selector.matchLabels ?? { none: '' })
  t.match(labels, service.spec?.selector ?? { none: '' })
  const budget = manifest('poddisruptionbudget.yaml') as PodDisruptionBudget
  t.match(labels, budget.spec?.selector?.matchLabels ?? { none: '' })
  const { spec } = manifest('horizontalpodautoscaler.yaml') as HorizontalPodAutoscaler
  t.match(deployment, { ...spec?.scaleTargetRef, name: undefined, metadata: { name: spec?.scaleTargetRef.name } })
  t.equal(deployment.spec?.replicas, undefined, 'the autoscaler decides the number')
  t.ok((spec?.minReplicas ?? 0) > Number(budget.spec?.maxUnavailable), 'one may be evicted, and one is left')
  t.equal(pod?.volumes?.[0]?.configMap?.name, configMap.metadata?.name)
  t.equal(pod?.volumes?.[0]?.name, container?.volumeMounts?.[0]?.name)
})

test('hopwise listens on the ports in the manifests', async t => {
  const { listeners, admin } = configured()
  const ports = Object.fromEntries((container?.ports ?? []).map(({ name, containerPort }) => [name, containerPort]))
  t.same(ports, { http: portOf(listeners[0]?.address), admin: portOf(admin?.address) })
  t.equal(service.spec?.ports?.[0]?.targetPort, 'http')
  t.match(template?.metadata?.annotations, {
    'prometheus.io/port': String(ports.admin),
    'prometheus.io/path': '/metrics',
  })
  const asked = (probe: Probe | undefined) => [probe?.httpGet?.path, probe?.httpGet?.port]
  t.same(asked(container?.livenessProbe), ['/healthz', 'admin'])
  t.same(asked(container?.readinessProbe), ['/readyz', 'admin'])
  t.same(asked(container?.startupProbe), ['/readyz', 'admin'])
  t.match(container?.args, ['serve', '--config', `${container?.volumeMounts?.[0]?.mountPath}/hopwise.yaml`])
})

test('upstreams are found by the name of a headless Service', async t => {
  const { upstreams } = configured()
  const { metadata, spec } = upstreamService
  t.equal(spec?.clusterIP, 'None')
  t.match(upstreams.app?.servers, [
    { url: `http://${metadata?.name}.shop.svc.cluster.local:${spec?.ports?.[0]?.port}` },
  ])
  t.ok((upstreams.app?.resolve.maxMs ?? Number.POSITIVE_INFINITY) <= 5_000, 'resolved again soon')
})

test('a terminating pod gets no traffic when it stops accepting, and has enough time', async t => {
  const { announceMs, drainMs } = configured().deadlines
  const { periodSeconds = 0, failureThreshold = 0 } = container?.readinessProbe ?? {}
  t.ok(announceMs > periodSeconds * failureThreshold * 1_000, 'noticed by the probe while it still accepts')
  t.ok((pod?.terminationGracePeriodSeconds ?? 0) * 1_000 > announceMs + drainMs)
})

test('the pod has no privileges that it does not need', async t => {
  t.match(pod, {
    enableServiceLinks: false,
    automountServiceAccountToken: false,
    securityContext: { runAsNonRoot: true, runAsUser: 1000, seccompProfile: { type: 'RuntimeDefault' } },
  })
  t.match(read('../Dockerfile'), `USER ${pod?.securityContext?.runAsUser}:${pod?.securityContext?.runAsGroup}`)
  t.match(container?.securityContext, {
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    capabilities: { drop: ['ALL'] },
  })
  t.equal(container?.volumeMounts?.[0]?.readOnly, true)
  t.equal(container?.volumeMounts?.[0]?.subPath, undefined, 'a file mounted by itself never changes')
  t.ok(container?.resources?.requests?.memory && container.resources.limits?.memory)
})
