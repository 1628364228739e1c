/**
 * The examples of docs/ci.md, each on a machine of its own where bitbucket.org is this one. Run as a program, it prints what came
 * of them as JSON.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Sandbox } from '../sandbox/sandbox.ts'
import { Home } from './home.ts'

export type CiRun = {
  readonly title: string
  readonly script: string
  readonly code: number | null
  readonly stderr: string
  readonly isCloned: boolean
  readonly tokenRequests: readonly { readonly grantType: string; readonly status: number }[]
  readonly openedUrls: readonly string[]
  /** The files that hold an access token, without where this program keeps one. */
  readonly leaks: readonly string[]
  /** Whether a token is kept. */
  readonly isKept: boolean
}

type Example = { readonly title: string; readonly script: string; readonly isGiven: boolean }

const PAGE = new URL('../../docs/ci.md', import.meta.url)

/** The commands of each example, as they stand in the page, but for the installation. */
export function readExamples(page = readFileSync(PAGE, 'utf8')): Example[] {
  return page.split(/^## /m).flatMap((section) => {
    const [title = ''] = section.split('\n')
    return [...section.matchAll(/^(<!-- runs: (\w+) -->\n+)?```(\w+)\n(.*?)^```$/gms)].flatMap(
      ([, , kind, language = '', text = '']) => {
        const script = kind === undefined ? findCommands(language, text) : text
        return script === '' ? [] : [{ title, script, isGiven: kind === 'given' }]
      },
    )
  })
}

function findCommands(language: string, text: string): string {
  if (language === 'dockerfile') {
    return text
      .replace(/^RUN --mount=\S+ \\\n/, '')
      .replace('CLIENT_ID=KEY', 'CLIENT_ID="$KEY"')
      .replace('/run/secrets/bitbucket', '"$SECRET_FILE"')
  }
  const lines = text.split('\n').map((line) => /^ *(?:- (?:run: )?|sh ')(.+?)'?$/.exec(line)?.[1] ?? '')
  return lines.filter((line) => line.startsWith('git ')).join('\n')
}

async function runExample({ title, script, isGiven }: Example): Promise<CiRun> {
  const sandbox = await Sandbox.start('http://localhost:1', {
    tls: { host: 'bitbucket.org', port: 443, hosts: ['api.bitbucket.org'] },
  })
  const home = new Home()
  try {
    home.trust(sandbox)
    const { consumer, secrets, tokenRequests } = sandbox.oauth
    mkdirSync(join(home.path, 'tmp'))
    writeFileSync(join(home.path, 'tmp/secret'), consumer.secret)
    const prefix = 'GIT_CREDENTIAL_BITBUCKET_OAUTH_'
    Object.assign(home.env, { CI: 'true', KEY: consumer.key, SECRET_FILE: join(home.path, 'tmp/secret') })
    if (isGiven) home.env[`${prefix}ACCESS_TOKEN`] = (await sandbox.oauth.grant()).accessToken
    else if (!script.includes('_SECRET_FILE')) {
      home.env[`${prefix}GRANT`] = 'client_credentials'
      home.env[`${prefix}CLIENT_ID`] = consumer.key
      home.env[`${prefix}CLIENT_SECRET`] = consumer.secret
    }
    const { code, stderr } = await home.run('sh', ['-ec', script])
    const { stdout } = await home.run('ls', ['widgets'])
    const openedUrls = home.openedUrls()
    const isKept = home.files(home.runtime).length > 0
    return {
      title,
      script,
      code,
      stderr,
      isCloned: stdout.includes('README.md'),
      tokenRequests,
      openedUrls,
      leaks: home.findLeaks(secrets),
      isKept,
    }
  } finally {
    await sandbox.stop()
    await home.remove()
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const runs: CiRun[] = []
  for (const example of readExamples()) runs.push(await runExample(example))
  process.stdout.write(JSON.stringify(runs))
}
