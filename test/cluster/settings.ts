/** What `npm run cluster:verify` and its like are told about the cluster; kubectl's own KUBECONFIG says which one it is. */
export interface Settings {
  /** A command that makes an image of a folder, pushes it, and prints its address last: it is called with the folder and a name. */
  IMAGE_COMMAND: string;
  /** Where the gateway is reached, if the addresses of Services are not: requests then carry their name as Host. */
  GATEWAY_URL: string | undefined;
  /** Images of the store and the inbox, where the public registries are out of reach. */
  STORE_IMAGE: string | undefined;
  INBOX_IMAGE: string | undefined;
  /** Prometheus, for `npm run cluster:monitor`. */
  PROMETHEUS_IMAGE: string;
  /** Node, for config/rollout. */
  NODE_IMAGE: string;
  /** Restarts the node agent, for the row that tries it. */
  KUBELET_RESTART: string | undefined;
  /** Rows to try, by name; all of them otherwise. */
  rows: string[];
  /** Leaves the namespace as it is at the end. */
  keep: boolean;
}

/** @throws with what is missing */
export function readSettings(args: string[], environment = process.env): Settings {
  const { IMAGE_COMMAND, GATEWAY_URL, STORE_IMAGE, INBOX_IMAGE, KUBELET_RESTART } = environment;
  const { PROMETHEUS_IMAGE = 'prom/prometheus:v3.5.0', NODE_IMAGE = 'node:24-alpine' } = environment;
  if (!IMAGE_COMMAND)
    throw new Error(
      'IMAGE_COMMAND is missing: a command that makes and pushes an image of a folder (CONTRIBUTING.md shows one).',
    );
  const rows = args.filter((arg) => !arg.startsWith('--'));
  const images = { STORE_IMAGE, INBOX_IMAGE, PROMETHEUS_IMAGE, NODE_IMAGE };
  return { IMAGE_COMMAND, GATEWAY_URL, ...images, KUBELET_RESTART, rows, keep: args.includes('--keep') };
}
