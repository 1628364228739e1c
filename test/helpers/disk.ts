import type { ExecutionContext } from 'ava'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Home, Outcome } from './home.ts'

/** How root and everybody else get a view of the file system that is their own. */
const [UNSHARE, ENTER] =
  process.getuid?.() === 0
    ? [['--mount'], ['--mount']]
    : [
        ['--mount', '--user', '--map-root-user'],
        ['--mount', '--user', '--preserve-credentials'],
      ]

/** Of a small disk. Bytes. */
const SIZE = 256 * 1024

/** Another disk in the place of a directory, for those alone who are run on it. It goes with the test. */
export class Disk {
  readonly #directory: string
  readonly #keeper: ChildProcess

  private constructor(directory: string, keeper: ChildProcess) {
    this.#directory = directory
    this.#keeper = keeper
  }

  /** A small disk with what the directory holds. */
  static async small(t: ExecutionContext, directory: string): Promise<Disk> {
    const disk = await Disk.#mount(t, directory, `mount -t tmpfs -o size=${SIZE},mode=700 tmpfs "$1"`)
    cpSync(directory, disk.path, { recursive: true })
    return disk
  }

  /** The directory as it is, on a disk that is read-only. */
  static readOnly(t: ExecutionContext, directory: string): Promise<Disk> {
    return Disk.#mount(t, directory, 'mount --bind "$1" "$1" && mount -o remount,ro,bind "$1"')
  }

  static async #mount(t: ExecutionContext, directory: string, command: string): Promise<Disk> {
    // What was mounted lasts as long as somebody sees it, which is until the standard input ends.
    const script = `${command} && echo ready && exec cat`
    const keeper = spawn('unshare', [...UNSHARE, 'sh', '-c', script, 'sh', directory], {
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    t.teardown(() => keeper.kill('SIGKILL'))
    const isReady = await Promise.race([
      once(keeper.stdout, 'data').then(() => true),
      once(keeper, 'exit').then(() => false),
    ])
    if (!isReady) throw new Error('a disk cannot be mounted: be root, or a user who may make user namespaces')
    return new Disk(directory, keeper)
  }

  /** The directory as those see it who are run on the disk. */
  get path(): string {
    return join(`/proc/${this.#keeper.pid}/root`, this.#directory)
  }

  /** Runs one call of the helper by git on it. */
  helper(home: Home, operation: string, input: string): Promise<Outcome> {
    const args = ['--target', String(this.#keeper.pid), ...ENTER, 'git-credential-bitbucket-oauth', operation]
    return home.run('nsenter', args, { input })
  }

  /**
   * Takes all the room there is.
   *
   * @param left but for so many bytes
   */
  fill(left = 0): void {
    const filler = join(this.path, 'filler')
    try {
      writeFileSync(filler, Buffer.alloc(SIZE))
    } catch {
      // As much as fitted is there.
    }
    truncateSync(filler, statSync(filler).size - left)
  }

  free(): void {
    rmSync(join(this.path, 'filler'))
  }
}
