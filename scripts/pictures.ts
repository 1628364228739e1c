/**
 * Makes the pictures of the README, from a real run: a real git clones https://bitbucket.org/acme/widgets.git, a real
 * browser logs in. What answers as bitbucket.org is the sandbox, on port 443 of a network of its own. Needs
 * Linux, and to be root there or to be allowed user namespaces, for unshare(1):
 *
 *   npm run pictures
 */
import chromium from '@sparticuz/chromium'
import { renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { chromium as playwright } from 'playwright-core'
import { IS_IN_BITBUCKET_NETWORK, runInBitbucketNetwork } from '../test/helpers/bitbucketNetwork.ts'
import { Home } from '../test/helpers/home.ts'
import { Sandbox } from '../test/sandbox/sandbox.ts'

const DOCS = fileURLToPath(new URL('../docs/', import.meta.url))

if (IS_IN_BITBUCKET_NETWORK) await takePictures()
else process.exitCode = await takeThemThere()

/** Runs this script again where bitbucket.org is this machine. */
async function takeThemThere(): Promise<number> {
  const again = [process.execPath, ...process.execArgv, ...process.argv.slice(1)]
  const { code } = await runInBitbucketNetwork(again, 'inherit')
  return code ?? 1
}

async function takePictures(): Promise<void> {
  const sandbox = await Sandbox.start('http://localhost:8976', { tls: { host: 'bitbucket.org', port: 443 } })
  const home = new Home()
  const { key, secret } = sandbox.oauth.consumer
  home.configure({
    'credential.helper': 'bitbucket-oauth',
    'credential.https://bitbucket.org.oauthClientId': key,
    'credential.https://bitbucket.org.oauthClientSecret': secret,
  })
  writeFileSync(join(home.path, 'ca.pem'), sandbox.certificate ?? '')
  home.env['GIT_SSL_CAINFO'] = join(home.path, 'ca.pem')
  home.env['SCREENSHOTS'] = home.path
  home.useBrowser('chromium.ts')

  const lines: string[] = []
  const type = async (...args: readonly string[]): Promise<void> => {
    const { code, stderr } = await home.git(...args)
    if (code !== 0) throw new Error(stderr)
    lines.push(`$ git ${args.join(' ')}`, ...stderr.split('\n').filter((line) => line !== ''))
  }
  await type('clone', 'https://bitbucket.org/acme/widgets.git')
  await home.shownPage()
  home.forbidBrowser()
  await type('-C', 'widgets', 'fetch')
  home.expire('https://bitbucket.org')
  await type('-C', 'widgets', 'pull', '--quiet')
  await type('-C', 'widgets', 'push', 'origin', 'HEAD:refs/heads/news')

  for (const name of ['login-page.png', 'login-page-dark.png']) renameSync(join(home.path, name), join(DOCS, name))
  await photograph(lines, join(DOCS, 'terminal.png'))
  await home.remove()
  await sandbox.stop()
}

async function photograph(lines: readonly string[], path: string): Promise<void> {
  const browser = await playwright.launch({ executablePath: await chromium.executablePath(), args: chromium.args })
  const page = await browser.newPage({ viewport: { width: 900, height: 100 }, deviceScaleFactor: 2 })
  const text = lines.map((line) =>
    line.startsWith('$ ')
      ? `<b>${escape(line)}</b>`
      : escape(line).replace(/^(git-credential-bitbucket-oauth:)/, '<i>$1</i>'),
  )
  await page.setContent(`<!doctype html><style>
    body { margin: 0; background: #1d2125 }
    pre { margin: 0; padding: 20px 24px; color: #c7d1db; font: 13px/1.6 monospace; white-space: pre-wrap; overflow-wrap: anywhere }
    b { color: #fff } b:not(:first-child) { display: inline-block; margin-top: 10px } i { color: #8fb8f6; font-style: normal }
  </style><pre>${text.join('\n')}</pre>`)
  await page.locator('pre').screenshot({ path })
  await browser.close()
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
}
