import type * as http from 'node:http'
import { pipeline, Readable } from 'node:stream'
import type { PageFile } from '../../pages/page-files.js'
import type { Experiment, KnobValues } from '../experiment.js'
import { knobValues, WrongValue } from '../experiment.js'
import { checkScale } from '../run.js'
import { said } from '../said.js'
import { checkedWorkbench } from '../workbench.js'
import { workbenchChoices } from '../workbench-choices.js'
import { readJson } from './gate.js'
import type { LabLimits } from './limits.js'
import { notHere, Problem, unknownRun } from './problem.js'
import type { RecordedRun } from './recorded-run.js'
import { JSON_TYPE, permit, STREAM_TYPE, send } from './reply.js'
import type { RunStreams } from './run-streams.js'
import type { Runs } from './runs.js'
import type { ThreadTask } from './thread-task.js'
import { visitorOf } from './visitors.js'

export interface RoutesSettings {
  readonly limits: LabLimits
  readonly runs: Runs
  readonly streams: RunStreams
  readonly files: ReadonlyMap<string, PageFile>
  readonly experiments: readonly Experiment[]
  /** The module of the experiments. */
  readonly catalogue: string
}

type Request = http.IncomingMessage
type Response = http.ServerResponse

const RUN = /^\/runs\/([\w-]{16})(\/events)?$/

/** The routes of the server. A request that cannot be served becomes a `Problem`. */
export class Routes {
  private readonly described: string
  private readonly choices = JSON.stringify(workbenchChoices())

  constructor(private readonly settings: RoutesSettings) {
    this.described = JSON.stringify(settings.experiments.map(({ run: _, ...described }) => described))
  }

  /** @throws Problem */
  async answer(request: Request, response: Response): Promise<void> {
    const [path = '', query = ''] = (request.url ?? '/').split('?', 2)
    const [, id, events] = RUN.exec(path) ?? []
    if (id !== undefined && events !== undefined) return this.events(request, response, id, query)
    if (id !== undefined) return this.run(request, response, id)
    if (path === '/runs') return this.start(request, response, 'POST', sent => this.taskOf(sent))
    if (path === '/workbench' && request.method === 'POST')
      return this.start(request, response, 'GET, HEAD, POST', sent => this.workbenchTaskOf(sent))
    const file = this.fileAt(path)
    permit(request, path === '/workbench' ? 'GET, HEAD, POST' : 'GET, HEAD')
    send(request, response, 200, { 'Content-Type': file.type }, file.bytes)
  }

  private fileAt(path: string): { readonly type: string; readonly bytes: Buffer | string } {
    if (path === '/experiments') return { type: JSON_TYPE, bytes: this.described }
    if (path === '/workbench') return { type: JSON_TYPE, bytes: this.choices }
    const file = this.settings.files.get(path)
    if (!file) throw notHere()
    return file
  }

  private async start(
    request: Request,
    response: Response,
    allow: string,
    taskOf: (sent: unknown) => ThreadTask,
  ): Promise<void> {
    permit(request, allow)
    const task = checked(taskOf, await readJson(request, response, this.settings.limits.contentBytesMax))
    const name = 'workbench' in task ? 'workbench' : task.experiment
    const { id } = this.settings.runs.start(task, name, visitorOf(request.socket.remoteAddress))
    const fields = { 'Content-Type': JSON_TYPE, Location: `/runs/${id}` }
    send(request, response, 201, fields, JSON.stringify({ run: id }))
  }

  private taskOf(sent: unknown): ThreadTask {
    const { experiment: id, knobs = {}, scale = 1, ...more } = objectOf(sent)
    for (const name of Object.keys(more)) throw new WrongValue(unknownKey(name))
    const experiment = this.settings.experiments.find(each => each.id === id)
    if (!experiment) throw new Problem(400, said('There is no such experiment.', '그런 실험은 없다.'))
    checkScale(scale)
    const values: KnobValues = knobValues(experiment.knobs, objectOf(knobs))
    return { catalogue: this.settings.catalogue, experiment: experiment.id, knobs: values, scale }
  }

  private workbenchTaskOf(sent: unknown): ThreadTask {
    const { scale = 1, ...description } = objectOf(sent)
    checkScale(scale)
    return { workbench: checkedWorkbench(description), scale }
  }

  private run(request: Request, response: Response, id: string): void {
    permit(request, 'GET, HEAD, DELETE')
    const run = this.found(id)
    if (request.method === 'DELETE') {
      this.settings.runs.stop(run)
      send(request, response, 204, {})
      return
    }
    if (!run.over) throw new Problem(409, said('This run is not finished yet.', '이 실행은 아직 끝나지 않았다.'))
    const fields = {
      'Content-Type': 'application/x-ndjson; charset=utf-8',
      'Content-Length': run.bytes,
      'Content-Disposition': `attachment; filename="hopwise-lab-${run.experiment}.jsonl"`,
    }
    response.writeHead(200, fields)
    if (request.method === 'HEAD') response.end()
    // Line by line, so that a slow reader needs no copy of it. A reader may leave early.
    else pipeline(Readable.from(linesOf(run)), response, () => {})
  }

  private events(request: Request, response: Response, id: string, query: string): void {
    permit(request, 'GET, HEAD')
    const run = this.found(id)
    this.settings.streams.admit(run)
    if (request.method === 'HEAD') {
      response.writeHead(200, { 'Content-Type': STREAM_TYPE }).end()
      return
    }
    const after = request.headers['last-event-id'] ?? new URLSearchParams(query).get('after')
    this.settings.streams.add(response, run, /^\d{1,9}$/.test(`${after}`) ? Number(after) : 0)
  }

  private found(id: string): RecordedRun {
    const run = this.settings.runs.find(id)
    if (!run) throw unknownRun()
    return run
  }
}

function* linesOf(run: RecordedRun): Generator<string> {
  for (const line of run.lines) yield `${line}\n`
}

/** The sent JSON as a task. @throws Problem that says what is wrong with it */
function checked(taskOf: (sent: unknown) => ThreadTask, sent: unknown): ThreadTask {
  try {
    return taskOf(sent)
  } catch (fault) {
    if (fault instanceof WrongValue) throw new Problem(400, fault.reason)
    throw fault
  }
}

/** @throws WrongValue */
function objectOf(sent: unknown): Readonly<Record<string, unknown>> {
  if (typeof sent === 'object' && sent !== null && !Array.isArray(sent)) return sent as Record<string, unknown>
  throw new WrongValue(said('A JSON object was expected here.', 'JSON 객체여야 한다.'))
}

function unknownKey(name: string) {
  const key = name.slice(0, 40)
  return said(
    `The key "${key}" is not known here: there are only experiment, knobs and scale.`,
    `여기에 그런 항목은 없다: "${key}". experiment, knobs, scale만 쓸 수 있다.`,
  )
}
