// Holds node/deploy/kubernetes.yaml against the schemas of Kubernetes, and its parts against one
// another: names that refer to nothing are what no schema finds.
//
// Usage    node kubernetes.mjs MANIFEST MODULES, where MODULES/node_modules has kubernetes-models
//          and js-yaml. The exit code says whether all is well.
import fs from 'node:fs';
import { createRequire } from 'node:module';

const [manifest, modules] = process.argv.slice(2);
const require = createRequire(modules + '/');
const yaml = require('js-yaml');
const text = fs.readFileSync(manifest, 'utf8');

// The schemas allow keys that they do not know, which the API server would drop. A key that the
// validator never looks at is one of those.
function watched(value, path, unseen) {
  if (value === null || typeof value !== 'object') return value;
  const copy = Array.isArray(value) ? [] : {};
  for (const [key, part] of Object.entries(value)) {
    const at = `${path}.${key}`;
    copy[key] = watched(part, at, unseen);
    if (!Array.isArray(value)) unseen.add(at);
  }
  return new Proxy(copy, {
    get(target, key) {
      unseen.delete(`${path}.${String(key)}`);
      return target[key];
    },
  });
}

function faultsOf(object) {
  const unseen = new Set();
  try {
    const { [object.kind]: Model } = require(`kubernetes-models/${object.apiVersion}/${object.kind}`);
    Model.prototype.validate.call(watched(object, object.kind, unseen));  // As it is, not a copy.
  } catch (error) {
    return [`${object.kind}: ${error.message}`];
  }
  return [...unseen].map((key) => `${key} is unknown`);
}

function danglingNames(objects) {
  const faults = [];
  const expect = (good, what) => good || faults.push(what);
  const of = (kind) => objects.filter((object) => object.kind === kind);
  const [set] = of('StatefulSet');
  const pod = set.spec.template;
  const [container] = pod.spec.containers;
  const ports = container.ports.map((port) => port.name);
  const volumes = [...pod.spec.volumes.map((volume) => volume.name),
                   ...set.spec.volumeClaimTemplates.map((claim) => claim.metadata.name)];
  const selects = (labels) =>
    Object.entries(labels).every(([key, value]) => pod.metadata.labels[key] === value);
  const headless = of('Service').find((service) => service.spec.clusterIP === 'None');

  expect(headless.metadata.name === set.spec.serviceName, 'serviceName is not the headless Service');
  expect(selects(set.spec.selector.matchLabels), 'the StatefulSet does not select its pods');
  for (const budget of of('PodDisruptionBudget')) {
    expect(selects(budget.spec.selector.matchLabels), 'the budget selects no pod');
  }
  for (const service of of('Service')) {
    expect(selects(service.spec.selector), `Service ${service.metadata.name} selects no pod`);
    for (const port of service.spec.ports) {
      expect(ports.includes(port.targetPort), `no container port is called ${port.targetPort}`);
    }
  }
  for (const probe of ['startupProbe', 'livenessProbe', 'readinessProbe']) {
    expect(ports.includes(container[probe].httpGet.port), `${probe} asks at no port`);
  }
  for (const mount of container.volumeMounts) {
    expect(volumes.includes(mount.name), `no volume is called ${mount.name}`);
  }
  const files = pod.spec.volumes[0].secret.items.map((item) => item.path);
  for (let i = 0; i < set.spec.replicas; ++i) {
    for (const file of ['config.json', 'identity.key', 'signing-secret']) {
      const path = `${set.metadata.name}-${i}/${file}`;
      expect(files.includes(path), `peer ${i} has no ${path}`);
    }
  }
  return faults;
}

const check = (source) => {
  const objects = yaml.loadAll(source);
  const faults = objects.flatMap(faultsOf);
  return faults.length > 0 ? faults : danglingNames(objects);
};

// Each of these has to be found, or nothing that this says is worth anything.
const planted = [
  [/fsGroup:/, 'fsGrup:'],
  [/maxUnavailable: 1/, 'maxUnavailable: [1]'],
  [/serviceName: .*/, ''],
  [/replicas: 3/, 'replicas: 4'],
  [/path: \/readyz, port: slack/, 'path: /readyz, port: slak'],
];

let failed = false;
for (const [good, bad] of planted) {
  const broken = text.replace(good, bad);
  if (broken !== text && check(broken).length > 0) continue;
  console.log(`not found: ${bad || `no ${good.source}`}`);
  failed = true;
}
for (const fault of check(text)) {
  console.log(fault);
  failed = true;
}
if (!failed) console.log(`${yaml.loadAll(text).length} objects are valid`);
process.exit(failed ? 1 : 0);
