import type { Cluster } from './cluster.ts';

const runs = 5;
const program = `require('node:http').createServer().listen(0, () => { console.log(performance.now()); process.exit(); })`;

/** Milliseconds that Node takes in a pod of a service to boot and to listen, with no program but a bare server: the median of five runs. */
export async function timeBareServer(cluster: Cluster, service: string): Promise<number> {
  const inPod = ['exec', await cluster.readyPod(service), '--container=user-container', '--'];
  const took: number[] = [];
  for (let count = 0; count < runs; count += 1)
    took.push(Number(await cluster.kubectl.run([...inPod, 'node', '--eval', program])));
  return took.sort((a, b) => a - b)[Math.floor(runs / 2)]!;
}
