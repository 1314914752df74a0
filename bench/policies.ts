import { parseArgs } from 'node:util';
import { judgeGraph } from '../policies/engine/judge.ts';
import { graphOf, type InputFile } from '../policies/engine/load.ts';
import { rules } from '../policies/rules/index.ts';
import { fixtures } from '../tests/policies/fixtures/index.ts';
import { asCdktf, type Scene } from '../tests/policies/fixtures/scene.ts';

/**
 * How long all rules take over a graph of many resources: `node bench/policies.ts [--resources 1000]`.
 * The resources are those of the rules' fixtures, over and over, each copy in a stack of its own.
 */
const { values } = parseArgs({ options: { resources: { type: 'string', default: '1000' } } });
const wanted = Number(values.resources);
const scenes: readonly Scene[] = Object.values(fixtures).flat();
const now = new Date();

const stacks: InputFile[] = [];
for (let count = 0, at = 0; count < wanted; at += 1) {
  const scene = scenes[at % scenes.length];
  if (!scene) break;
  stacks.push({ name: `stack-${at}`, file: 'cdk.tf.json', content: asCdktf(scene) });
  count += Object.keys(scene.resources).length;
}

const rounds = Array.from({ length: 5 }, () => {
  const start = performance.now();
  const graph = graphOf(stacks);
  const loaded = performance.now();
  const report = judgeGraph(graph, { rules, now });
  return {
    resources: graph.resources.length,
    results: report.results.length,
    loadMs: loaded - start,
    rulesMs: performance.now() - loaded,
  };
});
for (const { resources, results, loadMs, rulesMs } of rounds)
  process.stdout.write(
    `${resources} resources, ${rules.length} rules, ${results} results: load ${loadMs.toFixed(0)} ms, rules ${rulesMs.toFixed(0)} ms\n`,
  );
