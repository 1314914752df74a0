import type { CommandModule } from '../command.ts';

/**
 * Every command, in the order that help shows them. Each is loaded when it is needed: most of what a
 * command line takes to start is reading code that other commands are made of.
 */
const modules: Readonly<Record<string, () => Promise<CommandModule>>> = {
  backup: async () => (await import('./backup.ts')).backupCommand,
  copy: async () => (await import('./copy.ts')).copyCommand,
  drill: async () => (await import('./drill.ts')).drillCommand,
  run: async () => (await import('./run.ts')).runCommand,
  daemon: async () => (await import('./daemon.ts')).daemonCommand,
  status: async () => (await import('./status.ts')).statusCommand,
  report: async () => (await import('./report.ts')).reportCommand,
  notify: async () => (await import('./notify.ts')).notifyCommand,
  evidence: async () => (await import('./evidence.ts')).evidenceCommand,
  restore: async () => (await import('./restore.ts')).restoreCommand,
  list: async () => (await import('./list.ts')).listCommand,
  show: async () => (await import('./show.ts')).showCommand,
  log: async () => (await import('./log.ts')).logCommand,
  verify: async () => (await import('./verify.ts')).verifyCommand,
  repair: async () => (await import('./repair.ts')).repairCommand,
  prune: async () => (await import('./prune.ts')).pruneCommand,
  hold: async () => (await import('./hold.ts')).holdCommand,
  release: async () => (await import('./hold.ts')).releaseCommand,
  erase: async () => (await import('./erase.ts')).eraseCommand,
  forecast: async () => (await import('./forecast.ts')).forecastCommand,
  keys: async () => (await import('./keys.ts')).keysCommand,
  keygen: async () => (await import('./keygen.ts')).keygenCommand,
  config: async () => (await import('./config.ts')).configCommand,
  mark: async () => (await import('./mark.ts')).markCommand,
  source: async () => (await import('./source.ts')).sourceCommand,
  aws: async () => (await import('./aws.ts')).awsCommand,
  doctor: async () => (await import('./doctor.ts')).doctorCommand,
  explain: async () => (await import('./explain.ts')).explainCommand,
};

/** The names of all commands. */
export const commandNames: readonly string[] = Object.keys(modules);

/**
 * The commands that a command line may mean: those that it names, or all where it names none and does
 * not just ask for the version.
 */
export async function commandsFor(argv: readonly string[]): Promise<CommandModule[]> {
  if (argv[0] === '--version' || argv[0] === '-V') return [];
  const named = Object.entries(modules).filter(([name]) => argv.includes(name));
  const wanted = named.length > 0 ? named : Object.entries(modules);
  return await Promise.all(wanted.map(([, load]) => load()));
}
