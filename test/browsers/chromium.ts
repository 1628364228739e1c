/**
 * A real browser, the Chromium that comes inside an npm package, with a user in front of it who logs in to the sandbox
 * and grants access, or cancels; or who makes the consumer, and leaves its key and secret in consumer.json in the
 * directory for temporary files. Called as a browser is: `chromium.ts URL`, then the decision and a file for the last
 * page. Pictures of it are taken where SCREENSHOTS names a directory.
 */
import chromium from '@sparticuz/chromium'
import { renameSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Browser, chromium as playwright } from 'playwright-core'

const [url = '', decision = 'grant', log = ''] = process.argv.slice(2)
const screenshots = process.env['SCREENSHOTS']

/** For one step on a busy machine. Milliseconds. */
const PATIENCE = 90_000

const browser = await launch(3)
// The sandbox's certificate is nobody's; whether the helper trusts it is for other tests.
const page = await browser.newPage({
  viewport: { width: 720, height: 480 },
  deviceScaleFactor: 2,
  ignoreHTTPSErrors: true,
})
page.setDefaultTimeout(PATIENCE)
const errors: string[] = []
page.on('console', (message) => message.type() === 'error' && errors.push(message.text()))
await page.goto(url)
if ((await page.title()).startsWith('Add OAuth consumer')) {
  await page.getByLabel('Name').fill('git credential helper')
  await page.getByLabel('Callback URL').fill('http://localhost:8976')
  for (const tick of ['This is a private consumer', 'Repositories: Read', 'Repositories: Write'])
    await page.getByLabel(tick).check()
  await page.getByRole('button', { name: 'Save' }).click()
  const key = await page.getByLabel('Key').textContent()
  const secret = await page.getByLabel('Secret').textContent()
  writeWhole(join(tmpdir(), 'consumer.json'), { key, secret })
  await browser.close()
  process.exit()
}
if ((await page.title()).startsWith('Log in')) {
  await page.getByLabel('Username').fill('alice')
  await page.getByLabel('Password').fill('sandbox')
  await page.getByRole('button', { name: 'Log in' }).click()
  await page.getByRole('button', { name: decision === 'grant' ? 'Grant access' : 'Cancel' }).click()
}
const heading = await page.locator('h1').textContent()
const text = await page.locator('body').innerText()
if (screenshots !== undefined) {
  await page.screenshot({ path: join(screenshots, 'login-page.png') })
  await page.emulateMedia({ colorScheme: 'dark' })
  await page.screenshot({ path: join(screenshots, 'login-page-dark.png') })
  await page.setViewportSize({ width: 320, height: 560 })
  await page.screenshot({ path: join(screenshots, 'login-page-phone.png') })
}
writeWhole(log, { title: heading, text, errors, version: browser.version() })
await browser.close()

/** Whoever waits for a file reads it as soon as it is there. */
function writeWhole(path: string, content: object): void {
  writeFileSync(`${path}.new`, JSON.stringify(content))
  renameSync(`${path}.new`, path)
}

/** On a busy machine, one start in some hundreds ends in a crash of Chromium's own. */
async function launch(tries: number): Promise<Browser> {
  const options = { executablePath: await chromium.executablePath(), args: chromium.args, timeout: PATIENCE }
  return playwright.launch(options).catch(async (error: unknown) => {
    if (tries === 1) throw error
    return launch(tries - 1)
  })
}
