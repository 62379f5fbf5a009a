import { displayed } from 'knative-local/manifest/document';

export interface LabAddresses {
  publicUrl: string;
  inboxUrl: string;
  /** With the token that opens it. */
  consoleUrl: string;
  metricsUrl: string;
  smtpPort: number;
  brokerUrl: string;
}

export function banner(
  { publicUrl, inboxUrl, consoleUrl, metricsUrl }: LabAddresses,
  dataFolder: string,
  traffic: string,
  kubeconfig: string,
): string {
  return `
  Darkroom is ready.

    Page     ${publicUrl}
    Inbox    ${inboxUrl}
    Console  ${consoleUrl}
    Metrics  ${metricsUrl}
    Data     ${displayed(dataFolder)}
    Traffic  ${traffic}

    export KUBECONFIG=${displayed(kubeconfig)}    # kubectl and kn then act on this machine
    curl -F email=you@example.com -F file=@photo.jpg ${publicUrl}

  Ctrl-C stops.
`;
}
