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

/** Where a consumer is made; its fields are those of Bitbucket, with the permissions all in sight. */
export function addConsumerPage(permissions: readonly string[]): string {
  const ticks = permissions.map(
    (permission) =>
      `<label><input type="checkbox" name="permission" value="${escape(permission)}"> ${escape(permission)}</label>`,
  )
  return page(
    'Add OAuth consumer',
    `<form method="post">
<label>Name <input name="name" required></label>
<label>Callback URL <input name="callback"></label>
<label><input type="checkbox" name="private"> This is a private consumer</label>
<fieldset><legend>Permissions</legend>
${ticks.join('\n')}
</fieldset>
<button>Save</button>
</form>`,
  )
}

export function consumerPage(name: string, key: string, secret: string): string {
  return page(
    name,
    `<dl>
<dt id="key">Key</dt> <dd aria-labelledby="key">${escape(key)}</dd>
<dt id="secret">Secret</dt> <dd aria-labelledby="secret">${escape(secret)}</dd>
</dl>`,
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
<style>body { font: 1rem/1.5 system-ui, sans-serif; max-width: 26rem; margin: 4rem auto; padding: 0 1rem } label { display: block; margin: 1rem 0 } input { display: block; width: 100% } [type=checkbox] { display: inline; width: auto }</style>
<h1>${escape(title)}</h1>
${body}
</html>
`
}

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}
