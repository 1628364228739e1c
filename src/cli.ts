import { readFileSync } from 'node:fs'
import { parseObject } from './json.ts'
import { message } from './report.ts'
import yargs from 'yargs'

/** Where words go: what was asked for, and what went wrong. */
type Output = { readonly print: (text: string) => void; readonly complain: (text: string) => void }

/** What a person meets who runs the program by hand. @returns the exit code: 0, or 2 for a wrong usage */
export async function run(args: readonly string[], { print, complain }: Output): Promise<number> {
  let exitCode = args.length === 0 ? 2 : 0
  const parser = yargs()
    .scriptName('git credential-bitbucket-oauth')
    .locale('en')
    .usage(
      `Usage: $0 <operation>

Logs git in to Bitbucket Cloud: once in the browser, then never again. Git runs this program by itself after

  git config --global credential.https://bitbucket.org.helper bitbucket-oauth
  git config --global credential.https://bitbucket.org.oauthClientId KEY
  git config --global credential.https://bitbucket.org.oauthClientSecret SECRET

with the key and secret of a private OAuth consumer, made at
https://bitbucket.org/WORKSPACE/workspace/settings/api
with the callback URL http://localhost:8976 and the permissions Repositories: Read and Write.`,
    )
    .command('get', 'Answer git with an access token: a cached, a refreshed or a new one')
    .command('store', 'Nothing to do: what was answered is saved already')
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
      exitCode = 2
      complain(`${message(error.message)}hint: git credential-bitbucket-oauth -h\n`)
    } else if (output !== '') print(`${output}\n`)
  })
  return exitCode
}

function readVersion(): string {
  const manifest = parseObject(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))
  return String(manifest?.['version'])
}
