import type { CommandModule } from '../command.ts';
import { awsCommand } from './aws.ts';
import { backupCommand } from './backup.ts';
import { configCommand } from './config.ts';
import { copyCommand } from './copy.ts';
import { daemonCommand } from './daemon.ts';
import { doctorCommand } from './doctor.ts';
import { drillCommand } from './drill.ts';
import { eraseCommand } from './erase.ts';
import { evidenceCommand } from './evidence.ts';
import { explainCommand } from './explain.ts';
import { forecastCommand } from './forecast.ts';
import { holdCommand, releaseCommand } from './hold.ts';
import { keygenCommand } from './keygen.ts';
import { keysCommand } from './keys.ts';
import { listCommand } from './list.ts';
import { logCommand } from './log.ts';
import { notifyCommand } from './notify.ts';
import { pruneCommand } from './prune.ts';
import { repairCommand } from './repair.ts';
import { markCommand } from './mark.ts';
import { reportCommand } from './report.ts';
import { restoreCommand } from './restore.ts';
import { runCommand } from './run.ts';
import { showCommand } from './show.ts';
import { sourceCommand } from './source.ts';
import { statusCommand } from './status.ts';
import { verifyCommand } from './verify.ts';

/** Every command, in the order that help shows them. */
export const commands: readonly CommandModule[] = [
  backupCommand,
  copyCommand,
  drillCommand,
  runCommand,
  daemonCommand,
  statusCommand,
  reportCommand,
  notifyCommand,
  evidenceCommand,
  restoreCommand,
  listCommand,
  showCommand,
  logCommand,
  verifyCommand,
  repairCommand,
  pruneCommand,
  holdCommand,
  releaseCommand,
  eraseCommand,
  forecastCommand,
  keysCommand,
  keygenCommand,
  configCommand,
  markCommand,
  sourceCommand,
  awsCommand,
  doctorCommand,
  explainCommand,
];
