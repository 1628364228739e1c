/**
 * From nothing to a pushed commit, as a person goes who has just installed this program: everything is typed in one
 * terminal, and the consumer is made and the login done in a real browser. Run as a program where bitbucket.org is this
 * machine, it prints what came of it as JSON.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Sandbox } from '../sandbox/sandbox.ts'
import { Home, quote } from './home.ts'
import { KeyringDaemon } from './keyring.ts'
import { Terminal } from './terminal.ts'

/** A browser that starts on a busy machine takes its time. Milliseconds. */
const PATIENCE = 90_000

/** The shell waits, and nothing stands behind its prompt. */
const PROMPT = /(^|\n)\$ \n*$/

const SIZE = { columns: 92, rows: 40 }

export type SetupRun = {
  readonly commands: readonly { readonly line: string; readonly exitCode: number; readonly screen: string }[]
  /** ~/.gitconfig when nothing was done, after setup, and after a second one. */
  readonly configurations: readonly string[]
  /** What git answers for each key then. */
  readonly settings: readonly string[]
  readonly openedUrls: readonly string[]
  /** What the browser showed after the login. */
  readonly page: { readonly title: string }
  readonly consumer: {
    readonly key: string
    readonly secret: string
    readonly callback: string
    readonly scopes: readonly string[]
  }
  readonly commits: readonly string[]
  readonly tokenRequests: readonly { readonly grantType: string; readonly status: number }[]
  readonly leaks: readonly string[]
  /** How many stood in the place of the secret. */
  readonly stars: number | undefined
  /** All that the terminal was sent. */
  readonly printed: string
  /** What the terminal showed of setup, and of the work after it, as documents of HTML. */
  readonly pictures: readonly string[]
}

type Teardown = Parameters<typeof Terminal.open>[0]

/**
 * @param options.screenshots the directory for pictures of the browser
 * @param options.hasKeyring whether one answers
 * @throws with what is on the screen, where it does not go on
 */
export async function runSetup(options: { screenshots?: string; hasKeyring?: boolean } = {}): Promise<SetupRun> {
  const undo: (() => Promise<void>)[] = []
  const t: Teardown = { teardown: (work) => void undo.push(work) }
  try {
    const sandbox = await Sandbox.start('http://localhost:1', {
      tls: { host: 'bitbucket.org', port: 443, hosts: ['api.bitbucket.org'] },
    })
    t.teardown(() => sandbox.stop())
    // Nobody has made the consumer yet.
    Object.assign(sandbox.oauth.settings, { callback: 'empty', scopes: [] })
    const home = new Home()
    t.teardown(() => home.remove())
    home.trust(sandbox)
    home.useBrowser('chromium.ts')
    if (options.screenshots !== undefined) home.env['SCREENSHOTS'] = options.screenshots
    if (options.hasKeyring === true) Object.assign(home.env, (await KeyringDaemon.start(t)).env)
    return await goTheWholeWay(t, home, sandbox)
  } finally {
    for (const work of undo.toReversed()) await work()
  }
}

async function goTheWholeWay(t: Teardown, home: Home, sandbox: Sandbox): Promise<SetupRun> {
  const { consumer, secrets, settings, tokenRequests } = sandbox.oauth
  const codes = join(home.path, 'codes')
  Object.assign(home.env, { PS1: '$ ', PROMPT_COMMAND: `echo $? >> ${quote(codes)}`, HISTFILE: '/dev/null' })
  const shell = Terminal.open(t, home, ['bash', '--noprofile', '--norc', '-i'], SIZE)
  const readConfiguration = (): string => readFileSync(join(home.path, '.gitconfig'), 'utf8')
  const countLines = (): number => shell.screen().split('\n').length
  const commands: SetupRun['commands'][number][] = []
  const type = async (line: string, answers?: () => Promise<void>): Promise<void> => {
    const before = countLines()
    shell.type(`${line}\r`)
    await shell.waitFor(`$ ${line}`)
    await answers?.()
    await shell.waitFor(PROMPT, { within: PATIENCE })
    const exitCode = Number(readFileSync(codes, 'utf8').trim().split('\n').at(-1))
    commands.push({ line, exitCode, screen: shell.screen().split('\n').slice(before, -1).join('\n') })
  }

  await shell.waitFor(PROMPT)
  const configurations = [readConfiguration()]
  await type('git credential-bitbucket-oauth setup', () => answer(shell, home))
  configurations.push(readConfiguration())
  const page = await home.shownPage()
  const begin = countLines() - 1
  const setup = shell.html(0, begin)

  home.forbidBrowser()
  await type('git clone https://bitbucket.org/acme/widgets.git')
  await type('cd widgets')
  await type('git fetch')
  await type('echo news > news && git add news')
  await type('git commit --quiet --message "Add news"')
  await type('git push')
  const work = shell.html(begin, countLines() - 1)

  await type('git credential-bitbucket-oauth setup acme')
  configurations.push(readConfiguration())
  await shell.close()

  const { stdout } = await home.git('config', '--get-regexp', '^credential')
  return {
    commands,
    configurations,
    settings: stdout.trimEnd().split('\n'),
    openedUrls: home.openedUrls(),
    page,
    consumer: { ...consumer, scopes: settings.scopes },
    commits: sandbox.commits('widgets'),
    tokenRequests,
    leaks: home.findLeaks(secrets),
    stars: /Secret \(it is not shown\) ([*\n]+)\n/.exec(shell.text())?.[1]?.replaceAll('\n', '').length,
    printed: shell.printed,
    pictures: [setup, work].map((html) => html.replaceAll(home.path, '/home/alice')),
  }
}

/** What a person does whom setup asks. */
async function answer(shell: Terminal, home: Home): Promise<void> {
  await shell.waitFor('Your workspace')
  shell.type('acme\r')
  await shell.waitFor('Press Enter to open that page')
  shell.press('enter')
  const { key, secret } = await home.madeConsumer()
  await shell.waitFor('? Key')
  shell.type(`${key}\r`)
  await shell.waitFor('? Secret')
  shell.type(`${secret}\r`)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  process.stdout.write(JSON.stringify(await runSetup()))
}
