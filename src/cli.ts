import { readFileSync } from 'node:fs'
import { isFailure } from './failure.ts'
import { parseObject } from './json.ts'
import { message } from './report.ts'
import type { Surroundings } from './surroundings.ts'
import yargs from 'yargs'

/** Bitbucket Cloud, which nobody should have to name. */
const BITBUCKET = 'https://bitbucket.org'

/**
 * What a person meets who runs the program by hand.
 *
 * @param complain takes words for stderr as they are
 * @returns the exit code: 0; 2 for a wrong usage; 4 where a login is needed
 * @throws Failure as the commands do
 */
export async function run(
  args: readonly string[],
  around: Surroundings,
  complain: (text: string) => void,
): Promise<number> {
  let exitCode = args.length === 0 ? 2 : 0
  const parser = yargs()
    .scriptName('git credential-bitbucket-oauth')
    .locale('en')
    .usage(
      `Usage: $0 <command>

Logs git in to Bitbucket Cloud: once in the browser, then never again. Git runs this program by itself after

  git config --global credential.https://bitbucket.org.helper bitbucket-oauth
  git config --global credential.https://bitbucket.org.oauthClientId KEY
  git config --global credential.https://bitbucket.org.oauthClientSecret SECRET

with the key and secret of a private OAuth consumer, made at
https://bitbucket.org/WORKSPACE/workspace/settings/api
with the callback URL http://localhost:8976 and the permissions Repositories: Read and Write.`,
    )
    .command(
      'login [url]',
      'Log in with the browser, whatever is kept already',
      (login) =>
        login.positional('url', { type: 'string', default: BITBUCKET, describe: 'The host' }).option('username', {
          type: 'string',
          requiresArg: true,
          // Given twice, the last one counts, as everywhere.
          coerce: (names: string | string[]) => (Array.isArray(names) ? names.at(-1) : names),
          describe: 'Log in beside the default account, for URLs with this username',
        }),
      async ({ url, username }) => {
        const { login } = await import('./commands/login.ts')
        await login({ url, username }, around)
      },
    )
    .command('status', 'Tell which logins are kept, and where', {}, async () => {
      const { status } = await import('./commands/status.ts')
      if ((await status(around)) === 'logged out') exitCode = 4
    })
    .command('get', 'Answer git with an access token: a cached, a refreshed or a new one')
    .command('store', 'Keep nothing, and have helpers asked before this one forget what git gave them')
    .command('erase', 'Forget the access token that git says was refused')
    .command('capability', 'Tell git what this helper can do')
    .epilogue(
      'All settings: man git-credential-bitbucket-oauth\nTo forget a login for good:\n  printf "protocol=https\\nhost=bitbucket.org\\n" | git credential reject',
    )
    .alias('h', 'help')
    .version(readVersion())
    .alias('v', 'version')
    .strict()
    .wrap(null)
    .exitProcess(false)
  if (args.length === 0) {
    complain(`${await parser.getHelp()}\n`)
    return exitCode
  }
  await parser.parse([...args], (error: Error | undefined, _: unknown, output: string) => {
    if (error) {
      if (isFailure(error)) throw error
      exitCode = 2
      complain(`${message(error.message)}hint: git credential-bitbucket-oauth -h\n`)
    } else if (output !== '') around.write(`${output}\n`)
  })
  return exitCode
}

function readVersion(): string {
  const manifest = parseObject(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))
  return String(manifest?.['version'])
}
