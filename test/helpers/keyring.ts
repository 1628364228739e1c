import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

const SECRETS = 'org.freedesktop.secrets'

/** A session bus and a Secret Service (gnome-keyring) of their own, which go with the test. */
export class KeyringDaemon {
  readonly path = mkdtempSync(join(tmpdir(), 'keyring-'))
  /** What a program needs to know to find it. */
  readonly env: Record<string, string> = {}
  #bus: ChildProcess | undefined
  #daemon: ChildProcess | undefined

  static async start(t: { teardown: (work: () => Promise<void>) => void }): Promise<KeyringDaemon> {
    for (const program of ['dbus-daemon', 'dbus-send', 'gnome-keyring-daemon']) {
      if (spawnSync(program, ['--version']).error === undefined) continue
      throw new Error(`${program} is missing: on Debian, apt-get install dbus gnome-keyring`)
    }
    const keyring = new KeyringDaemon()
    t.teardown(() => keyring.remove())
    await keyring.#startBus()
    await keyring.startDaemon()
    return keyring
  }

  async #startBus(): Promise<void> {
    // No service directories: what was killed stays dead, and nothing of this machine's starts.
    writeFileSync(
      join(this.path, 'bus.conf'),
      `<busconfig><type>session</type><listen>unix:path=${this.path}/bus</listen><auth>EXTERNAL</auth>
<policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/></policy>
</busconfig>`,
    )
    const args = [`--config-file=${this.path}/bus.conf`, '--nofork', '--nopidfile', '--print-address']
    this.#bus = spawn('dbus-daemon', args, { stdio: ['ignore', 'pipe', 'ignore'] })
    const [address] = (await once(this.#bus.stdout ?? this.#bus, 'data')) as [Buffer]
    this.env['DBUS_SESSION_BUS_ADDRESS'] = address.toString().trim()
  }

  /** Starts it unlocked, with what it kept before; or as one that was never unlocked, and has nowhere to put anything. */
  async startDaemon(isUnlocked = true): Promise<void> {
    mkdirSync(join(this.path, 'control'), { recursive: true, mode: 0o700 })
    const unlock = isUnlocked ? ['--unlock'] : []
    const args = [...unlock, '--foreground', '--components=secrets', `--control-directory=${this.path}/control`]
    const env = {
      PATH: process.env['PATH'],
      HOME: this.path,
      XDG_DATA_HOME: join(this.path, isUnlocked ? 'data' : 'elsewhere'),
      ...this.env,
    }
    this.#daemon = spawn('gnome-keyring-daemon', args, { env, stdio: ['pipe', 'ignore', 'ignore'] })
    this.#daemon.stdin?.end('\n')
    for (let look = 0; look < 2400; look++) {
      if (this.#ask('NameHasOwner', `string:${SECRETS}`).includes('boolean true')) return
      await sleep(25)
    }
    throw new Error('gnome-keyring-daemon did not start within a minute')
  }

  #ask(method: string, ...args: readonly string[]): string {
    const bus = 'org.freedesktop.DBus'
    return this.#send([`--dest=${bus}`, '/', `${bus}.${method}`, ...args])
  }

  #send(args: readonly string[]): string {
    return execFileSync('dbus-send', ['--session', '--print-reply', ...args], {
      encoding: 'utf8',
      env: { ...process.env, ...this.env },
    })
  }

  /** Locks it; without a display nobody can unlock it. */
  lock(): void {
    const collection = '/org/freedesktop/secrets/collection/login'
    this.#send([
      `--dest=${SECRETS}`,
      '/org/freedesktop/secrets',
      'org.freedesktop.Secret.Service.Lock',
      `array:objpath:${collection}`,
    ])
  }

  /** A daemon that takes what it is sent and does nothing with it. */
  freeze(): void {
    this.#daemon?.kill('SIGSTOP')
  }

  thaw(): void {
    this.#daemon?.kill('SIGCONT')
  }

  async kill(): Promise<void> {
    await end(this.#daemon)
  }

  async remove(): Promise<void> {
    await end(this.#daemon)
    await end(this.#bus)
    rmSync(this.path, { recursive: true, force: true })
  }
}

async function end(child: ChildProcess | undefined): Promise<void> {
  if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
  const exit = once(child, 'exit')
  child.kill('SIGKILL')
  await exit
}
