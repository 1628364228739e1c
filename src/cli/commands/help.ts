import { dirname, join } from 'node:path'
import type { Context } from '../../base/context.ts'
import { type Arguments, usageFailure } from '../arguments.ts'
import { type Block, handbook } from '../handbook.ts'
import { COMMANDS, HELP_TOPICS } from '../manual.ts'
import { describeTerminal, type Terminal } from '../terminal.ts'

/** `help`: prints the handbook or a part of it. Git for Windows opens no manual page of a program that is not its own. */
export async function help(args: Arguments, { streams, env, write, keyringProgram }: Context): Promise<void> {
  // Into a pipe it is read too, by way of a pager.
  const { stdout } = streams
  const terminal = stdout.isTTY ? describeTerminal(stdout, env) : describeTerminal({ isTTY: true }, { NO_COLOR: '1' })
  const topic = args.text('topic') ?? HELP_TOPICS.all
  assertTopic(topic)
  const parts = choose(topic).map((block) => render(block, terminal))
  if (topic === HELP_TOPICS.all) {
    // All that is built lies in one directory.
    parts.push(`The same for a browser: ${join(dirname(keyringProgram), 'git-credential-bitbucket-oauth.html')}`)
  }
  write(`${parts.join('\n').trim()}\n`)
}

function assertTopic(topic: string): void {
  const topics = [...COMMANDS.map(({ name }) => name), ...Object.values(HELP_TOPICS)]
  if (!topics.includes(topic))
    throw usageFailure(`there is no help on ${topic}`, `there is some on ${topics.join(', ')}`)
}

function choose(topic: string): readonly Block[] {
  const all = handbook()
  if (topic === HELP_TOPICS.all) return all
  const isWanted = (block: Block): boolean =>
    topic === HELP_TOPICS.settings
      ? block.kind === 'chapter' && ['CONFIGURATION', 'ENVIRONMENT', 'FILES'].includes(block.text)
      : block.kind === 'section' && block.text.startsWith(`\`${topic}\``)
  let isInside = false
  return all.filter((block) => {
    if (block.kind === 'chapter' || block.kind === 'section') isInside = isWanted(block)
    return isInside
  })
}

function render(block: Block, { paint, wrap }: Terminal): string {
  switch (block.kind) {
    case 'chapter':
      return `\n${paint('bold', block.text)}`
    case 'section':
      return `\n  ${wrap(plain(block.text), 4)}`
    case 'synopsis':
      return block.lines.map((line) => `    ${wrap(plain(line), 8)}`).join('\n')
    case 'entry': {
      const tag = `    ${wrap(plain(block.tag), 4)}`.split('\n').map((line) => paint('bold', line))
      return `${tag.join('\n')}\n        ${wrap(plain(block.text), 8)}`
    }
    case 'example':
      return `    ${wrap(`${plain(block.text)}:`, 4)}\n${block.lines.map((line) => `        ${line}`).join('\n')}`
    default:
      return `    ${wrap(plain(block.text), 4)}`
  }
}

/** Where nothing is bold, what is typed stands as it is. */
function plain(text: string): string {
  return text.replaceAll('`', '').replaceAll(/(?<=^|[[< ])\*([^*\s]+)\*/g, '$1')
}
