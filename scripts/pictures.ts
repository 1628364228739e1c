/**
 * Makes the pictures of the README, from a real run: setup in a real terminal, with a real browser, then a real git that
 * clones https://bitbucket.org/acme/widgets.git. What answers as bitbucket.org is the sandbox, on port 443 of a network
 * of its own; only the path of the home directory is another one in the pictures. Needs Linux, and to be root there or to
 * be allowed user namespaces, for unshare(1), and gnome-keyring:
 *
 *   npm run pictures
 */
import chromium from '@sparticuz/chromium'
import { copyFileSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { chromium as playwright } from 'playwright-core'
import { IS_IN_BITBUCKET_NETWORK, runInBitbucketNetwork } from '../test/helpers/bitbucketNetwork.ts'
import { runSetup } from '../test/helpers/setupRun.ts'

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
  const screenshots = mkdtempSync(join(tmpdir(), 'screenshots-'))
  const { pictures } = await runSetup({ screenshots, hasKeyring: true })
  const [setup = '', work = ''] = pictures
  await photograph(setup, join(DOCS, 'setup.png'))
  await photograph(work, join(DOCS, 'terminal.png'))
  for (const name of ['login-page.png', 'login-page-dark.png']) copyFileSync(join(screenshots, name), join(DOCS, name))
}

/** @param terminal as a document of HTML */
async function photograph(terminal: string, path: string): Promise<void> {
  const browser = await playwright.launch({ executablePath: await chromium.executablePath(), args: chromium.args })
  const page = await browser.newPage({ viewport: { width: 900, height: 100 }, deviceScaleFactor: 2 })
  await page.setContent(terminal)
  await page.addStyleTag({
    content: `
      body { margin: 0; background: #1d2125 }
      pre { margin: 0; padding: 20px 24px; width: max-content; background: #1d2125 }
      pre > div { background: none !important; color: #c7d1db !important; font: 13px/1.5 monospace !important }`,
  })
  await page.locator('pre').screenshot({ path })
  await browser.close()
}
