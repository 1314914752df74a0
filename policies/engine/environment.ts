import { Resource } from './resource.ts';
import type { Fields } from './value.ts';

/** The type under which rules see the environment file. */
export const environmentType = 'holdfast_environment';

/** The environment file as a resource, so that rules relate it to what was built from it. */
export function environmentResource(name: string, values: Fields): Resource {
  return new Resource({
    address: `environment/${name}`,
    stack: '',
    mode: 'managed',
    type: environmentType,
    name,
    provider: {},
    origin: { file: `stacks/environments/${name}.yaml` },
    values,
  });
}
