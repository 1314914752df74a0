import type { CommandModule } from '../command.ts';
import { backupCommand } from './backup.ts';
import { configCommand } from './config.ts';
import { copyCommand } from './copy.ts';
import { doctorCommand } from './doctor.ts';
import { drillCommand } from './drill.ts';
import { explainCommand } from './explain.ts';
import { keygenCommand } from './keygen.ts';
import { listCommand } from './list.ts';
import { restoreCommand } from './restore.ts';
import { showCommand } from './show.ts';

/** Every command, in the order that help shows them. */
export const commands: readonly CommandModule[] = [
  backupCommand,
  copyCommand,
  drillCommand,
  restoreCommand,
  listCommand,
  showCommand,
  keygenCommand,
  configCommand,
  doctorCommand,
  explainCommand,
];
