import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, rmSync, writeFileSync } from 'node:fs'
import { request } from 'node:https'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Home } from '../../test/helpers/home.ts'
import { plantLogin } from '../../test/helpers/plantLogin.ts'
import { freePort } from '../../test/helpers/ports.ts'
import { requestFor } from '../../test/helpers/user.ts'
import { Sandbox } from '../../test/sandbox/sandbox.ts'
import { measureCrowd, median, type Program, race, ratioOf, table } from './race.ts'

const ROUNDS = 31
const CROWD_ROUNDS = 3
const CROWD = 50

/** How long the server takes for each refresh of a crowd. Milliseconds. */
const DELAY = 300

/** What it may cost in empty Nodes at most, but for the server's time. */
const LIMITS = { refresh: 4, login: 6 }

/** How much longer a crowd may take than with a fresh token. Milliseconds. */
const CROWD_LIMIT = 1000

/**
 * What does not come from the cache: a refresh and a login, by https against the sandbox, which runs in this process; and many that want a
 * refresh at once.
 *
 * @param forms this program's entries by name
 */
export async function slowSection(forms: Readonly<Record<string, string>>): Promise<string[]> {
  const sandbox = await Sandbox.start(`http://localhost:${await freePort()}`, { tls: { host: 'localhost', port: 0 } })
  const home = new Home(Object.values(forms)[0])
  try {
    home.configureFor(sandbox)
    await plantLogin(home, sandbox)
    writeFileSync(join(home.path, 'empty.cjs'), '')
    return [...(await oneAtATime(home, sandbox, forms)), ...(await manyAtOnce(home, sandbox, forms))]
  } finally {
    await sandbox.stop()
    await home.remove()
  }
}

async function oneAtATime(home: Home, sandbox: Sandbox, forms: Readonly<Record<string, string>>): Promise<string[]> {
  const empty = programOf(home, 'an empty CommonJS file', [process.execPath, join(home.path, 'empty.cjs')], '')
  const refreshes = Object.entries(forms).map(([name, entry]) =>
    programOf(home, `${name}: a refresh`, [entry, 'get'], requestFor(sandbox.origin), () =>
      home.expire(sandbox.origin),
    ),
  )
  const logins = Object.entries(forms).map(([name, entry]) => ({
    name: `${name}: from “login” to the browser’s start`,
    run: async () => timeLogin(home, sandbox, entry),
  }))
  home.useAbsentUser()
  const runs = [
    { name: 'the server’s part of a refresh', run: async () => timeServer(sandbox) },
    ...[empty, ...refreshes].map((program) => ({ name: program.name, run: async () => measureCrowd(program, 1) })),
    ...logins,
  ]
  const times = await race(runs, ROUNDS)
  const [server = []] = times
  const own = times.map((some, index) =>
    index >= 2 && index < 2 + refreshes.length ? some.map((time, round) => time - (server[round] ?? NaN)) : some,
  )
  const ratio = (index: number): number => ratioOf(own, index, 1)
  const [refresh, login] = [ratio(2), ratio(2 + refreshes.length)]
  return [
    '## A refresh and a login',
    table(
      ['what', 'ms', 'of an empty Node, without the server’s part'],
      runs.map(({ name }, index) => [
        name,
        median(times[index] ?? []).toFixed(1),
        index === 0 ? '' : ratio(index).toFixed(2),
      ]),
    ),
    `By https to a server on this machine, whose certificate \`http.sslCAInfo\` names: the server’s part is what a request takes that this process, which runs already, sends over a connection of its own. A refresh may cost ${LIMITS.refresh} empty Nodes beside it, and costs ${refresh.toFixed(2)}; the browser may start after ${LIMITS.login}, and starts after ${login.toFixed(2)}. About one of them is Node’s own reading of the certificates that it brings, before the first connection by TLS (Node 20; newer ones do not).`,
  ]
}

async function manyAtOnce(home: Home, sandbox: Sandbox, forms: Readonly<Record<string, string>>): Promise<string[]> {
  const rows: string[][] = []
  const longer: string[] = []
  sandbox.oauth.settings.delay = DELAY
  for (const [name, entry] of Object.entries(forms)) {
    const fresh = programOf(home, name, [entry, 'get'], requestFor(sandbox.origin))
    const ended = programOf(home, name, [entry, 'get'], requestFor(sandbox.origin), () => home.expire(sandbox.origin))
    sandbox.oauth.tokenRequests.length = 0
    const times = await race(
      [fresh, ended].map((program) => ({ run: async () => measureCrowd(program, CROWD) })),
      CROWD_ROUNDS,
    )
    const refreshes = sandbox.oauth.tokenRequests.length / (CROWD_ROUNDS + 1)
    const [one = NaN, other = NaN] = times.map((some) => median(some))
    rows.push([name, one.toFixed(0), other.toFixed(0), refreshes.toFixed(2)])
    longer.push(`${(other - one).toFixed(0)} ms (${name})`)
  }
  sandbox.oauth.settings.delay = 0
  return [
    `## ${CROWD} at once that want a refresh`,
    table(['program', 'ms for all, with a fresh token', 'ms for all, with an ended one', 'refreshes'], rows),
    `The server takes ${DELAY} ms for a refresh. All of them may take ${CROWD_LIMIT} ms longer than with a fresh token, and take ${longer.join(' and ')} longer.`,
  ]
}

function programOf(
  home: Home,
  name: string,
  command: readonly string[],
  input: string,
  prepare: () => void = () => {},
): Program {
  return { name, command, input, env: home.env, prepare }
}

/** A refresh of another login, from this process. Milliseconds. */
async function timeServer(sandbox: Sandbox): Promise<number> {
  const { refreshToken } = await sandbox.oauth.grant()
  const { key, secret } = sandbox.oauth.consumer
  const body = new URLSearchParams({ grant_type: 'refresh_token', refresh_token: refreshToken }).toString()
  const start = process.hrtime.bigint()
  const sent = request(`${sandbox.origin}/site/oauth2/access_token`, {
    method: 'POST',
    auth: `${key}:${secret}`,
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    ca: sandbox.certificate,
    agent: false,
  })
  sent.end(body)
  const [answer] = (await once(sent, 'response')) as [NodeJS.ReadableStream & { readonly statusCode: number }]
  answer.resume()
  await once(answer, 'end')
  if (answer.statusCode !== 200) throw new Error(`the server has refused with ${answer.statusCode}`)
  return Number(process.hrtime.bigint() - start) / 1e6
}

/** Until the browser’s program has begun. Milliseconds. */
async function timeLogin(home: Home, { origin }: Sandbox, entry: string): Promise<number> {
  const opened = join(home.path, 'opened')
  rmSync(opened, { force: true })
  const start = process.hrtime.bigint()
  const child = spawn(entry, ['login', origin], { env: home.env, cwd: home.path, stdio: 'ignore' })
  const ended = once(child, 'close')
  while (!existsSync(opened)) {
    if (child.exitCode !== null) throw new Error('the login has ended before a browser was opened')
    await sleep(1)
  }
  const time = Number(process.hrtime.bigint() - start) / 1e6
  child.kill('SIGINT')
  await ended
  return time
}
