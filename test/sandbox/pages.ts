/** The pages of the sandbox's authorization server: plain forms, with the words a user of Bitbucket would find. */

export function loginPage(uid: string, isWrong: boolean): string {
  return page(
    'Log in',
    `${isWrong ? '<p role="alert">Incorrect username or password.</p>' : ''}
<form method="post" action="/interaction/${uid}">
<label>Username <input name="username" autocomplete="username" required></label>
<label>Password <input name="password" type="password" required></label>
<button>Log in</button>
</form>`,
  )
}

export function consentPage(uid: string, scopes: readonly string[]): string {
  return page(
    'Confirm access to your account',
    `<p>The consumer asks for: ${escape(scopes.join(', '))}</p>
<form method="post" action="/interaction/${uid}">
<button name="decision" value="grant">Grant access</button>
<button name="decision" value="cancel">Cancel</button>
</form>`,
  )
}

export function errorPage(title: string, text: string | undefined): string {
  return page(title, `<p>${escape(text ?? '')}</p>`)
}

function page(title: string, body: string): string {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${escape(title)} · Bitbucket sandbox</title>
<style>body { font: 1rem/1.5 system-ui, sans-serif; max-width: 26rem; margin: 4rem auto; padding: 0 1rem } label { display: block; margin: 1rem 0 } input { display: block; width: 100% }</style>
<h1>${escape(title)}</h1>
${body}
</html>
`
}

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}
