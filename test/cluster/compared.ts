/** A command that is given to both. */
export interface Compared {
  command: string;
  /** How the table writes it, if not so. */
  shown?: string;
  /** Why the answers cannot be the same. */
  why?: string;
  /** Undoes what only one of them accepted. */
  after?: string;
  /** What both must be, where the answers are bound to differ. */
  alike?: (lines: string[]) => boolean;
}

/** Brings both to the same state; what fails on one of them has been done there. */
const traffic = (v1: number, v2: number) =>
  `kubectl patch ksvc ingest --type merge -p '{"spec":{"traffic":[{"tag":"v1","revisionName":"'$V1'","percent":${v1}},{"tag":"v2","revisionName":"'$V2'","percent":${v2}}]}}'`;
const repair = `${traffic(70, 30)}; kubectl wait ksvc/ingest --for=condition=Ready --timeout=60s`;

export const preparation = [
  'kn revision delete ingest-00001',
  'kubectl delete trigger invert other third wrong',
  'kubectl delete configmap words',
  traffic(80, 20),
  'kubectl wait ksvc/ingest --for=condition=Ready --timeout=60s',
];

const trigger = (name: string, change: object = {}) => {
  const subscriber = { ref: { apiVersion: 'serving.knative.dev/v1', kind: 'Service', name: 'sepia' } };
  const spec = { broker: 'default', subscriber, ...change };
  return { apiVersion: 'eventing.knative.dev/v1', kind: 'Trigger', metadata: { name }, spec };
};
const hearing = (a: string) => ({ filter: { attributes: { a } } });
/** A command that reads a manifest, which the table leaves out. */
const given = (command: string, manifest: object, what: string, why?: string): Compared => ({
  command: `echo '${JSON.stringify(manifest)}' | ${command} -f -`,
  shown: `${command} -f - # ${what}`,
  ...(why !== undefined && { why }),
});

const image = 'there, it has an image, the labels of func, and defaults that are written out';
const asleep = 'a revision that has had no requests for a minute has no pod, there as here';
const people = 'a cluster writes down who changed it, and labels it by its Broker';
const other = 'other words for the same';
const older = 'Knative 1.15 keeps EventTypes in an older form, and makes those of PingSources itself';
const address = 'the path of a broker is always /default/<name> here';

