import { createHash } from 'node:crypto'
import { PROGRAM } from '../base/program.ts'

/** What the browser shows. It is text and not HTML: {@link renderPage} escapes it. */
export type Page = {
  readonly tone: 'good' | 'bad' | 'neutral'
  readonly title: string
  readonly text: string
  /** What to do next, one line each. */
  readonly hints: readonly string[]
}

/** @param user who has logged in, where that is known: another user of the machine may have begun the login */
export function successPage(host: string, user?: string, logout?: string): Page {
  return {
    tone: 'good',
    title: `Logged in to ${host}`,
    text: `${user === undefined ? '' : `Your account there is ${user}. `}Git goes on by itself. You can close this page and return to the terminal.`,
    hints: user === undefined ? [] : [`If that is not you, log out: ${logout}`],
  }
}

/** @param reason one sentence, as stderr says it: in lower case and without a full stop */
export function failurePage(host: string, reason: string, hints: readonly string[]): Page {
  return {
    tone: 'bad',
    title: `Not logged in to ${host}`,
    text: `${reason.charAt(0).toUpperCase()}${reason.slice(1)}.`,
    hints: hints.length > 0 ? hints : ['To try again, run the command once more.'],
  }
}

/** For any request that is not the redirect of the running login. */
export function strayPage(): Page {
  return {
    tone: 'neutral',
    title: 'Nothing to see here',
    text: 'This address waits for the answer to a login, and this was not it.',
    hints: ['If you were logging in, go back to the newest page that git opened, or run the command once more.'],
  }
}

/** The whole page, with headers by which it loads nothing, runs nothing, and is stored nowhere. */
export function renderPage(page: Page): { html: string; headers: Readonly<Record<string, string>> } {
  return {
    html: `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escape(page.title)}</title>
<style>${STYLE}</style>
</head>
<body>
<main class="${page.tone}">
<svg viewBox="0 0 48 48" width="48" height="48" aria-hidden="true"><circle cx="24" cy="24" r="24"/><path d="${SIGNS[page.tone]}"/></svg>
<h1>${escape(page.title)}</h1>
<p>${escape(page.text)}</p>
${page.hints.length > 0 ? `<ul>${page.hints.map((hint) => `<li>${escape(hint)}</li>`).join('')}</ul>` : ''}
<footer>${PROGRAM}</footer>
</main>
</body>
</html>
`,
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': `default-src 'none'; style-src 'sha256-${STYLE_HASH}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
    },
  }
}

/** Drawn in a square of 48: a tick, a cross, a dot. */
const SIGNS: Readonly<Record<Page['tone'], string>> = {
  good: 'M14 25l7 7 14-15',
  bad: 'M16 16l16 16M32 16L16 32',
  neutral: 'M23 24h2',
}

const STYLE = `
:root { color-scheme: light dark; --ground: #f4f5f7; --card: #fff; --text: #172b4d; --faint: #5e6c84; --line: #dfe1e6; --good: #1f845a; --bad: #c9372c; --neutral: #44546f }
@media (prefers-color-scheme: dark) {
  :root { --ground: #161a1d; --card: #22272b; --text: #dee4ea; --faint: #9fadbc; --line: #38414a; --good: #4bce97; --bad: #f87168; --neutral: #9fadbc }
}
* { box-sizing: border-box }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 1rem; background: var(--ground); color: var(--text); font: 1rem/1.5 system-ui, sans-serif }
main { width: 100%; max-width: 30rem; padding: 2.5rem 2rem 1.5rem; text-align: center; background: var(--card); border: 1px solid var(--line); border-radius: 12px }
svg circle { fill: var(--tone) }
svg path { fill: none; stroke: var(--card); stroke-width: 4; stroke-linecap: round; stroke-linejoin: round }
.good { --tone: var(--good) }
.bad { --tone: var(--bad) }
.neutral { --tone: var(--neutral) }
h1 { margin: 1rem 0 .5rem; font-size: 1.4rem; line-height: 1.25; overflow-wrap: anywhere }
p { margin: 0; overflow-wrap: anywhere }
ul { margin: 1.25rem 0 0; padding: 1rem 1rem 1rem 2rem; text-align: left; border: 1px solid var(--line); border-radius: 8px; overflow-wrap: anywhere }
li + li { margin-top: .5rem }
footer { margin-top: 2rem; font-size: .8rem; color: var(--faint) }
`

const STYLE_HASH = createHash('sha256').update(STYLE).digest('base64')

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}
