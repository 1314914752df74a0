import { type Check, resource, type Verdict } from '../engine/rule.ts';
import { asList, type Fields, isObject, isOpaque, textOf, type Value } from '../engine/value.ts';
import { all, notApplicable, unknown } from '../engine/verdict.ts';

/** The containers of an ECS task definition; undefined when only apply knows them. */
export function containersOf(definitions: Value | undefined): readonly Fields[] | undefined {
  if (typeof definitions !== 'string') return asList(definitions).filter(isObject);
  try {
    return asList(JSON.parse(definitions) as Value).filter(isObject);
  } catch {
    return isOpaque(definitions) ? undefined : [];
  }
}

/** A check over every container of every task definition. */
export function eachContainer(expected: string, judge: (container: Fields) => Verdict): Check {
  return resource('aws_ecs_task_definition', (task) => {
    const containers = containersOf(task.get('container_definitions'));
    if (!containers) return unknown('containers that are only known after apply', expected);
    return containers.length === 0 ? notApplicable : all(...containers.map(judge));
  });
}

const secretName = /(password|passwd|secret|token|private_?key|api_?key|access_?key|credential)/i;
const harmlessName = /(_arn|_id|_name|_file|_path|_url|_ttl)$/i;

/** Environment variables of a container that look like a secret written in the clear. */
export function plainSecrets(container: Fields): string[] {
  return asList(container['environment'])
    .filter(isObject)
    .filter(
      (one) =>
        /^(AKIA|ASIA)[A-Z0-9]{16}$/.test(textOf(one['value'])) || isSecretName(textOf(one['name'])),
    )
    .map((one) => textOf(one['name']));
}

function isSecretName(name: string): boolean {
  return secretName.test(name) && !harmlessName.test(name);
}
