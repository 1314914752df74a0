import type { Graph } from '../engine/graph.ts';
import type { Resource } from '../engine/resource.ts';
import { asList, textOf, type Value } from '../engine/value.ts';
import { pick } from '../engine/resource.ts';

/** The resources of `type` that configure this bucket, such as its versioning. */
export function companions(graph: Graph, bucket: Resource, type: string): readonly Resource[] {
  return graph.referrers(bucket, type, 'bucket');
}

/** The first of them. */
export function companion(graph: Graph, bucket: Resource, type: string): Resource | undefined {
  return companions(graph, bucket, type)[0];
}

/** The parameters of a database's parameter group; undefined when it has none of its own. */
export function parameters(
  graph: Graph,
  database: Resource,
): ReadonlyMap<string, Value> | undefined {
  const value =
    database.get('parameter_group_name') ?? database.get('db_cluster_parameter_group_name');
  const [group] = graph.referents(
    value,
    'aws_db_parameter_group',
    'aws_rds_cluster_parameter_group',
  );
  if (!group) return undefined;
  return new Map(
    group
      .blocks('parameter')
      .map((block) => [textOf(pick(block, 'name')), pick(block, 'value') ?? '']),
  );
}

/** One parameter, as a list when it holds several. */
export function parameterOf(graph: Graph, database: Resource, name: string): readonly string[] {
  const value = parameters(graph, database)?.get(name);
  return asList(value)
    .flatMap((text) => textOf(text).split(','))
    .map((text) => text.trim());
}
