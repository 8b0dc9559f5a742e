// hypercore, asked line by line by peers.py: `append COUNT`, `verify`, `prove INDEX`. Answers nanoseconds, or what is wrong.
// It is used as its README says: one Hypercore on a folder, `append` with one block or a list of blocks.
const Hypercore = require('hypercore')
const readline = require('readline')

const [folder, size] = [process.argv[2], Number(process.argv[3])]
const body = Buffer.alloc(size, 'x')

async function main () {
  const core = new Hypercore(folder)
  await core.ready()
  const work = {
    append: (count) => core.append(count === 1 ? body : new Array(count).fill(body)),
    verify: async () => {
      const found = await core.core.audit({ dryRun: true })
      if (found.corrupt || found.droppedBlocks || found.droppedTreeNodes) throw new Error('corrupt')
      if (found.blocks !== core.length) throw new Error(`${found.blocks} of ${core.length} blocks looked at`)
    },
    prove: async (index) => {
      const proof = await core.proof({ block: { index, nodes: 0 }, upgrade: { start: 0, length: core.length } })
      if (!proof.block || !proof.upgrade.signature) throw new Error('no proof')
    }
  }
  console.log('ready')
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const [verb, argument] = line.split(' ')
    const start = process.hrtime.bigint()
    try {
      await work[verb](Number(argument))
      console.log(String(process.hrtime.bigint() - start))
    } catch (error) {
      console.log(`error ${error.message}`)
    }
  }
  await core.close()
}

main()