/** By what a person wants to do. They are given in this order, and each finds what the ones before it did. */
export const areas: { title: string; commands: Compared[] }[] = [
  {
    title: 'Services and traffic',
    commands: [
      { command: 'kn service list' },
      { command: 'kn service describe ingest', why: image },
      { command: 'kn service describe ingest -o url' },
      { command: 'kn revisions list -s ingest', why: asleep },
      { command: 'kn revision describe $V2', why: image },
      { command: 'kn service update ingest --traffic v1=70,v2=30' },
      { command: 'kn service update ingest --traffic v1=60,v2=30' },
      {
        command: 'kn service update ingest --traffic none=100',
        after: repair,
        why: 'a cluster takes it, and stays unready until it is taken back',
      },
      { command: 'kn service update ingest --revision-name $V2 --env FILTERS=sepia', why: other },
      { command: 'kn service update ingest --tag $V1=stable' },
      { command: 'kn service update ingest --untag stable' },
      { command: 'kn service describe none' },
      { command: 'kn service delete none' },
      { command: 'kn route list' },
      { command: 'kubectl get ksvc' },
      { command: 'kubectl get revisions -l serving.knative.dev/service=ingest', why: asleep },
      { command: 'kubectl get routes,configurations' },
      { command: 'kubectl describe ksvc ingest', why: image },
      { command: 'kubectl get ksvc ingest -o yaml', why: image },
      {
        command: `kubectl patch ksvc ingest --type merge -p '{"spec":{"traffic":[{"tag":"v1","revisionName":"'$V1'","percent":90}]}}'`,
        why: other,
      },
      {
        command: `kubectl patch ksvc ingest --type merge -p '{"spec":{"traffic":[{"revisionName":"ingest-none","percent":100}]}}'`,
        after: repair,
        why: 'a cluster takes it, and stays unready until it is taken back',
      },
      { command: 'kubectl patch revision $V1 --type merge -p \'{"spec":{"containerConcurrency":7}}\'', why: other },
      { command: 'kubectl wait --for=condition=Ready ksvc --all --timeout=60s' },
    ],
  },
  {
    title: 'Broker, Triggers and event types',
    commands: [
      { command: 'kn broker list', why: address },
      { command: 'kn broker describe default', why: `${address}; ${people}` },
      { command: 'kn trigger create invert --broker default --filter type=dev.darkroom.image.uploaded --sink ksvc:invert' },
      { command: 'kn trigger create invert --broker default --filter type=dev.darkroom.image.uploaded --sink ksvc:sepia' },
      { command: 'kn trigger create invert --broker default --sink ksvc:sepia' },
      { command: 'kubectl wait --for=condition=Ready trigger/invert broker/default --timeout=60s' },
      { command: 'kn trigger list' },
      { command: 'kn trigger describe invert', why: people },
      { command: 'kn trigger update invert --filter invert=true' },
      { command: 'kn source ping list', why: 'a cluster warns of the older version that kn asks for' },
      { command: 'kn eventtype list', why: older },
      { command: 'kubectl get broker,trigger,pingsource', why: address },
      { command: 'kubectl get eventtypes', why: older },
      { command: 'kubectl get trigger invert -o yaml', why: people },
      { command: 'kubectl describe trigger invert', why: people },
      { command: 'kubectl get trigger none' },
    ],
  },
  {
    title: 'Manifests',
    commands: [
      { command: 'kubectl apply -k config/', why: older },
      { command: 'kubectl apply -f config/base/triggers.yaml' },
      { command: 'kubectl diff -f config/base/triggers.yaml' },
      given('kubectl diff', trigger('sepia'), 'a Trigger without its filter', people),
      given('kubectl apply', trigger('other'), 'a new Trigger'),
      given('kubectl apply', trigger('other'), 'the same again'),
      given('kubectl create', trigger('other'), 'the same again'),
      given('kubectl apply', trigger('other', hearing('b')), 'another filter'),
      given('kubectl apply --server-side', trigger('third'), 'a new Trigger'),
      given('kubectl apply --server-side', trigger('third', hearing('b')), 'another filter'),
      given('kubectl apply --server-side --field-manager=another', trigger('third', hearing('c')), 'a filter of its own'),
      given('kubectl apply --server-side --field-manager=another --force-conflicts', trigger('third', hearing('c')), 'the same'),
      { command: 'kubectl apply --server-side -f config/base/broker.yaml' },
      given('kubectl apply', trigger('wrong', { unknown: 1 }), 'an unknown field', other),
      given('kubectl apply', trigger('wrong', { delivery: { retry: -1 } }), 'retry: -1', other),
      given('kubectl apply', trigger('Wrong'), 'a name in capitals', other),
      given('kubectl apply', { ...trigger('wrong'), apiVersion: 'eventing.knative.dev/v9' }, 'v9'),
      given('kubectl apply', { ...trigger('wrong'), kind: 'Tigger' }, 'kind: Tigger'),
      { command: `kubectl patch trigger other --type merge -p '{"metadata":{"labels":{"kind":"spare"}}}'` },
      { command: `kubectl patch trigger other --type merge -p '{"metadata":{"labels":{"kind":"spare"}}}'` },
      {
        command: `kubectl patch trigger other --type json -p '[{"op":"replace","path":"/spec/filter/attributes/a","value":"c"}]'`,
      },
      {
        command: `kubectl patch trigger other --type json -p '[{"op":"remove","path":"/spec/nothing"}]'`,
        why: 'here, the answer says what is wrong',
      },
      {
        command: `kubectl patch trigger other --type merge -p '{"spec":{"broker":"second"}}'`,
      },
      { command: `kubectl patch trigger other -p '{"metadata":{"labels":{"kind":"spare"}}}'` },
      { command: `kubectl patch trigger none --type merge -p '{}'` },
      { command: 'kubectl get triggers -l kind=spare -o name' },
      { command: 'kubectl label trigger other kind-; kubectl annotate trigger other why=compared' },
      { command: `EDITOR='sed -i s/sepia/grayscale/' kubectl edit trigger other` },
      { command: `EDITOR=true kubectl edit trigger other` },
      { command: 'kubectl delete trigger other third' },
      { command: 'kubectl delete trigger other' },
      { command: 'kn trigger delete invert' },
      { command: 'kn trigger delete invert' },
      {
        command: 'kubectl create configmap words --from-literal=a=b; kubectl get configmap words -o yaml',
      },
      { command: `kubectl patch configmap words -p '{"data":{"a":"c"}}'; kubectl delete configmap words` },
    ],
  },
  {
    title: 'Pods and the rest',
    commands: [
      {
        command: 'kubectl get pods -l serving.knative.dev/service=sweep',
        why: 'there, a pod has a queue-proxy beside the function',
      },
      {
        command: 'kubectl logs -l serving.knative.dev/service=sweep -c user-container --tail=1',
        alike: (lines) => lines.length === 1,
      },
      { command: 'kubectl logs none' },
      { command: 'kubectl delete pod none' },
      { command: 'kubectl explain trigger.spec.broker', why: 'fields are not described here' },
      { command: 'kubectl api-resources --api-group eventing.knative.dev', why: 'there are no EventPolicies here' },
      { command: 'kubectl get namespace darkroom' },
      { command: 'kubectl get nothing' },
    ],
  },
];
