/**
 * A real browser, the Chromium that comes inside an npm package, with a user in front of it who logs in to the sandbox
 * and grants access, or cancels. Called as a browser is: `chromium.ts URL`, then the decision and a file for the last
 * page. Pictures of it are taken where SCREENSHOTS names a directory.
 */
import chromium from '@sparticuz/chromium'
import { renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { chromium as playwright } from 'playwright-core'

const [url = '', decision = 'grant', log = ''] = process.argv.slice(2)
const screenshots = process.env['SCREENSHOTS']

const browser = await playwright.launch({ executablePath: await chromium.executablePath(), args: chromium.args })
// The sandbox's certificate is nobody's; whether the helper trusts it is for other tests.
const page = await browser.newPage({
  viewport: { width: 720, height: 480 },
  deviceScaleFactor: 2,
  ignoreHTTPSErrors: true,
})
const errors: string[] = []
page.on('console', (message) => message.type() === 'error' && errors.push(message.text()))
await page.goto(url)
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
writeFileSync(`${log}.new`, JSON.stringify({ title: heading, text, errors, version: browser.version() }))
renameSync(`${log}.new`, log)
await browser.close()
