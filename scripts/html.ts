import { COMMAND } from '../src/base/program.ts'
import type { Block } from '../src/cli/handbook.ts'

/** The handbook for a browser: one file, without scripts and without anything from elsewhere. */
export function webPage(blocks: readonly Block[], version: string): string {
  const title = `${COMMAND.replace(' ', '-')} ${escape(version)}`
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<style>
body { max-width: 50rem; margin: 2rem auto; padding: 0 1rem; font: 1rem/1.5 system-ui, sans-serif; }
h1, h2 { font-size: 1.25rem; }
h3 { font-size: 1rem; font-weight: normal; margin-top: 2rem; }
pre { overflow-x: auto; }
dd { margin-left: 2rem; }
</style>
</head>
<body>
<h1>${title}</h1>
${blocks.map(render).join('\n')}
</body>
</html>
`
}

function render(block: Block): string {
  switch (block.kind) {
    case 'chapter':
      return `<h2 id="${block.text.toLowerCase().replace(' ', '-')}">${escape(block.text)}</h2>`
    case 'section':
      return `<h3>${marked(block.text)}</h3>`
    case 'synopsis':
      return `<p>${block.lines.map(marked).join('<br>\n')}</p>`
    case 'entry':
      return `<dl><dt>${marked(block.tag)}</dt><dd>${marked(block.text)}</dd></dl>`
    case 'example':
      return `<p>${marked(block.text)}:</p>\n<pre><code>${block.lines.map(escape).join('\n')}</code></pre>`
    default:
      return `<p>${marked(block.text)}</p>`
  }
}

/** What is typed as it is, and what stands for something else. */
function marked(text: string): string {
  return escape(text)
    .replaceAll(/`([^`]*)`/g, '<code>$1</code>')
    .replaceAll(/(?<=^|[[< ]|&lt;)\*([^*\s]+)\*/g, '<em>$1</em>')
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
}
