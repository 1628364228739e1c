import { build, type Plugin } from 'esbuild'
import { fileURLToPath } from 'node:url'

/** Bundles the cached path (or another program) for src/front/front.c, into one file without imports. */

const STAND_INS = fileURLToPath(new URL('../src/front/node/', import.meta.url))

/** What is loaded lazily is the whole program's, but for this. */
const OWN = /\/renewalMark\.ts$/

const handOver: Plugin = {
  name: 'hand-over',
  setup: (building) => {
    building.onResolve({ filter: /^node:/ }, ({ path }) => ({ path: `${STAND_INS}${path.slice('node:'.length)}.ts` }))
    building.onResolve({ filter: /\.ts$/ }, ({ kind, path }) =>
      kind === 'dynamic-import' && !OWN.test(path) ? { path: 'whole', namespace: 'whole' } : undefined,
    )
    building.onLoad({ filter: /./, namespace: 'whole' }, () => ({
      contents: "throw new Error('the whole program does that')",
    }))
  },
}

const [, , out = 'front.js', entry = 'src/front/main.ts'] = process.argv
const { metafile } = await build({
  entryPoints: [entry],
  outfile: out,
  bundle: true,
  minify: true,
  metafile: true,
  platform: 'neutral',
  format: 'iife',
  target: 'es2022',
  inject: [`${STAND_INS}globals.ts`],
  plugins: [handOver],
})
const outside = Object.keys(metafile.inputs).filter((path) => path.includes('node_modules'))
if (outside.length > 0) throw new Error(`the front bundles what is not ours: ${outside.join(', ')}`)
