import { SerializeAddon } from '@xterm/addon-serialize'
import headless from '@xterm/headless'
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { type Home, quote } from './home.ts'

const KEYS = { enter: '\r', 'ctrl-c': '\u0003', 'ctrl-d': '\u0004' }

/** Lines that have left the screen and are remembered. */
const SCROLLBACK = 10_000

/** Whose terminal it is. */
type User = Pick<Home, 'path' | 'env' | 'noteOutput'>

type Size = { readonly columns?: number; readonly rows?: number; readonly cwd?: string }

/**
 * A terminal with a command of a home in it: a real one to the command, by script(1), and one that can be looked at. What
 * is printed counts where the home is searched for leaks; so does a secret that was typed and echoed.
 */
export class Terminal {
  /** The command's exit code, when it has ended and all that it printed is on the screen. */
  readonly ended: Promise<number | undefined>
  readonly #child: ChildProcessWithoutNullStreams
  readonly #terminal: headless.Terminal
  readonly #serializer = new SerializeAddon()
  /** Called whenever the screen has changed, or nothing more comes. */
  readonly #watchers = new Set<() => void>()
  #hasEnded = false
  #printed = ''

  private constructor(home: User, command: readonly string[], { columns = 100, rows = 30, cwd }: Size) {
    this.#terminal = new headless.Terminal({ cols: columns, rows, scrollback: SCROLLBACK, allowProposedApi: true })
    this.#terminal.loadAddon(this.#serializer)
    const line = `stty cols ${columns} rows ${rows}; exec ${command.map(quote).join(' ')}`
    this.#child = spawn('script', ['-qefc', line, '/dev/null'], {
      cwd: cwd ?? join(home.path, 'work'),
      env: { ...home.env, SHELL: '/bin/sh', TERM: 'xterm-256color' },
    })
    this.#child.stdin.on('error', () => {})
    // Programs ask a terminal where the cursor is, and wait for what it says.
    this.#terminal.onData((answer) => void this.#child.stdin.write(answer))
    this.ended = this.#read(home)
  }

  /** Starts a command. It goes with the test, as if the window had been closed. */
  static open(
    t: { teardown: (work: () => Promise<void>) => void },
    home: User,
    command: readonly string[],
    size: Size = {},
  ): Terminal {
    const terminal = new Terminal(home, command, size)
    t.teardown(() => terminal.close())
    return terminal
  }

  async #read(home: User): Promise<number | undefined> {
    const exit = once(this.#child, 'close') as Promise<[number | null]>
    const decoder = new TextDecoder()
    for await (const chunk of this.#child.stdout as AsyncIterable<Buffer>) {
      this.#printed += decoder.decode(chunk, { stream: true })
      await new Promise<void>((resolve) => this.#terminal.write(chunk, resolve))
      this.#wake()
    }
    home.noteOutput(this.#printed)
    const [code] = await exit
    this.#hasEnded = true
    this.#wake()
    return code ?? undefined
  }

  #wake(): void {
    for (const watcher of this.#watchers) watcher()
  }

  type(text: string): void {
    this.#child.stdin.write(text)
  }

  press(key: keyof typeof KEYS): void {
    this.type(KEYS[key])
  }

  /**
   * Resolves as soon as the text is to be seen, if only by scrolling back. It may go over the edge of the screen.
   *
   * @param options.within milliseconds
   * @throws with what is on the screen, when the time is over or the command has ended
   */
  async waitFor(text: string | RegExp, { within = 90_000 }: { within?: number } = {}): Promise<void> {
    const isThere = (): boolean => {
      const seen = this.#lines(true).join('\n')
      return typeof text === 'string' ? seen.includes(text) : text.test(seen)
    }
    const reason = await new Promise<string | undefined>((resolve) => {
      const settle = (outcome: string | undefined): void => {
        clearTimeout(timer)
        this.#watchers.delete(look)
        resolve(outcome)
      }
      const look = (): void => {
        if (isThere()) settle(undefined)
        else if (this.#hasEnded) settle('at the end of the command')
      }
      const timer = setTimeout(() => settle(`within ${within} ms`), within)
      this.#watchers.add(look)
      look()
    })
    if (reason !== undefined) throw new Error(`${String(text)} was not seen ${reason}:\n${this.screen()}`)
  }

  /** All that is to be seen, what was scrolled away included, without the blanks at the ends. */
  screen(): string {
    return this.#lines(false).join('\n').trimEnd()
  }

  /** The same as it was printed: a line that goes over the edge of the screen is one. */
  text(): string {
    return this.#lines(true).join('\n').trimEnd()
  }

  #lines(isUnwrapped: boolean): string[] {
    const { active } = this.#terminal.buffer
    const lines: string[] = []
    for (let index = 0; index < active.length; index++) {
      const line = active.getLine(index)
      const next = active.getLine(index + 1)
      const text = line?.translateToString(!(isUnwrapped && next?.isWrapped)) ?? ''
      if (isUnwrapped && line?.isWrapped) lines.push(`${lines.pop() ?? ''}${text}`)
      else lines.push(text)
    }
    return lines
  }

  /** All that was printed, as it came. */
  get printed(): string {
    return this.#printed
  }

  /** Whether the cursor is to be seen. */
  get hasCursor(): boolean {
    return this.#printed.lastIndexOf('\u001B[?25h') >= this.#printed.lastIndexOf('\u001B[?25l')
  }

  /** The same with its colours, as a document of HTML: from one line to before another. */
  html(start: number, end: number): string {
    const range = { startLine: start, endLine: end - 1, startCol: 0 }
    return this.#serializer.serializeAsHTML({ includeGlobalBackground: true, range })
  }

  /** Hangs up. */
  async close(): Promise<void> {
    if (!this.#hasEnded) this.#child.kill('SIGKILL')
    await this.ended
    this.#terminal.dispose()
  }
}
